// The report of test suites for a terminal.

import { oneLine, plainText } from "../../base/markup.js"
import { durationText } from "../../base/measures.js"
import { figureText } from "./figures.js"
import { countsOf, countsText, type SuiteReport, type TestCase, type TestRun, wasSkipped } from "./suites.js"

/** Failed and skipped cases are shown one by one, the others by their number; the last line counts all, which CI reads. */
export function suitesText({ suites }: Pick<TestRun, "suites">): string {
  return [...suites.flatMap(suiteLines), countsText(countsOf(suites)), ""].join("\n")
}

/** Such as "smoke: 42 of 42 in 31 s", or "smoke: 40 of 42, 2 skipped in 31 s". */
export function suiteLine({ suite, cases, seconds }: SuiteReport): string {
  const { passed, skipped } = countsOf([{ cases }])
  return `${oneLine(suite)}: ${passed} of ${cases.length}${skipped === 0 ? "" : `, ${skipped} skipped`} in ${durationText(seconds)}`
}

function suiteLines(report: SuiteReport): string[] {
  const failed = report.cases.filter(({ ok }) => !ok)
  return [
    `${failed.length === 0 ? "ok    " : "FAILED"}  ${suiteLine(report)}`,
    ...failed.flatMap(caseLines),
    ...report.cases.filter(wasSkipped).map(skippedLine),
    ...(report.notes ?? []).map((note) => `        ${oneLine(note)}`),
    ...(report.figures ?? []).map((figure) => `        ${oneLine(figureText(figure))}`),
    ...(failed.length === 0 ? [] : Object.entries(report.logs ?? {}).flatMap(logLines)),
  ]
}

function caseLines({ name, detail }: TestCase): string[] {
  return [`          ${oneLine(name)}`, ...linesOf(detail).slice(0, 20)]
}

function skippedLine({ name, detail }: TestCase): string {
  return `          skipped: ${oneLine(name)}${detail ? ` (${oneLine(detail)})` : ""}`
}

function logLines([service, text]: [string, string]): string[] {
  return [`          last lines of ${oneLine(service)}:`, ...linesOf(text).slice(-15)]
}

function linesOf(text = ""): string[] {
  const trimmed = plainText(text).trim()
  return trimmed === "" ? [] : trimmed.split("\n").map((line) => `            ${line}`)
}
