// What `go test` prints.

import type { TestCase } from "../../tests/suites.js"

/** The cases of a run of `go test -v`. What a skipped one says why stands in the line before its result. */
export function goTestCases(output: string): TestCase[] {
  return [...output.matchAll(/^--- (PASS|FAIL|SKIP): (\S+)(?: \((\d+\.\d+)s\))?/gm)].map(([, result, name = "", seconds]) => ({
    name,
    ok: result !== "FAIL",
    ...(result === "SKIP" ? { skipped: true } : {}),
    seconds: seconds === undefined ? undefined : Number(seconds),
  }))
}
