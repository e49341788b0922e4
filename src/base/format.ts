// The values of --format that most functions have: a table for people, JSON for programs.

import { unknownName } from "./nearest.js"

/** Fails for anything else, before anything is done for it. */
export function checkFormat(format: string, known: readonly string[] = ["table", "json"]): void {
  if (!known.includes(format)) throw unknownName("value of --format", format, [...known])
}

export function jsonText(data: unknown): string {
  return `${JSON.stringify(data, null, 2)}\n`
}

export function formatted(format: string, table: () => string, data: unknown): string {
  checkFormat(format)
  return format === "json" ? jsonText(data) : table()
}
