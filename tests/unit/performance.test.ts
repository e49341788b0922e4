import { describe, expect, it } from "vitest"
import { laterHalf, slowing } from "../stacks/openim/load/baseline.js"

describe("the second half of the messages", () => {
  const steady = Array.from({ length: 100 }, (_, index) => 1000 + index * 10)
  const late = [...steady.slice(0, 50), ...Array.from({ length: 50 }, (_, index) => 1500 + index * 30)]

  it("is compared with the first half", () => {
    expect(laterHalf(1000, steady)).toBeCloseTo(1, 1)
    expect(laterHalf(1000, [...late].reverse())).toBeCloseTo(1 / 3, 1)
    expect(laterHalf(1000, [1010])).toBe(1)
  })

  it("may not be much slower", () => {
    expect(slowing(laterHalf(1000, steady))).toEqual([])
    expect(slowing(laterHalf(1000, late))).toEqual([expect.stringContaining("times as fast as the first half, less than 0.5")])
    expect(slowing(Number.NaN)).toHaveLength(1)
  })
})
