// The one mechanism for fallbacks: an ordered list of attempts, each under a time limit, each refusal with its reason.
// Used by the module, the package fallback and the host's bootstrap alike, so nothing here knows about Dagger.

import { withoutCredentials } from "./addresses.js"
import { messageOf } from "./errors.js"

export interface Attempt<T> {
  name: string
  limitSeconds: number
  /** Refuses by throwing. */
  run(): Promise<T>
}

export interface Refusal {
  name: string
  reason: string
}

export interface Outcome<T> {
  value: T
  by: string
  refusals: Refusal[]
}

/** What firstOf throws. */
export class NothingWorked extends Error {
  /** Each attempt with its reason, for readers who see the subject anyway. */
  readonly tried: string

  constructor(
    readonly subject: string,
    readonly refusals: Refusal[],
  ) {
    const tried = refusals.map(({ name, reason }) => `${name} (${reason})`).join("; ") || "there was nothing to try"
    super(`${subject}: nothing worked: ${tried}`)
    this.name = "NothingWorked"
    this.tried = tried
  }
}

/** Why the subject failed, for readers who see its name anyway. */
export function reasonFor(subject: string, error: unknown): string {
  if (error instanceof NothingWorked && error.subject === subject) return error.tried
  return messageOf(error)
}

/** Runs the attempts in order and answers with the first that works; throws one error that names them all if none does. */
export async function firstOf<T>(subject: string, attempts: Attempt<T>[], log?: (line: string) => void): Promise<Outcome<T>> {
  const refusals: Refusal[] = []
  for (const attempt of attempts) {
    try {
      return { value: await limited(attempt), by: attempt.name, refusals }
    } catch (error) {
      refusals.push(refusalOf(subject, attempt, error, log))
    }
  }
  throw new NothingWorked(subject, refusals)
}

/** Runs all attempts at once: for each its value, or why it refused. */
export async function thoseThatWork<T>(
  subject: string,
  attempts: Attempt<T>[],
  log?: (line: string) => void,
): Promise<({ value: T } | Refusal)[]> {
  return Promise.all(
    attempts.map(async (attempt) => {
      try {
        return { value: await limited(attempt) }
      } catch (error) {
        return refusalOf(subject, attempt, error, log)
      }
    }),
  )
}

function refusalOf(subject: string, { name }: Attempt<unknown>, error: unknown, log?: (line: string) => void): Refusal {
  const refusal = { name: withoutCredentials(name), reason: reasonOf(error) }
  log?.(`${subject}: ${refusal.name} refused: ${refusal.reason}`)
  return refusal
}

/** Runs one attempt alone; throws when its time is over. */
export async function limited<T>(attempt: Omit<Attempt<T>, "name">): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${attempt.limitSeconds} s`)), attempt.limitSeconds * 1000)
  })
  try {
    return await Promise.race([attempt.run(), limit])
  } finally {
    clearTimeout(timer)
  }
}

/** The error's message on one line: refusals are listed next to each other. */
function reasonOf(error: unknown): string {
  const message = withoutCredentials(messageOf(error))
  return message.replace(/\s*\n\s*/g, " / ").trim() || "no reason given"
}
