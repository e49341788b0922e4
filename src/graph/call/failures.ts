// Failed commands, reported in one message that keeps the useful end of their output, and no password of an address in it.

import { withoutCredentials } from "../../base/addresses.js"
import { messageOf } from "../../base/errors.js"
import { Problem } from "../../base/problem.js"
import { toolchains } from "../../plan/toolchains/toolchains.js"

const progress = Object.values(toolchains).map((toolchain) => toolchain.progress)

interface FailedExec {
  cmd: string[]
  exitCode: number
  stdout: string
  stderr: string
}

/** By its shape, because the class cannot be imported from the SDK inside a module. */
function failedExec(error: unknown): FailedExec | undefined {
  const shape = error as Partial<FailedExec> | null
  return typeof shape?.exitCode === "number" && typeof shape.stderr === "string" ? (shape as FailedExec) : undefined
}

export function exitCodeOf(error: unknown): number | undefined {
  return failedExec(error)?.exitCode
}

/** The last lines that a failed command printed, or the error's own message. */
export function tailOf(error: unknown, lines = 20): string {
  const failed = failedExec(error)
  const text = withoutCredentials(failed === undefined ? messageOf(error) : failed.stderr.trim() || failed.stdout.trim())
  const all = text.split("\n").filter((line) => line.trim() !== "" && !progress.some((one) => line.search(one) === 0))
  return all.slice(-lines).join("\n") || withoutCredentials(messageOf(error))
}

/** Runs a step; a failure becomes one message: what failed, how it ended, what to do next. */
export async function explain<T>(what: string, next: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw new Problem(`${what}:\n${tailOf(error)}`, next)
  }
}
