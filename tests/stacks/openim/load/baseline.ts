// What was reached earlier, for comparison. Times differ from machine to machine and from hour to hour, so only ratios count: what a
// run reached, divided by what the same stack did just before with requests that only read.
//
// To renew it, when OpenIM, a service or the load was changed on purpose: every run, also one that fails, leaves its own ratios as
// attachments/performance/baseline.json in the report. `./daggerw call test-report --suites=performance --again export --path=report`
// some times, and put the middle one into tests/stacks/openim/baseline.json.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { resultsFolder, store } from "../support/stack.js"

/** Ratios to the reference. */
export interface Ratios {
  taken: number
  stored: number
}

/** A run may fall to this part of the baseline; runs differ from each other by less. */
export const tolerance = 0.5

/** Of this store; undefined for one that nobody has measured yet. */
export function baseline(): Ratios | undefined {
  const path = new URL("../baseline.json", import.meta.url)
  return (JSON.parse(readFileSync(path, "utf8")) as Record<string, Ratios>)[storeKind]
}

/** What one run alone shows as well: that the stack got slower while messages came. */
export function slowing(later: number): string[] {
  return later >= tolerance
    ? []
    : [`the second half of the messages: taken ${later.toPrecision(3)} times as fast as the first half, less than ${tolerance}`]
}

/** How many times as fast as the first half of the messages the second half was taken. */
export function laterHalf(begun: number, answered: number[]): number {
  const times = [...answered].sort((one, other) => one - other)
  const middle = Math.floor(times.length / 2)
  if (middle === 0) return 1
  const [half, end] = [times[middle - 1], times[times.length - 1]]
  const rate = (count: number, from: number, to: number) => count / Math.max(to - from, 1)
  return rate(times.length - middle, half, end) / rate(middle, begun, half)
}

/**
 * What is too slow, in words. The store must keep up with what is taken, which one run alone shows; the rest is compared with the
 * baseline, where there is one.
 */
export function slowIn(ratios: Ratios, usual?: Ratios): string[] {
  const behind =
    ratios.stored >= ratios.taken * tolerance
      ? []
      : [`stored: ${ratios.stored} of the reference, less than ${tolerance} of what is taken, ${ratios.taken}`]
  const names = usual === undefined ? [] : (["taken", "stored"] as const).filter((name) => !(ratios[name] >= usual[name] * tolerance))
  return [
    ...behind,
    ...names.map((name) => `${name}: ${ratios[name]} of the reference, less than ${tolerance} of the baseline ${usual![name]}`),
  ]
}

export function keepRatios(ratios: Ratios): void {
  const folder = join(resultsFolder, "attachments")
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "baseline.json"), `${JSON.stringify({ [storeKind]: ratios }, null, 2)}\n`)
}

/** A stand-in is described at length; its first word is its name. */
export const storeKind = store.split(" ")[0]
