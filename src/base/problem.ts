// An error that its reader can act on.

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
