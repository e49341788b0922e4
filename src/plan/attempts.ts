// The one mechanism for fallbacks: an ordered list of attempts, each under a time limit, each refusal with its reason.
// Used by the module, the package fallback and the host's bootstrap alike, so nothing here knows about Dagger.

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
export async function firstOf<T>(
  subject: string,
  attempts: Attempt<T>[],
  log?: (line: string) => void,
): Promise<Outcome<T>> {
  const refusals: Refusal[] = []
  for (const attempt of attempts) {
    try {
      return { value: await limited(attempt), by: attempt.name, refusals }
    } catch (error) {
      const refusal = { name: attempt.name, reason: reasonOf(error) }
      refusals.push(refusal)
      log?.(`${subject}: ${refusal.name} refused: ${refusal.reason}`)
    }
  }
  const tried = refusals.map((refusal) => `${refusal.name} (${refusal.reason})`).join("; ")
  throw new Error(`${subject}: nothing worked: ${tried || "there was nothing to try"}`)
}

/** Runs one attempt alone; throws when its time is over. */
export async function limited<T>(attempt: Omit<Attempt<T>, "name">): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no result within ${attempt.limitSeconds} s`)),
      attempt.limitSeconds * 1000,
    )
  })
  try {
    return await Promise.race([attempt.run(), limit])
  } finally {
    clearTimeout(timer)
  }
}

/** The error's message on one line: refusals are listed next to each other. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/\s*\n\s*/g, " / ").trim() || "no reason given"
}
