/** A request that is not served, with the status and the words of the answer. */
export class Refused extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 415 | 429

  constructor(status: Refused["status"], message: string) {
    super(message)
    this.status = status
  }
}
