// The report of test suites as one page that needs nothing else: no scripts, fonts or images.

import { Markup, markup, plainText } from "../../base/markup.js"
import { durationText, numberText, percentText } from "../../base/measures.js"
import { ratioOf } from "./figures.js"
import { suitesStyle } from "./style.js"
import { countsOf, hasPassed, type SuiteReport, type TestCase, type TestFigure, type TestRun, wasSkipped } from "./suites.js"

export function suitesHtml({ about, begun, seconds, suites }: TestRun): string {
  const { passed, failed, skipped } = countsOf(suites)
  const result = failed === 0 ? "passed" : "failed"
  const title = [failed > 0 && `${failed} failed`, `${passed} passed`, skipped > 0 && `${skipped} skipped`].filter(Boolean).join(", ")
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(suitesStyle)}</style>
</head>
<body>
<header class="${result}">
<h1>${title}</h1>
<p>${suites.length} ${suites.length === 1 ? "suite" : "suites"} in ${durationText(seconds)}, begun <time>${begunText(begun)}</time></p>
<p>${about.join(" · ")}</p>
</header>
<main>
${overview(suites)}
${suites.map(section)}
</main>
</body>
</html>
`.text
}

function begunText(begun: string): string {
  return `${begun.slice(0, 16).replace("T", " ")} UTC`
}

function overview(suites: SuiteReport[]): Markup {
  const longest = Math.max(...suites.map(({ seconds }) => seconds), 0)
  return markup`<table class="suites">
<thead><tr><th>Suite</th><th>Result</th><th class="number">Passed</th><th class="number">Time</th><th></th></tr></thead>
<tbody>
${suites.map((report) => overviewRow(report, longest))}</tbody>
</table>`
}

function overviewRow(report: SuiteReport, longest: number): Markup {
  const { suite, cases, seconds } = report
  const { passed, skipped } = countsOf([report])
  return markup`<tr>
<th><a href="#${suite}">${suite}</a></th>
<td>${badge(report)}</td>
<td class="number">${passed} of ${cases.length}${skipped > 0 ? markup`, ${skipped} skipped` : undefined}</td>
<td class="number">${durationText(seconds)}</td>
<td class="wide">${bar(longest === 0 ? 0 : seconds / longest)}</td>
</tr>
`
}

function badge(report: SuiteReport): Markup {
  return countsOf([report]).failed === 0
    ? markup`<span class="badge passed">passed</span>`
    : markup`<span class="badge failed">failed</span>`
}

/** Full at 1. */
function bar(share: number, marked = false): Markup {
  const width = (Math.min(Math.max(share, 0), 1) * 100).toFixed(1)
  return markup`<div class="bar${marked ? " marked" : ""}"><div style="width: ${width}%"></div></div>`
}

function section(report: SuiteReport): Markup {
  const { suite, cases, seconds, notes = [], figures = [], logs = {}, attachments = [] } = report
  const [failed, skipped, passed] = [cases.filter(({ ok }) => !ok), cases.filter(wasSkipped), cases.filter(hasPassed)]
  return markup`<section id="${suite}">
<h2>${suite} ${badge(report)} <small>${passed.length} of ${cases.length} in ${durationText(seconds)}</small></h2>
${notes.map((note) => markup`<p class="note">${note}</p>`)}
${failed.map(failedCase)}
${skipped.map(skippedCase)}
${Object.entries(logs).map((entry) => log(entry, failed.length > 0))}
${figures.length > 0 ? figureTable(figures) : undefined}
${attachments.length > 0 ? links(suite, attachments) : undefined}
${passed.length > 0 ? passedCases(passed) : undefined}
</section>
`
}

function failedCase({ name, detail, seconds }: TestCase): Markup {
  return markup`<details class="failed" open><summary>${name}${timeOf(seconds)}</summary>
${detail?.trim() ? markup`<pre>${detail.trim()}</pre>` : undefined}</details>
`
}

function skippedCase({ name, detail }: TestCase): Markup {
  return markup`<p class="note">Skipped: ${name}${detail?.trim() ? markup` (${detail.trim()})` : undefined}</p>
`
}

function log([service, text]: [string, string], open: boolean): Markup {
  return markup`<details class="log"${open ? markup` open` : undefined}><summary>Last lines of ${service}</summary>
<pre>${text.trimEnd()}</pre></details>
`
}

function passedCases(cases: TestCase[]): Markup {
  return markup`<details><summary>${cases.length} passed</summary>
<ul>
${cases.map(
  ({ name, seconds }) => markup`<li>${name}${timeOf(seconds)}</li>
`,
)}</ul></details>
`
}

function timeOf(seconds?: number): Markup | undefined {
  return seconds === undefined ? undefined : markup` <small>${durationText(seconds)}</small>`
}

/** The mark in the middle of a bar is the baseline. */
function figureTable(figures: TestFigure[]): Markup {
  return markup`<table class="figures">
<thead><tr><th>Figure</th><th class="number">Value</th><th class="number">Baseline</th><th class="number">Ratio</th><th></th></tr></thead>
<tbody>
${figures.map(figureRow)}</tbody>
</table>
`
}

function figureRow(figure: TestFigure): Markup {
  const { name, value, unit, baseline, note } = figure
  const ratio = ratioOf(figure)
  return markup`<tr>
<th>${name}${note ? markup` <small>${note}</small>` : undefined}</th>
<td class="number">${numberText(value)} ${unit}</td>
<td class="number">${baseline == null ? undefined : numberText(baseline)}</td>
<td class="number">${ratio === undefined ? undefined : percentText(ratio)}</td>
<td class="wide">${ratio === undefined ? undefined : bar(ratio / 2, true)}</td>
</tr>
`
}

function links(suite: string, attachments: string[]): Markup {
  const address = (name: string) => ["attachments", suite, name].map((part) => encodeURIComponent(plainText(part))).join("/")
  const items = attachments.map(
    (name) => markup`<li><a href="${address(name)}">${name}</a></li>
`,
  )
  return markup`<p>Attached:</p>
<ul>
${items}</ul>
`
}
