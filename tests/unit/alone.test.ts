import { describe, expect, it } from "vitest"
import { atOnceThenAlone } from "../../src/base/alone.js"

describe("work that is done at once, then alone", () => {
  /** Works on each of these; `fails` says why it does not come to its end, with how many run at the time. */
  function works(names: string[], fails: (name: string, beside: number) => string | undefined) {
    const calls: string[] = []
    let running = 0
    const made = names.map((name) => async (alone: boolean) => {
      calls.push(alone ? `${name} alone` : name)
      running += 1
      const beside = await Promise.resolve().then(() => running - 1)
      const reason = fails(name, beside)
      running -= 1
      if (reason !== undefined) throw new Error(reason)
      return name.toUpperCase()
    })
    return { calls, made }
  }

  const ended = async <T>(all: Promise<T>[]) =>
    (await Promise.allSettled(all)).map((one) => (one.status === "fulfilled" ? one.value : String(one.reason)))

  it("is done once where nothing fails", async () => {
    const { calls, made } = works(["a", "b"], () => undefined)
    expect(await ended(atOnceThenAlone(made))).toEqual([{ value: "A" }, { value: "B" }])
    expect(calls).toEqual(["a", "b"])
  })

  it("is done again, one after the other, where it was too much for the machine", async () => {
    const { calls, made } = works(["a", "b", "c"], (name, beside) => (beside > 0 && name !== "a" ? `killed ${name}` : undefined))
    expect(await ended(atOnceThenAlone(made))).toEqual([
      { value: "A" },
      { value: "B", failedBeside: new Error("killed b") },
      { value: "C", failedBeside: new Error("killed c") },
    ])
    expect(calls).toEqual(["a", "b", "c", "b alone", "c alone"])
  })

  it("fails with its second reason where it fails alone as well, and leaves the others alone", async () => {
    const { made } = works(["a", "b"], (name, beside) => (name === "a" ? undefined : `fails beside ${beside}`))
    expect(await ended(atOnceThenAlone(made))).toEqual([{ value: "A" }, "Error: fails beside 0"])
  })

  it("is not tried for each of many that fail in the same words", async () => {
    const { calls, made } = works(["a", "b", "c"], () => "it does not compile")
    expect(await ended(atOnceThenAlone(made))).toEqual(Array(3).fill("Error: it does not compile"))
    expect(calls).toEqual(["a", "b", "c", "a alone"])
  })

  it("is not done again where nothing was beside it, or where the caller knows that it would not help", async () => {
    const one = works(["a"], () => "no")
    await ended(atOnceThenAlone(one.made))
    expect(one.calls).toEqual(["a"])
    const two = works(["a", "b"], (name) => (name === "a" ? "your Cargo.lock is old" : undefined))
    expect(await ended(atOnceThenAlone(two.made, (error) => !String(error).includes("Cargo.lock")))).toEqual([
      "Error: your Cargo.lock is old",
      { value: "B" },
    ])
    expect(two.calls).toEqual(["a", "b"])
  })

  it("gives what works before the others have come to their end", async () => {
    const [quick] = atOnceThenAlone([async () => "quick", () => new Promise<string>(() => {})])
    expect(await quick).toEqual({ value: "quick" })
  })
})
