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

/** As registries count them: 1 MB is a million bytes. */
export function sizeText(bytes?: number): string {
  if (bytes === undefined) return "unknown"
  const [value, unit] = bytes >= 1e9 ? [bytes / 1e9, "GB"] : bytes >= 1e6 ? [bytes / 1e6, "MB"] : [bytes / 1e3, "kB"]
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`
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
