import { describe, expect, it } from "vitest"
import { slowIn, tolerance } from "../stacks/openim/load/baseline.js"

describe("what is too slow in a run of the performance suite", () => {
  const good = { taken: 0.2, stored: 0.18 }

  it("is nothing where the store keeps up and the baseline is reached", () => {
    expect(slowIn(good)).toEqual([])
    expect(slowIn(good, good)).toEqual([])
  })

  it("is a store that stays behind, also without a baseline", () => {
    expect(slowIn({ taken: 0.2, stored: 0.2 * tolerance * 0.9 })).toEqual([expect.stringContaining("of what is taken, 0.2")])
  })

  it("is what falls below the baseline", () => {
    expect(slowIn(good, { taken: 1, stored: 0.18 })).toEqual([expect.stringContaining("taken: 0.2 of the reference")])
    expect(slowIn(good, { taken: 1, stored: 1 })).toHaveLength(2)
  })

  it("is what could not be measured", () => {
    expect(slowIn({ taken: NaN, stored: NaN }, good)).toHaveLength(3)
  })
})
