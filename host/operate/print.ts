import { Problem, whatOf } from "../../src/base/problem"
import type { Diagnostic } from "../../src/plan/deploy/settings"

/** Exit codes, as docs/operate.md lists them. */
export const EXIT = { fine: 0, failed: 1, usage: 2, unhealthy: 3, refused: 4, locked: 5 } as const

/** A problem with its own exit code. */
export class Refusal extends Problem {
  constructor(
    message: string,
    readonly exitCode: number,
    next?: string,
  ) {
    super(message, next)
  }
}

/** What is wrong with the user's words, as a refusal. */
export function refusing<T>(exitCode: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof Problem ? new Refusal(error.what, exitCode, error.next) : error
  }
}

/** Values that are never printed. */
const hidden = new Set<string>()
export function hide(values: string[]): void {
  for (const value of values) if (value.length >= 4) hidden.add(value)
}

export function masked(text: string): string {
  let result = text
  for (const value of [...hidden].sort((a, b) => b.length - a.length)) result = result.replaceAll(value, "***")
  return result
}

const CODES = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 }
const coloured = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb"

export function colour(name: keyof typeof CODES, text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return coloured(stream) ? `\x1b[${CODES[name]}m${text}\x1b[0m` : text
}

export const onTerminal = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

export function say(line: string): void {
  process.stderr.write(`openimctl: ${masked(line)}\n`)
}

export function result(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`)
}

export function explain(error: unknown): string {
  const next = error instanceof Problem ? error.next : undefined
  return masked(`openimctl: ${colour("red", "error:")} ${whatOf(error)}${next ? `\nopenimctl: ${colour("bold", "next:")} ${next}` : ""}`)
}

export function findingLines(findings: Diagnostic[]): string {
  const names = { error: "red", warning: "yellow", note: "dim" } as const
  return findings
    .map(
      ({ severity, message, next }) =>
        `${colour(names[severity], `${severity}:`, process.stdout)} ${message}${next ? `\n  next: ${next}` : ""}\n`,
    )
    .map(masked)
    .join("")
}
