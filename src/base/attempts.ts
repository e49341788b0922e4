// The one mechanism for fallbacks: an ordered list of attempts, each under a time limit, each refusal with its reason.
// Used by the module, the package fallback and the host's bootstrap alike, so nothing here knows about Dagger.

import { withoutCredentials } from "./addresses.js"

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
  const tried = refusals.map((refusal) => `${refusal.name} (${refusal.reason})`).join("; ")
  throw new Error(`${subject}: nothing worked: ${tried || "there was nothing to try"}`)
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
  const message = withoutCredentials(error instanceof Error ? error.message : String(error))
  return message.replace(/\s*\n\s*/g, " / ").trim() || "no reason given"
}
