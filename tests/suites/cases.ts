// Test cases written as functions that throw when something is not as it should be.

import type { Container } from "@dagger.io/dagger"
import type { TestCase } from "../../src/plan/tests/suites.js"

/** Runs one after the other: each may use all processors. */
export async function casesOf(tests: [name: string, run: () => Promise<unknown>][]): Promise<TestCase[]> {
  const cases: TestCase[] = []
  for (const [name, run] of tests) {
    const seconds = stopwatch()
    try {
      await run()
      cases.push({ name, ok: true, seconds: seconds() })
    } catch (error) {
      cases.push({ name, ok: false, detail: (error as Error).message, seconds: seconds() })
    }
  }
  return cases
}

/** What a step answers with, and the lines that this call logged meanwhile, those of other suites among them. */
export async function logged<T>(run: () => Promise<T>): Promise<{ found: T; lines: string[] }> {
  const lines: string[] = []
  listen()
  listeners.add(lines)
  try {
    return { found: await run(), lines }
  } finally {
    listeners.delete(lines)
  }
}

/** Several suites may listen at the same time. */
const listeners = new Set<string[]>()
let listening = false

function listen(): void {
  if (listening) return
  listening = true
  const print = console.error
  console.error = (...words: unknown[]) => {
    for (const lines of listeners) lines.push(words.join(" "))
    print(...words)
  }
}

/** Started now; says the seconds since then. */
export function stopwatch(): () => number {
  const begin = performance.now()
  return () => Math.round(performance.now() - begin) / 1000
}

export function same(found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)
}

export function has(text: string | null, part: string): void {
  if (!text?.includes(part)) throw new Error(`expected to find ${JSON.stringify(part)} in:\n${text}`)
}

/** Empties a cache volume, which the container mounts at this folder: a name for each run would leave a volume behind each time. */
export async function emptied(container: Container, folder: string): Promise<void> {
  await container.withEnvVariable("EMPTIED_AT", String(Date.now())).withExec(["find", folder, "-mindepth", "1", "-delete"]).sync()
}

/** The step must fail, with these words in its message; answers with the whole message. */
export async function fails(run: () => Promise<unknown>, expected: string): Promise<string> {
  let message: string
  try {
    await run()
    message = "it worked"
  } catch (error) {
    message = (error as Error).message
  }
  if (!message.includes(expected)) throw new Error(`expected a failure with ${JSON.stringify(expected)}, but: ${message}`)
  return message
}
