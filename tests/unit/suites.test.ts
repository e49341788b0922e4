import { describe, expect, it } from "vitest"
import { goTestCases, suitesReport, vitestCases } from "../../src/plan/suites.js"

describe("what a run says", () => {
  it("is read from vitest's JSON, whatever npm printed before it", () => {
    const assertion = (fullName: string, status: string, failureMessages: string[] = []) => ({ fullName, status, failureMessages })
    const run = {
      testResults: [
        { name: "a.test.ts", message: "", assertionResults: [assertion("adds", "passed"), assertion("takes", "failed", ["1 != 2"]), assertion("later", "pending")] },
        { name: "b.test.ts", message: "it does not compile", assertionResults: [] },
      ],
    }
    expect(vitestCases(`npm notice\n${JSON.stringify(run)}`)).toEqual([
      { name: "adds", ok: true, detail: "" },
      { name: "takes", ok: false, detail: "1 != 2" },
      { name: "b.test.ts", ok: false, detail: "it does not compile" },
    ])
  })

  it("is read from go test -v, without its subtests", () => {
    expect(goTestCases("=== RUN   TestA\n    --- PASS: TestA/one (0.00s)\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.01s)\nFAIL\n")).toEqual([
      { name: "TestA", ok: true },
      { name: "TestB", ok: false },
    ])
  })

  it("is not taken for a success when nothing can be read", () => {
    expect(() => vitestCases("Killed")).toThrow()
    expect(goTestCases("build failed")).toEqual([])
  })
})

describe("the report", () => {
  it("tells failed cases one by one and counts all in its last line", () => {
    const { text, failed } = suitesReport([
      { suite: "unit", cases: [{ name: "adds", ok: true }] },
      { suite: "smoke", cases: [{ name: "starts", ok: false, detail: "exit code 1\n" }, { name: "stops", ok: true }] },
    ])
    expect(failed).toBe(1)
    expect(text).toBe(
      ["ok      unit: 1 of 1", "FAILED  smoke: 1 of 2", "          starts", "            exit code 1", "2 passed, 1 failed", ""].join("\n"),
    )
  })
})
