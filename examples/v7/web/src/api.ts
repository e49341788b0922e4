// The backend, below /api of the same address.

export interface Summary {
  name: string
  count: number
  mean: number
  min: number
  max: number
}

export async function summaries(): Promise<Summary[]> {
  const { series } = (await asked("GET", "")) as { series: { name: string; count: number }[] }
  const filled = series.filter(({ count }) => count > 0)
  return Promise.all(filled.map(({ name }) => asked("GET", `/${encodeURIComponent(name)}`) as Promise<Summary>))
}

export async function add(name: string, numbers: number[]): Promise<void> {
  await asked("POST", `/${encodeURIComponent(name)}`, numbers)
}

/** Fails with the reason that the backend gives. */
async function asked(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`/api/series${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) })
  const answer = (await response.json().catch(() => ({}))) as { error?: string }
  if (!response.ok) throw new Error(answer.error ?? `the backend answered ${response.status}`)
  return answer
}
