// Waiting for conditions, never for a time.

import { reasonOf, say } from "./say.js"

export interface Patience {
  /** Seconds until it is given up. */
  within?: number
  /** Milliseconds between two attempts. */
  every?: number
}

/** Attempts something until it does not throw, and gives what it returned; `what` says what is waited for. */
export async function eventually<T>(what: string, attempt: () => Promise<T> | T, { within = 30, every = 200 }: Patience = {}): Promise<T> {
  const started = Date.now()
  let reported = started
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const now = Date.now()
      if (now - started > within * 1000) {
        throw new Error(`not within ${within} s: ${what}; the last attempt: ${reasonOf(error)}`, { cause: error })
      }
      if (now - reported > 5000) {
        reported = now
        say(`waiting for ${Math.round((now - started) / 1000)} s: ${what} (${reasonOf(error)})`)
      }
    }
    await new Promise((resume) => setTimeout(resume, every))
  }
}

/** Waits until something fails, and gives its reason. */
export async function eventuallyFails(what: string, attempt: () => Promise<unknown>, patience?: Patience): Promise<string> {
  return eventually(
    `${what} turns bad`,
    async () => {
      try {
        await attempt()
      } catch (error) {
        return reasonOf(error)
      }
      throw new Error("it is still good")
    },
    patience,
  )
}
