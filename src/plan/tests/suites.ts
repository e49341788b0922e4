// What test suites found: how it is read from what they print, and counted.

export interface TestCase {
  name: string
  /** It did not fail; a skipped one did not run either. */
  ok: boolean
  skipped?: true
  /** What to know of a failed or a skipped one. */
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

interface Assertion {
  fullName: string
  /** passed, failed; skipped, pending or todo for one that did not run. */
  status: string
  duration?: number | null
  failureMessages: string[]
}

/** The cases of a run of `vitest --reporter=json`. */
export function vitestCases(output: string): TestCase[] {
  const run = JSON.parse(output.slice(output.indexOf('{"'))) as {
    testResults: { name: string; status: string; message: string; assertionResults: Assertion[] }[]
  }
  return run.testResults.flatMap((file) => {
    const cases = file.assertionResults.map(vitestCase)
    // A file that cannot be loaded has no tests; a beforeAll that fails leaves them skipped, with nothing said about it.
    const untold = file.assertionResults.length === 0 || (file.status === "failed" && cases.every(({ ok }) => ok))
    const detail = file.message || "what stands around its tests (beforeAll, afterAll) failed"
    return untold ? [...cases, { name: file.name, ok: false, detail }] : cases
  })
}

function vitestCase({ fullName, status, duration, failureMessages }: Assertion): TestCase {
  if (["skipped", "pending", "todo", "disabled"].includes(status)) return { name: fullName, ok: true, skipped: true }
  const detail = failureMessages.join("\n") || undefined
  return { name: fullName, ok: status === "passed", detail, seconds: duration == null ? undefined : duration / 1000 }
}

/** The cases of a program that prints a line for each check: `ok  NAME`, or `bad NAME: why`. */
export function checkCases(output: string): TestCase[] {
  return [...output.matchAll(/^(ok|bad) +(.+)$/gm)].map(([, result, text = ""]) => {
    if (result === "ok") return { name: text, ok: true }
    const [name = "", ...why] = text.split(": ")
    return { name, ok: false, detail: why.join(": ") }
  })
}

export interface Counts {
  passed: number
  failed: number
  /** Cases that did not run. */
  skipped: number
}

export function countsOf(reports: { cases: TestCase[] }[]): Counts {
  const cases = reports.flatMap((report) => report.cases)
  const [failed, skipped] = [cases.filter(({ ok }) => !ok).length, cases.filter(wasSkipped).length]
  return { passed: cases.length - failed - skipped, failed, skipped }
}

export function wasSkipped({ ok, skipped }: TestCase): boolean {
  return ok && skipped === true
}

export function hasPassed(test: TestCase): boolean {
  return test.ok && !wasSkipped(test)
}

/** The line that ends the output of all tests, and that CI reads: "5 passed, 0 failed", with ", 1 skipped" when there is one. */
export function countsText({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`
}
