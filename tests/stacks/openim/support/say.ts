// Lines for whoever watches a run.

const began = Date.now()

export function say(text: string): void {
  console.log(`[${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s] ${text}`)
}

/** An error in one line; what fetch throws hides the reason in its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause
  const own = error.message || error.name
  return error instanceof TypeError && inner instanceof Error ? `${own}: ${inner.message}` : (own.split("\n")[0] ?? own)
}
