// The service, below /v1 of the same address.

export interface Rule {
  name: string
  pattern: string
}

export async function rules(): Promise<Rule[]> {
  const { rules: found = [] } = await asked<{ rules?: Rule[] }>("GET", "/rules")
  return found
}

export async function put({ name, pattern }: Rule, token: string): Promise<void> {
  await asked("PUT", `/rules/${encodeURIComponent(name)}`, { pattern }, token)
}

export async function remove(name: string, token: string): Promise<void> {
  await asked("DELETE", `/rules/${encodeURIComponent(name)}`, undefined, token)
}

/** The names of the rules that a text crosses. */
export async function check(text: string): Promise<string[]> {
  const { crossed = [] } = await asked<{ crossed?: string[] }>("POST", "/check", { text })
  return crossed
}

/** Fails with the reason that the service gives. */
async function asked<Answer>(method: string, path: string, body?: object, token?: string): Promise<Answer> {
  const response = await fetch(`/v1${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const answer = (await response.json().catch(() => ({}))) as Answer & { message?: string }
  if (!response.ok) throw new Error(answer.message ?? `the service answered ${response.status}`)
  return answer
}
