import { describe, expect, it } from "vitest"
import { explain } from "../../host/problem"
import { Problem } from "../../src/base/problem.js"
import { explain as explained } from "../../src/graph/call/failures.js"

describe("a problem", () => {
  it("says in one sentence what is wrong and what to do next", () => {
    expect(new Problem("no tag is given", "name one").message).toBe("no tag is given. Next: name one")
  })

  it("has its next step on a new line where there is the output of a command", () => {
    expect(new Problem("it failed:\nexit code 1", "check the network").message).toBe("it failed:\nexit code 1\nNext: check the network")
  })

  it("may be all that there is to say", () => {
    expect(new Problem("nothing is published").message).toBe("nothing is published")
  })

  it("is two lines of ./daggerw, without a word twice", () => {
    expect(explain(new Problem("the disk is busy", "wait"))).toBe("daggerw: error: the disk is busy\ndaggerw: next: wait")
  })

  it("is what a failed step becomes", async () => {
    const failed = explained("it cannot be built", "check the network", () => Promise.reject(new Error("exit code 1")))
    await expect(failed).rejects.toMatchObject({ what: "it cannot be built:\nexit code 1", next: "check the network" })
  })
})
