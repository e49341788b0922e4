// Errors that programs log while a suite runs.

import { follow, plain } from "./pebble.js"
import { chatPrograms } from "./stack.js"

export interface Complaint {
  program: string
  line: string
}

/** What is known and harmless, with the reason. */
const known: { program?: RegExp; line: RegExp; why: string }[] = []

/** The level stands in each line of OpenIM's; Go prints a panic by itself. */
const bad = /\b(ERROR|DPANIC|PANIC|FATAL)\b|^panic: |^fatal error: |^runtime error/

export function complaintIn(program: string, message: string): Complaint | undefined {
  const line = plain(message)
  if (!bad.test(line) || known.some((entry) => (entry.program?.test(program) ?? true) && entry.line.test(line))) return undefined
  return { program, line: line.slice(0, 500) }
}

/** Hears what the programs of OpenIM print from now on. */
export async function listen(): Promise<{ heard: Complaint[]; end: () => void }> {
  const heard: Complaint[] = []
  const hosts = ["server", ...(chatPrograms.length > 0 ? ["chat"] : [])]
  const ends = await Promise.all(hosts.map((host) => follow(host, ({ service, message }) => {
    const complaint = complaintIn(service, message)
    if (complaint) heard.push(complaint)
  })))
  return { heard, end: () => ends.forEach((end) => end()) }
}
