// The report about a deployment: what runs, what happened, and how it went, as one page without anything from outside.

import { type Markup, markup } from "../../base/markup.js"
import { durationText, sizeText } from "../../base/measures.js"
import { type Chart, chartMarkup, timeText } from "./chart.js"
import type { StatusRow } from "./stages.js"

export interface Report {
  title: string
  project: string
  release: string
  /** The machine's name. */
  host: string
  /** Milliseconds. */
  time: number
  hours: number
  services: StatusRow[]
  disk?: { free: number; size: number }
  backup?: { text: string; warning: boolean }
  /** The last changes, newest first. */
  changes: { time: string; verb: string; result: string; user: string; seconds: number; detail?: string }[]
  charts: Chart[]
  /** With the time they began. */
  alerts: { name: string; severity: string; since: string; summary: string }[]
  /** What could not be asked, and why. */
  missing: string[]
}

/** The colours of the reader's system. */
const style = markup`:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem}
h1 small{font-weight:400;opacity:.7}h2{margin-top:2rem}
.cards,.charts{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(220px,1fr))}.charts{grid-template-columns:repeat(auto-fit,minmax(420px,1fr))}
.cards div{border-left:5px solid #059669;background:var(--soft);padding:.7rem 1rem}.cards .bad{border-color:#dc2626}.cards b{display:block;font-size:1.1rem}.cards span{opacity:.7}
.missing{background:#d9770622;padding:.7rem 2rem}
figure{margin:0;border:1px solid var(--line);padding:.7rem}figcaption{font-weight:600}figure ul{list-style:none;margin:.3rem 0 0;padding:0;font-size:13px}figure li{display:inline-block;margin-right:1rem}li b{display:inline-block;width:.8em;height:.8em;margin-right:.4em}
svg{width:100%;height:auto}svg text{font-size:11px;fill:currentColor;opacity:.7}.grid{stroke:var(--line)}path{fill:none;stroke-width:1.5}.none{opacity:.6}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}td:last-child{white-space:normal;overflow-wrap:anywhere;min-width:8rem}.table{overflow-x:auto}td.good{color:#059669}td.bad{color:#dc2626;font-weight:600}`

/** What Prometheus answers to a range, as promtool prints it. */
interface Series {
  metric: Record<string, string>
  values?: [number, string][]
}

/** As amtool prints an alert. */
interface Alert {
  labels: Record<string, string>
  annotations?: Record<string, string>
  startsAt: string
}

/** What Alertmanager has sent and is not over, the oldest first. */
export function alertsOf(answer: string): Report["alerts"] {
  return (JSON.parse(answer) as Alert[])
    .map(({ labels, annotations, startsAt }) => ({
      name: labels["alertname"] ?? "",
      severity: labels["severity"] ?? "",
      since: startsAt,
      summary: annotations?.["summary"] ?? "",
    }))
    .sort((one, other) => one.since.localeCompare(other.since))
}

/** When the first value was, in seconds; infinite where there is none. */
const firstTime = (lines: Chart["lines"]): number => Math.min(...lines.flatMap(({ points }) => points.slice(0, 1).map(([time]) => time)))

/** Whole hours with a value, of those that are asked for: a new installation is drawn with many points, too. */
export function hoursWithValues(lines: Chart["lines"], to: number, hours: number): number {
  const first = firstTime(lines)
  return Number.isFinite(first) ? Math.min(hours, Math.max(1, Math.ceil((to - first) / 3600))) : Math.min(hours, 1)
}

/** Charts begin where the first of them has a value: of a new installation, nothing could be seen in a day's width. */
export function fromFirstValue(charts: Chart[]): Chart[] {
  const first = firstTime(charts.flatMap(({ lines }) => lines))
  if (!Number.isFinite(first)) return charts
  return charts.map((chart) => ({ ...chart, from: Math.min(Math.max(chart.from, first), chart.to - 60) }))
}

/** The lines of a chart, the largest first; a series is called by its labels. */
export function linesOf(answer: string): Chart["lines"] {
  const found = (JSON.parse(answer) as Series[]).map(({ metric, values = [] }) => ({
    name: Object.entries(metric)
      .filter(([label]) => label !== "__name__")
      .map(([, value]) => value)
      .join(" "),
    points: values.map(([time, value]): [number, number] => [time, Number(value)]).filter(([, value]) => Number.isFinite(value)),
  }))
  const last = ({ points }: (typeof found)[number]) => points.at(-1)?.[1] ?? 0
  return found.sort((one, other) => last(other) - last(one)).slice(0, 8)
}

/** Seconds between two points of a range: about 200 of them, and not more often than it is measured. */
export const stepOf = (hours: number): number => Math.max(15, Math.ceil((hours * 3600) / 200 / 15) * 15)

export function upFor(since: string, now: number): string {
  const began = Date.parse(since)
  if (Number.isNaN(began) || began <= 0) return ""
  const seconds = (now - began) / 1000
  return seconds < 2 * 86_400
    ? seconds < 7200
      ? durationText(seconds)
      : `${Math.floor(seconds / 3600)} h`
    : `${Math.floor(seconds / 86_400)} days`
}

const healthyOf = (services: Report["services"]): number =>
  services.filter(({ state }) => state === "healthy" || state === "running").length

export function reportHtml(report: Report): string {
  const { title, project, release, host, time, hours, services, disk, backup, changes, charts, alerts, missing } = report
  const healthy = healthyOf(services)
  const cards: [string, string, boolean][] = [
    ["services healthy", `${healthy} of ${services.length}`, healthy < services.length],
    ["alerts now", String(alerts.length), alerts.length > 0],
    ...(disk
      ? [["disk free", `${sizeText(disk.free)} of ${sizeText(disk.size)}`, disk.free / disk.size < 0.15] as [string, string, boolean]]
      : []),
    ...(backup ? [["backup", backup.text.replace(/^last good backup: /, ""), backup.warning] as [string, string, boolean]] : []),
  ]
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}: ${project} on ${host}</title><style>${style}</style></head><body>
<h1>${title} <small>${project} on ${host}</small></h1>
<p>${release}. Made ${timeText(time / 1000)} UTC, about the last ${hours} hours.</p>
<section class="cards">${cards.map(([name, text, bad]) => markup`<div class="${bad ? "bad" : "good"}"><b>${text}</b><span>${name}</span></div>`)}</section>
${missing.length > 0 ? markup`<ul class="missing">${missing.map((text) => markup`<li>${text}</li>`)}</ul>` : undefined}
${
  alerts.length > 0
    ? markup`<h2>Alerts</h2>${rows(
        ["alert", "severity", "since", "what"],
        alerts.map(({ name, severity, since, summary }) => [name, severity, instant(since), summary]),
      )}`
    : undefined
}
${charts.length > 0 ? markup`<h2>How it went</h2><section class="charts">${charts.map(chartMarkup)}</section>` : undefined}
<h2>What runs</h2>${rows(
    ["service", "state", "instances", "restarts", "up for", "image"],
    services.map((row) => [
      row.service,
      row.state,
      `${row.instances} of ${row.wanted}`,
      String(row.restarts),
      ["stopped", "missing"].includes(row.state) ? "" : upFor(row.since, time),
      row.image,
    ]),
  )}
<h2>What happened</h2>${
    changes.length === 0
      ? markup`<p>Nothing was changed yet.</p>`
      : rows(
          ["time", "what", "result", "by", "took", "detail"],
          changes.map(({ time, verb, result, user, seconds, detail }) => [
            instant(time),
            verb,
            result,
            user,
            durationText(seconds),
            detail ?? "",
          ]),
        )
  }
</body></html>
`.text
}

/** As the charts have it. */
const instant = (time: string): string => (Number.isNaN(Date.parse(time)) ? time : timeText(Date.parse(time) / 1000))

function rows(head: string[], lines: string[][]): Markup {
  return markup`<div class="table"><table><tr>${head.map((text) => markup`<th>${text}</th>`)}</tr>${lines.map(
    (cells) => markup`<tr>${cells.map((text) => markup`<td class="${state(text)}">${text}</td>`)}</tr>`,
  )}</table></div>`
}

function state(text: string): string {
  if (/^(healthy|running|ok)$/.test(text)) return "good"
  return /^(unhealthy|restarting|stopped|missing|failed|critical)$/.test(text) ? "bad" : ""
}

export function reportText({ title, project, release, services, charts, alerts, backup, missing }: Report): string {
  const healthy = healthyOf(services)
  const figures = charts.flatMap(({ title, unit, lines }) =>
    lines.length === 0
      ? []
      : [
          `${title}: ${lines.map(({ name, points }) => `${name} ${points.at(-1)?.[1].toFixed(2) ?? "none"}`.trim()).join(", ")} ${unit}`.trim(),
        ],
  )
  return `${[
    `${title} ${project}: ${release}`,
    `${healthy} of ${services.length} services are healthy, ${alerts.length === 0 ? "no alert" : `alerts: ${alerts.map(({ name }) => name).join(", ")}`}`,
    ...(backup ? [backup.text] : []),
    ...figures,
    ...missing,
  ].join("\n")}\n`
}
