// The report of test suites for a terminal.

import { oneLine, plainText } from "./markup.js"
import { durationText, figureText } from "./measures.js"
import { countsOf, type SuiteReport, type TestCase, type TestRun } from "./suites.js"

/** Failed cases are told one by one, the others by their number; the last line counts all, which CI reads. */
export function suitesText({ suites }: Pick<TestRun, "suites">): string {
  const { passed, failed } = countsOf(suites)
  return [...suites.flatMap(suiteLines), `${passed} passed, ${failed} failed`, ""].join("\n")
}

/** Such as "smoke: 42 of 42 in 31 s". */
export function suiteLine({ suite, cases, seconds }: SuiteReport): string {
  return `${oneLine(suite)}: ${countsOf([{ cases }]).passed} of ${cases.length} in ${durationText(seconds)}`
}

function suiteLines(report: SuiteReport): string[] {
  const failed = report.cases.filter(({ ok }) => !ok)
  return [
    `${failed.length === 0 ? "ok    " : "FAILED"}  ${suiteLine(report)}`,
    ...failed.flatMap(caseLines),
    ...(report.notes ?? []).map((note) => `        ${oneLine(note)}`),
    ...(report.figures ?? []).map((figure) => `        ${oneLine(figureText(figure))}`),
    ...(failed.length === 0 ? [] : Object.entries(report.logs ?? {}).flatMap(logLines)),
  ]
}

function caseLines({ name, detail }: TestCase): string[] {
  return [`          ${oneLine(name)}`, ...linesOf(detail).slice(0, 20)]
}

function logLines([service, text]: [string, string]): string[] {
  return [`          last lines of ${oneLine(service)}:`, ...linesOf(text).slice(-15)]
}

function linesOf(text = ""): string[] {
  const trimmed = plainText(text).trim()
  return trimmed === "" ? [] : trimmed.split("\n").map((line) => `            ${line}`)
}
