// What suites leave behind for the report.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { logText } from "./pebble.js"
import { say } from "./say.js"
import { type Program, resultsFolder, titleOf } from "./stack.js"

export interface Figure {
  name: string
  value: number
  unit: string
  /** What is usual, for a comparison. */
  baseline?: number
  note?: string
}

export function keepFigure(figure: Figure): void {
  say(`${figure.name}: ${figure.value} ${figure.unit}${figure.note ? ` (${figure.note})` : ""}`)
  change<Figure[]>("figures.json", [], (figures) => [...figures.filter(({ name }) => name !== figure.name), figure])
}

/** Keeps the last lines of programs that a failure concerns. */
export async function keepLogs(concerned: Program[], count = 40): Promise<void> {
  const texts = await Promise.all(concerned.map(async (program) => [titleOf(program), await logText(program, count)] as const))
  change<Record<string, string>>("logs.json", {}, (kept) => ({ ...kept, ...Object.fromEntries(texts) }))
}

function change<T>(name: string, empty: T, apply: (before: T) => T): void {
  const path = `${resultsFolder}/${name}`
  mkdirSync(resultsFolder, { recursive: true })
  let before = empty
  try {
    before = JSON.parse(readFileSync(path, "utf8")) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
  }
  writeFileSync(path, `${JSON.stringify(apply(before), null, 2)}\n`)
}
