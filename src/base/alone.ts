// Work that is done at the same time, and what fails then, once more and alone: a machine that has too little for all of it may have
// enough for one.

import { messageOf } from "./errors.js"

export interface Done<T> {
  value: T
  /** Why it failed beside the others, where it worked alone. */
  failedBeside?: unknown
}

/** Of each work what it made. Whatever fails alone as well fails for all that failed in the same words: it is not tried for them. */
export function atOnceThenAlone<T>(
  works: readonly ((alone: boolean) => Promise<T>)[],
  again: (error: unknown) => boolean = () => true,
): Promise<Done<T>>[] {
  const running = works.map((work) => work(false))
  const hopeless = new Set<string>()
  let turn: Promise<unknown> = Promise.allSettled(running)
  return running.map(async (first, index) => {
    try {
      return { value: await first }
    } catch (failedBeside) {
      if (works.length < 2 || !again(failedBeside)) throw failedBeside
      const second = turn.then(async () => {
        if (hopeless.has(messageOf(failedBeside))) throw failedBeside
        try {
          return { value: await works[index]!(true), failedBeside }
        } catch (error) {
          hopeless.add(messageOf(error))
          throw error
        }
      })
      turn = second.catch(() => undefined)
      return second
    }
  })
}
