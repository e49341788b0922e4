// Questions to what is outside, and the one line of an answer that says what happened.

import type { Container } from "@dagger.io/dagger"
import { toolchains } from "../../plan/toolchains/toolchains.js"
import { exitCodeOf, tailOf } from "../call/failures.js"

const complaints = Object.values(toolchains).map(({ complaint }) => complaint)

const limitSeconds = 30
export const timedOut = `no answer within ${limitSeconds} s`

export function limited(command: string[]): string[] {
  return ["timeout", String(limitSeconds), ...command]
}

export async function answer(container: Container, command: string[]): Promise<string> {
  try {
    return await container.withExec(limited(command)).stdout()
  } catch (error) {
    throw new Error(exitCodeOf(error) === 124 ? timedOut : oneLine(tailOf(error)))
  }
}

/** The line that says what happened, without the question that a tool repeats before it. */
export function oneLine(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
  const line =
    lines.find((line) => /^(fatal|error):/i.test(line) || complaints.some((one) => one.test(line))) ?? lines.at(-1) ?? "no reason given"
  const said = repeated.reduce((text, pattern) => text.replace(pattern, ""), line)
  return said.length > 200 ? `${said.slice(0, 200)}…` : said
}

const repeated = [
  /^fatal: (unable to access '[^']*': )?/,
  ...complaints,
  /^failed to (list tags for|request manifest head) \S+: /,
  /^(Get|Head) "[^"]*": /,
]
