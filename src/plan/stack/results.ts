// What a run of tests against a stack left behind, read as a suite's outcome.

import { type SuiteReport, type TestFigure, vitestCases } from "../tests/suites.js"

export interface StackResults {
  exitCode: number
  /** When it ran, in milliseconds: maybe long ago. */
  begun: number
  /** What it printed. */
  output: string
  /** The files that it wrote, as text. */
  tests?: string
  figures?: string
  logs?: string
}

export type StackOutcome = Pick<SuiteReport, "cases" | "figures" | "logs">

export function stackOutcome({ exitCode, output, tests, figures, logs }: StackResults): StackOutcome {
  const cases = tests === undefined ? [] : vitestCases(tests)
  // A stack that does not get ready, or tests that cannot be loaded, leave no failed case; what was printed says why.
  if (exitCode !== 0 && !cases.some(({ ok }) => !ok))
    cases.push({ name: "the stack gets ready and the tests run", ok: false, detail: reasonIn(output) })
  return {
    cases,
    figures: figures === undefined ? undefined : (JSON.parse(figures) as TestFigure[]),
    logs: logs === undefined ? undefined : (JSON.parse(logs) as Record<string, string>),
  }
}

/** The first error and what follows it. */
function reasonIn(output: string): string {
  const lines = output.split("\n").map((line) => line.trimEnd())
  const first = lines.findIndex((line) => /^\s*(\w*Error|Caused by)\b/.test(line))
  return (first < 0 ? lines.slice(-40) : lines.slice(first, first + 60)).join("\n").trim()
}
