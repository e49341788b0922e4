// The report of test suites as JUnit XML, which CI systems show.

import { type Markup, markup, oneLine } from "../../base/markup.js"
import { figureText } from "./figures.js"
import { countsOf, type SuiteReport, type TestCase, type TestRun, wasSkipped } from "./suites.js"

export function suitesJunit({ begun, seconds, suites }: TestRun): string {
  const { passed, failed, skipped } = countsOf(suites)
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="tests" tests="${passed + failed + skipped}" failures="${failed}" errors="0" time="${seconds.toFixed(3)}">
${suites.map((report) => suiteElement(report, begun))}</testsuites>
`.text
}

function suiteElement(report: SuiteReport, begun: string): Markup {
  const { suite, cases, seconds } = report
  const { failed, skipped } = countsOf([report])
  const counts = markup`tests="${cases.length}" failures="${failed}" errors="0" skipped="${skipped}"`
  // The schema that most readers know has no place for a zone.
  const times = markup`time="${seconds.toFixed(3)}" timestamp="${begun.slice(0, 19)}"`
  return markup`  <testsuite name="${suite}" ${counts} ${times}>
${cases.map((test) => caseElement(suite, test))}${output(report)}  </testsuite>
`
}

function caseElement(suite: string, test: TestCase): Markup {
  const { name, ok, detail = "", seconds } = test
  const time = seconds === undefined ? undefined : markup` time="${seconds.toFixed(3)}"`
  const start = markup`    <testcase classname="${suite}" name="${oneLine(name)}"${time}`
  if (wasSkipped(test)) {
    return markup`${start}>
      <skipped${detail ? markup` message="${oneLine(detail)}"` : undefined}/>
    </testcase>
`
  }
  if (ok)
    return markup`${start}/>
`
  const [first = ""] = detail.trim().split("\n")
  return markup`${start}>
      <failure message="${oneLine(first)}">${detail}</failure>
    </testcase>
`
}

/** What JUnit's format has no place for. */
function output({ notes = [], figures = [], logs = {} }: SuiteReport): Markup | undefined {
  const parts = [
    ...notes,
    ...figures.map(figureText),
    ...Object.entries(logs).map(([service, text]) => `last lines of ${service}:\n${text}`),
  ]
  return parts.length === 0
    ? undefined
    : markup`    <system-out>${parts.join("\n")}</system-out>
`
}
