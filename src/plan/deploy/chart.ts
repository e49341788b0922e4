// A chart of lines as SVG: no script, nothing from outside.

import { type Markup, markup } from "../../base/markup.js"
import { numberText } from "../../base/measures.js"

export interface ChartLine {
  name: string
  /** Time in seconds and value, in the order of time. */
  points: [number, number][]
}

export interface Chart {
  title: string
  unit: string
  lines: ChartLine[]
  /** Seconds. */
  from: number
  to: number
  /** Seconds between two points; a longer gap is one in the line, too. */
  step: number
}

const [width, height] = [640, 200]
const plot = { left: 56, top: 12, right: 630, bottom: 172 }
const colours = ["#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f"]

/** The least of 1, 2, 5, 10, 20 … that is not below. */
export function niceMaximum(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= value * 0.999999)!
}

/** Point by point; M begins a new piece after a gap. */
export function linePath(points: [number, number][], step: number, x: (time: number) => number, y: (value: number) => number): string {
  return points
    .map(([time, value], index) => {
      const before = points[index - 1]
      const word = before === undefined || time - before[0] > step * 1.5 ? "M" : "L"
      return `${word}${x(time).toFixed(1)} ${y(value).toFixed(1)}`
    })
    .join("")
}

export function chartMarkup({ title, unit, lines, from, to, step }: Chart): Markup {
  const drawn = lines.filter(({ points }) => points.length > 0)
  const highest = Math.max(0, ...drawn.flatMap(({ points }) => points.map(([, value]) => value)))
  const top = niceMaximum(highest)
  const x = (time: number) => plot.left + ((time - from) / (to - from)) * (plot.right - plot.left)
  const y = (value: number) => plot.bottom - (value / top) * (plot.bottom - plot.top)
  const grid = [0, 0.5, 1].map((share) => {
    const [at, label] = [y(share * top), numberText(share * top)]
    return markup`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${at}" y2="${at}"/><text x="${plot.left - 6}" y="${at + 4}" text-anchor="end">${label}</text>`
  })
  const times = [0, 0.5, 1].map((share) => {
    const time = from + share * (to - from)
    const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle"
    return markup`<text x="${x(time).toFixed(1)}" y="${plot.bottom + 18}" text-anchor="${anchor}">${timeText(time)}</text>`
  })
  const paths = drawn.map(
    ({ points }, index) =>
      markup`<path d="${linePath(points, step, x, y)}" stroke="${colours[index % colours.length]!}"/>${points.map(([time, value], at) =>
        alone(points, at, step)
          ? markup`<circle cx="${x(time).toFixed(1)}" cy="${y(value).toFixed(1)}" r="2" fill="${colours[index % colours.length]!}"/>`
          : undefined,
      )}`,
  )
  const legend = drawn.map(
    ({ name, points }, index) =>
      markup`<li><b style="background:${colours[index % colours.length]!}"></b>${name === "" ? "now" : name} ${numberText(points.at(-1)![1])}${
        drawn.length > 1 ? "" : `, highest ${numberText(highest)}`
      }</li>`,
  )
  return markup`<figure><figcaption>${title}${unit === "" ? "" : ` (${unit})`}</figcaption>${
    drawn.length === 0
      ? markup`<p class="none">no data in this time</p>`
      : markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${grid}${times}${paths}</svg><ul>${legend}</ul>`
  }</figure>`
}

/** A point without neighbours has no line. */
function alone(points: [number, number][], at: number, step: number): boolean {
  const near = (other: [number, number] | undefined) => other !== undefined && Math.abs(other[0] - points[at]![0]) <= step * 1.5
  return !near(points[at - 1]) && !near(points[at + 1])
}

/** 2026-01-02 03:04, in UTC. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")
}
