// Requests to the engine, made cheap: they are most of what a call does whose steps are all cached. The SDK opens a connection for each
// one, parses its text only to find a name in it, and asks the same again wherever an object is used again.

import { Agent, type IncomingMessage, request } from "node:http"
import { dag } from "@dagger.io/dagger"

/** What the SDK's client takes, of which nothing else is used. */
interface RequestConfig {
  fetch?: (url: URL, init: RequestInit) => Promise<Answer>
  excludeOperationName?: boolean
}

export interface RequestInit {
  method: string
  headers: Iterable<[string, string]>
  body: string
}

/** What it reads of an answer. */
export interface Answer {
  ok: boolean
  status: number
  headers: { get(name: string): string | null }
  text(): Promise<string>
}

/** Where another SDK has another client, requests stay as they are. */
export function quickRequests(client: object = dag.getGQLClient()): void {
  const { requestConfig } = client as { requestConfig?: RequestConfig }
  if (requestConfig === undefined || requestConfig.excludeOperationName) return
  requestConfig.fetch = asking(send)
  requestConfig.excludeOperationName = true
}

/**
 * These answer the same all session long: the engine does not run anything again for them. The text ends with the field that is asked
 * for, which has no arguments, or the simple one of a pattern.
 */
const repeated = /\b(?:id|sync|imageRef|contents|glob \(pattern: "[^"\\]*"\))\s*[}\s]*$/

/** Asks once for what is asked again. A failure may be another one next time. */
export function asking(send: (url: URL, init: RequestInit) => Promise<Answer>): (url: URL, init: RequestInit) => Promise<Answer> {
  const answers = new Map<string, Promise<Answer>>()
  return (url, init) => {
    const { query } = JSON.parse(init.body) as { query: string }
    if (!repeated.test(query)) return send(url, init)
    const known = answers.get(query)
    if (known !== undefined) return known
    const answer = send(url, init)
    answers.set(query, answer)
    const forget = () => answers.delete(query)
    answer.then(async ({ ok, text }) => (ok && !(await text()).includes('"errors":')) || forget()).catch(forget)
    return answer
  }
}

/** A connection that is not used is closed soon, before the other side might do so while a request is on its way. */
const agent = new Agent({ keepAlive: true, timeout: 2000 })

export function send(url: URL, { method, headers, body }: RequestInit): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // The SDK knows a refused connection by this number.
    const refuse = (error: NodeJS.ErrnoException) => reject(Object.assign(error, { errno: error.code }))
    const sent = request(url, { agent, method, headers: Object.fromEntries(headers) }, (response) => {
      read(response).then((text) => resolve(answerOf(response, text)), refuse)
    })
    sent.on("error", refuse)
    sent.end(body)
  })
}

async function read(response: IncomingMessage): Promise<string> {
  let text = ""
  response.setEncoding("utf8")
  for await (const part of response) text += part
  return text
}

function answerOf({ statusCode: status = 0, headers }: IncomingMessage, text: string): Answer {
  const get = (name: string) => headers[name.toLowerCase()]?.toString() ?? null
  return { ok: status >= 200 && status < 300, status, headers: { get }, text: async () => text }
}
