// A line of JSON for each thing that somebody may look for later.

export function log(event: string, facts: Record<string, unknown> = {}): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), event, ...facts }))
}

export function report(where: string, error: unknown): void {
  log("error", { where, message: error instanceof Error ? error.message || String(error.cause ?? error.name) : String(error) })
}
