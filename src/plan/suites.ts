// What test suites found, counted and put into one report.

export interface TestCase {
  name: string
  ok: boolean
  /** What to know of a failed one. */
  detail?: string
}

export interface SuiteReport {
  suite: string
  cases: TestCase[]
}

/** The cases of a run of `vitest --reporter=json`. */
export function vitestCases(output: string): TestCase[] {
  interface Run {
    testResults: { name: string; message: string; assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[]
  }
  const run = JSON.parse(output.slice(output.indexOf('{"'))) as Run
  return run.testResults.flatMap((file) =>
    file.assertionResults.length === 0
      ? [{ name: file.name, ok: false, detail: file.message }]
      : file.assertionResults
          .filter(({ status }) => status === "passed" || status === "failed")
          .map(({ fullName, status, failureMessages }) => ({ name: fullName, ok: status === "passed", detail: failureMessages.join("\n") })),
  )
}

/** The cases of a run of `go test -v`. */
export function goTestCases(output: string): TestCase[] {
  return [...output.matchAll(/^--- (PASS|FAIL): (\S+)/gm)].map(([, result, name]) => ({ name, ok: result === "PASS" }))
}

/** Failed cases are told one by one, the others by their number; the last line counts all. */
export function suitesReport(reports: SuiteReport[]): { text: string; failed: number } {
  const lines: string[] = []
  const total = { passed: 0, failed: 0 }
  for (const { suite, cases } of reports) {
    const failed = cases.filter(({ ok }) => !ok)
    lines.push(`${failed.length === 0 ? "ok    " : "FAILED"}  ${suite}: ${cases.length - failed.length} of ${cases.length}`)
    for (const { name, detail } of failed) {
      lines.push(`          ${name}`, ...(detail?.trim() ? detail.trim().split("\n").slice(0, 20).map((line) => `            ${line}`) : []))
    }
    total.passed += cases.length - failed.length
    total.failed += failed.length
  }
  lines.push(`${total.passed} passed, ${total.failed} failed`)
  return { text: `${lines.join("\n")}\n`, failed: total.failed }
}
