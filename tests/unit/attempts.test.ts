import { describe, expect, it } from "vitest"
import { type Attempt, firstOf, reasonFor } from "../../src/base/attempts.js"

const works = (name: string, value: string): Attempt<string> => ({ name, limitSeconds: 1, run: async () => value })
const fails = (name: string, reason: string): Attempt<string> => ({
  name,
  limitSeconds: 1,
  run: async () => {
    throw new Error(reason)
  },
})

describe("the reason for a failure", () => {
  it("does not repeat the subject that the reader sees anyway, and only that", async () => {
    const error = await firstOf("redis", [fails("a", "403"), fails("b", "hangs")]).catch((refused: unknown) => refused)
    expect(reasonFor("redis", error)).toBe("a (403); b (hangs)")
    expect(reasonFor("chat", error)).toBe("redis: nothing worked: a (403); b (hangs)")
    expect(reasonFor("redis", new Error("broken"))).toBe("broken")
    expect(reasonFor("redis", "odd")).toBe("odd")
  })
})

describe("firstOf", () => {
  it("takes the first attempt that works and starts none after it", async () => {
    let started = false
    const last: Attempt<string> = {
      name: "c",
      limitSeconds: 1,
      run: async () => {
        started = true
        return "3"
      },
    }
    const outcome = await firstOf("x", [fails("a", "no"), works("b", "2"), last])
    expect(outcome).toEqual({ value: "2", by: "b", refusals: [{ name: "a", reason: "no" }] })
    expect(started).toBe(false)
  })

  it("names every attempt with its reason when none works", async () => {
    await expect(firstOf("base image", [fails("a", "403"), fails("b", "hangs")])).rejects.toThrow(
      "base image: nothing worked: a (403); b (hangs)",
    )
  })

  it("says so when there is nothing to try", async () => {
    await expect(firstOf("base image", [])).rejects.toThrow("base image: nothing worked: there was nothing to try")
  })

  it("refuses an attempt that outlives its limit", async () => {
    const hangs: Attempt<string> = { name: "slow", limitSeconds: 0.02, run: () => new Promise(() => {}) }
    const outcome = await firstOf("x", [hangs, works("b", "2")])
    expect(outcome.refusals).toEqual([{ name: "slow", reason: "no result within 0.02 s" }])
  })

  it("takes an attempt that throws before it returns a promise, and values that are not errors", async () => {
    const odd: Attempt<string> = {
      name: "odd",
      limitSeconds: 1,
      run: () => {
        throw "plain string\n  second line"
      },
    }
    const outcome = await firstOf("x", [odd, works("b", "2")])
    expect(outcome.refusals[0].reason).toBe("plain string / second line")
  })

  it("logs one line per refusal", async () => {
    const lines: string[] = []
    await firstOf("x", [fails("a", "one\ntwo"), works("b", "2")], (line) => lines.push(line))
    expect(lines).toEqual(["x: a refused: one / two"])
  })
})
