import { describe, expect, it } from "vitest"
import { countsOf, countsText, vitestCases } from "../../src/plan/tests/suites.js"
import { goTestCases } from "../../src/plan/toolchains/go/tests.js"

describe("what a run says", () => {
  it("is read from vitest's JSON, whatever npm printed before it", () => {
    const assertion = (fullName: string, status: string, more = {}) => ({ fullName, status, failureMessages: [], ...more })
    const failed = assertion("takes", "failed", { duration: 1500, failureMessages: ["1 != 2"] })
    const run = {
      testResults: [
        {
          name: "a.test.ts",
          status: "failed",
          message: "",
          assertionResults: [assertion("adds", "passed", { duration: 8.5 }), failed, assertion("later", "pending")],
        },
        { name: "b.test.ts", status: "failed", message: "it does not compile", assertionResults: [] },
        { name: "c.test.ts", status: "failed", message: "", assertionResults: [assertion("never begins", "skipped")] },
      ],
    }
    expect(vitestCases(`npm notice\n${JSON.stringify(run)}`)).toEqual([
      { name: "adds", ok: true, seconds: 0.0085 },
      { name: "takes", ok: false, detail: "1 != 2", seconds: 1.5 },
      { name: "later", ok: true, skipped: true },
      { name: "b.test.ts", ok: false, detail: "it does not compile" },
      { name: "never begins", ok: true, skipped: true },
      { name: "c.test.ts", ok: false, detail: "what stands around its tests (beforeAll, afterAll) failed" },
    ])
  })

  it("is read from go test -v, without its subtests", () => {
    expect(
      goTestCases("=== RUN   TestA\n    --- PASS: TestA/one (0.00s)\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (1.25s)\nFAIL\n"),
    ).toEqual([
      { name: "TestA", ok: true, seconds: 0 },
      { name: "TestB", ok: false, seconds: 1.25 },
    ])
  })

  it("has skipped cases of go test as skipped", () => {
    expect(goTestCases("=== RUN   TestA\n    a_test.go:5: no network\n--- SKIP: TestA (0.00s)\nPASS\n")).toEqual([
      { name: "TestA", ok: true, skipped: true, seconds: 0 },
    ])
  })

  it.each(["skipped", "pending", "todo", "disabled"])(
    "counts a test that vitest calls %s as skipped, and an unknown word as failed",
    (status) => {
      const run = (word: string) =>
        vitestCases(
          JSON.stringify({
            testResults: [
              { name: "a", status: "passed", message: "", assertionResults: [{ fullName: "x", status: word, failureMessages: [] }] },
            ],
          }),
        )
      expect(countsOf([{ cases: run(status) }])).toEqual({ passed: 0, failed: 0, skipped: 1 })
      expect(countsOf([{ cases: run("odd") }])).toEqual({ passed: 0, failed: 1, skipped: 0 })
    },
  )

  it("ends in one line that counts what was skipped where something was", () => {
    expect(countsText({ passed: 5, failed: 1, skipped: 0 })).toBe("5 passed, 1 failed")
    expect(countsText({ passed: 5, failed: 1, skipped: 2 })).toBe("5 passed, 1 failed, 2 skipped")
  })

  it("is not taken for a success when nothing can be read", () => {
    expect(() => vitestCases("Killed")).toThrow()
    expect(goTestCases("build failed")).toEqual([])
  })
})
