// Times and figures as people read them.

import type { TestFigure } from "./suites.js"

const upToThreeDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, useGrouping: false })
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0, useGrouping: false })

/** No more digits than a measurement is good for. */
export function numberText(value: number): string {
  return (Math.abs(value) >= 100 ? whole : upToThreeDigits).format(value)
}

export function durationText(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const all = Math.round(seconds)
  return all < 60 ? `${all} s` : `${Math.floor(all / 60)} min ${String(all % 60).padStart(2, "0")} s`
}

export function byteText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${numberText(bytes / 1e6)} MB` : `${numberText(bytes / 1e9)} GB`
}

/** Undefined where there is no baseline to divide by. */
export function ratioOf({ value, baseline }: TestFigure): number | undefined {
  return baseline ? value / baseline : undefined
}

export function percentText(ratio: number): string {
  return `${numberText(ratio * 100)} %`
}

/** One line, such as "messages per second: 123 1/s (112 % of the baseline 110)". */
export function figureText(figure: TestFigure): string {
  const ratio = ratioOf(figure)
  const compared = ratio === undefined ? "" : ` (${percentText(ratio)} of the baseline ${numberText(figure.baseline!)})`
  return `${figure.name}: ${numberText(figure.value)} ${figure.unit}${compared}${figure.note ? `; ${figure.note}` : ""}`
}
