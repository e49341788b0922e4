// The report of test suites as files: for people, for CI systems, for programs, and what test prints.

import { suitesHtml } from "./html.js"
import { suitesJunit } from "./junit.js"
import { countsOf, type TestRun } from "./suites.js"
import { suitesText } from "./text.js"

export function suitesFiles(run: TestRun): Record<string, string> {
  return {
    "report.html": suitesHtml(run),
    "junit.xml": suitesJunit(run),
    "report.json": `${JSON.stringify({ ...countsOf(run.suites), ...run }, null, 2)}\n`,
    "summary.txt": suitesText(run),
  }
}
