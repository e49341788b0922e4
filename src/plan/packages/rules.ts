// What a package request may hold. All of it ends in a command line or a file of sources.

export { address } from "../../base/addresses.js"

/** "-x" or "$(…)" would be something else on a command line. */
export function packageName(name: string): string {
  return matching(name, /^[A-Za-z0-9][A-Za-z0-9+._:=~^-]*$/, "package", "a package name, with its version at most")
}

export function repository(value: string, subject: string): string {
  return matching(value, /^[A-Za-z0-9 $/{}._~+-]*$/, subject, "a path, for apt with suite and components")
}

export function path(value: string, subject: string): string {
  if (value.split("/").includes("..")) throw new Error(`${subject}: path "${value}" must not contain ".."`)
  return matching(value, /^\/[A-Za-z0-9._/+@-]+$/, `${subject}: path`, "an absolute path without blanks")
}

export function sha256(value: string, subject: string): string {
  return matching(value, /^[0-9a-f]{64}$/, subject, "64 lower-case hexadecimal digits")
}

export function mode(value: string, subject: string): string {
  return matching(value, /^[0-7]{3,4}$/, subject, "an octal number such as 0644")
}

export function day(value: string): string {
  return matching(value, /^\d{4}-\d\d-\d\d$/, "asOf", "a day such as 2026-11-23")
}

export function limit(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 7200) return seconds
  throw new Error(`limitSeconds is ${seconds}: use a whole number of seconds from 1 to 7200`)
}

function matching(value: string, pattern: RegExp, subject: string, expected: string): string {
  if (!pattern.test(value)) throw new Error(`${subject} "${value}" is not valid: expected ${expected}`)
  return value
}
