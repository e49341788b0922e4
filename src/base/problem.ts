// An error that its reader can act on.

import { messageOf } from "./errors.js"

/** What is wrong, in one sentence, and what to do next. Its message has both; ./daggerw prints each on a line. */
export class Problem extends Error {
  constructor(
    readonly what: string,
    readonly next?: string,
  ) {
    super(next === undefined ? what : `${what}${what.includes("\n") ? "\n" : ". "}Next: ${next}`)
    this.name = "Problem"
  }
}

/** What is wrong, without what to do next. */
export function whatOf(error: unknown): string {
  return error instanceof Problem ? error.what : messageOf(error)
}
