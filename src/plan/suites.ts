// What test suites found: how it is read from what they print, and counted.

export interface TestCase {
  name: string
  ok: boolean
  /** What to know of a failed one. */
  detail?: string
  /** Absent where it was not measured. */
  seconds?: number
}

/** Something that was measured. */
export interface TestFigure {
  name: string
  value: number
  unit: string
  /** What it was when the baseline was written down. */
  baseline?: number
  note?: string
}

export interface SuiteReport {
  suite: string
  cases: TestCase[]
  seconds: number
  figures?: TestFigure[]
  /** The last lines of services that failed cases are about, by the name of the service. */
  logs?: Record<string, string>
  /** What a reader must know to judge the result, such as a stand-in for a service. */
  notes?: string[]
  /** Names of HTML files. */
  attachments?: string[]
}

/** Suites that ran together. */
export interface TestRun {
  /** What was tested: versions, base, where it came from. */
  about: string[]
  /** When, as an ISO date. */
  begun: string
  seconds: number
  suites: SuiteReport[]
}

/** The cases of a run of `vitest --reporter=json`. */
export function vitestCases(output: string): TestCase[] {
  interface Assertion {
    fullName: string
    status: string
    duration?: number | null
    failureMessages: string[]
  }
  const run = JSON.parse(output.slice(output.indexOf('{"'))) as {
    testResults: { name: string; status: string; message: string; assertionResults: Assertion[] }[]
  }
  return run.testResults.flatMap((file) => {
    const cases = file.assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ fullName, status, duration, failureMessages }) => ({
        name: fullName,
        ok: status === "passed",
        detail: failureMessages.join("\n") || undefined,
        seconds: duration == null ? undefined : duration / 1000,
      }))
    // A file that cannot be loaded has no tests; a beforeAll that fails leaves them skipped, with nothing said about it.
    const untold = file.assertionResults.length === 0 || (file.status === "failed" && cases.every(({ ok }) => ok))
    const detail = file.message || "what stands around its tests (beforeAll, afterAll) failed"
    return untold ? [...cases, { name: file.name, ok: false, detail }] : cases
  })
}

/** The cases of a program that prints a line for each check: `ok  NAME`, or `bad NAME: why`. */
export function checkCases(output: string): TestCase[] {
  return [...output.matchAll(/^(ok|bad) +(.+)$/gm)].map(([, result, text]) => {
    if (result === "ok") return { name: text, ok: true }
    const [name, ...why] = text.split(": ")
    return { name, ok: false, detail: why.join(": ") }
  })
}

/** The cases of a run of `go test -v`. */
export function goTestCases(output: string): TestCase[] {
  return [...output.matchAll(/^--- (PASS|FAIL): (\S+)(?: \((\d+\.\d+)s\))?/gm)].map(([, result, name, seconds]) => ({
    name,
    ok: result === "PASS",
    seconds: seconds === undefined ? undefined : Number(seconds),
  }))
}

export function countsOf(reports: { cases: TestCase[] }[]): { passed: number; failed: number } {
  const cases = reports.flatMap((report) => report.cases)
  const passed = cases.filter(({ ok }) => ok).length
  return { passed, failed: cases.length - passed }
}
