import { describe, expect, it } from "vitest"
import { goTestCases, vitestCases } from "../../src/plan/suites.js"

describe("what a run says", () => {
  it("is read from vitest's JSON, whatever npm printed before it", () => {
    const assertion = (fullName: string, status: string, more = {}) => ({ fullName, status, failureMessages: [], ...more })
    const failed = assertion("takes", "failed", { duration: 1500, failureMessages: ["1 != 2"] })
    const run = {
      testResults: [
        { name: "a.test.ts", status: "failed", message: "", assertionResults: [assertion("adds", "passed", { duration: 8.5 }), failed, assertion("later", "pending")] },
        { name: "b.test.ts", status: "failed", message: "it does not compile", assertionResults: [] },
        { name: "c.test.ts", status: "failed", message: "", assertionResults: [assertion("never begins", "skipped")] },
      ],
    }
    expect(vitestCases(`npm notice\n${JSON.stringify(run)}`)).toEqual([
      { name: "adds", ok: true, seconds: 0.0085 },
      { name: "takes", ok: false, detail: "1 != 2", seconds: 1.5 },
      { name: "b.test.ts", ok: false, detail: "it does not compile" },
      { name: "c.test.ts", ok: false, detail: "what stands around its tests (beforeAll, afterAll) failed" },
    ])
  })

  it("is read from go test -v, without its subtests", () => {
    expect(goTestCases("=== RUN   TestA\n    --- PASS: TestA/one (0.00s)\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (1.25s)\nFAIL\n")).toEqual([
      { name: "TestA", ok: true, seconds: 0 },
      { name: "TestB", ok: false, seconds: 1.25 },
    ])
  })

  it("is not taken for a success when nothing can be read", () => {
    expect(() => vitestCases("Killed")).toThrow()
    expect(goTestCases("build failed")).toEqual([])
  })
})
