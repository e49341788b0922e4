// Everything for humans goes to stderr: stdout belongs to dagger.
import { withoutCredentials } from "../src/base/addresses"

let rewritten = false

export function say(line: string): void {
  if (rewritten) process.stderr.write("\r\x1b[K")
  rewritten = false
  process.stderr.write(`daggerw: ${withoutCredentials(line)}\n`)
}

/** The one line at the bottom of a terminal that is written again and again; empty clears it. */
export function live(line: string): void {
  if (!line && !rewritten) return
  const width = (process.stderr.columns ?? 80) - 1
  process.stderr.write(`\r\x1b[K${line ? `daggerw: ${withoutCredentials(line)}`.slice(0, width) : ""}`)
  rewritten = line !== ""
}

/** 75 → "1 min 15 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

export function bytes(count: number): string {
  if (count < 1e6) return `${Math.ceil(count / 1e3)} kB`
  if (count < 1e9) return `${Math.round(count / 1e6)} MB`
  return `${(count / 1e9).toFixed(1)} GB`
}
