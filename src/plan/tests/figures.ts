// A measured figure beside its baseline.

import { numberText, percentText } from "../../base/measures.js"
import type { TestFigure } from "./suites.js"

/** Undefined where there is no baseline to divide by. */
export function ratioOf({ value, baseline }: TestFigure): number | undefined {
  return baseline ? value / baseline : undefined
}

/** One line, such as "messages per second: 123 1/s (112 % of the baseline 110)". */
export function figureText(figure: TestFigure): string {
  const ratio = ratioOf(figure)
  const compared = ratio === undefined ? "" : ` (${percentText(ratio)} of the baseline ${numberText(figure.baseline!)})`
  return `${figure.name}: ${numberText(figure.value)} ${figure.unit}${compared}${figure.note ? `; ${figure.note}` : ""}`
}
