// A user of the API, and the service that it talks to: a new one, or those that API_URL and OTHER_API_URL name.

import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"
import { WebSocket } from "ws"
import { configOf } from "../src/config.ts"
import { startService } from "../src/service.ts"

export const adminPassword = process.env.ADMIN_PASSWORD ?? "the first password"

/** The addresses of two instances that share their stores, or of one twice. */
export async function addresses(): Promise<[string, string]> {
  const { API_URL, OTHER_API_URL } = process.env
  if (API_URL) return [API_URL, OTHER_API_URL || API_URL]
  const folder = await mkdtemp(join(tmpdir(), "im-app-"))
  const service = await startService(configOf({ PORT: "0", JWT_SECRET: "for tests", ADMIN_PASSWORD: adminPassword, DATA_FOLDER: folder }))
  after(async () => {
    await service.stop()
    await rm(folder, { recursive: true })
  })
  const address = `http://127.0.0.1:${service.port}`
  return [address, address]
}

export interface Answer<Body> {
  status: number
  headers: Headers
  body: Body
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever an answer has
type Anything = any

export class Client {
  readonly #url: string
  token = ""

  constructor(url: string) {
    this.#url = url
  }

  async ask(method: string, path: string, body?: unknown): Promise<Answer<Anything>> {
    const raw = body instanceof Uint8Array
    const answer = await fetch(`${this.#url}${path}`, {
      method,
      headers: { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...(raw ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : raw ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    })
    const json = answer.headers.get("content-type")?.startsWith("application/json")
    return { status: answer.status, headers: answer.headers, body: json ? await answer.json() : new Uint8Array(await answer.arrayBuffer()) }
  }

  async register(name: string, password = "correct horse"): Promise<this> {
    this.token = (await this.ask("POST", "/api/register", { name, password })).body.token
    return this
  }

  async login(name: string, password: string): Promise<number> {
    const { status, body } = await this.ask("POST", "/api/login", { name, password })
    this.token = body.token ?? ""
    return status
  }

  send(room: string, text: string, picture = ""): Promise<Answer<Anything>> {
    return this.ask("POST", `/api/rooms/${room}/messages`, { text, picture })
  }

  /** Events as they arrive, behind the one that says that it is connected. */
  async live(): Promise<{ next(): Promise<Anything>; close(): void }> {
    const { ticket } = (await this.ask("POST", "/api/tickets")).body
    const socket = new WebSocket(`${this.#url.replace(/^http/, "ws")}/api/live?ticket=${ticket}`)
    const waiting: ((event: Anything) => void)[] = []
    const arrived: Anything[] = []
    socket.on("message", (data) => {
      const event = JSON.parse(String(data))
      const first = waiting.shift()
      if (first) first(event)
      else arrived.push(event)
    })
    const next = async () => arrived.shift() ?? new Promise((resolve) => waiting.push(resolve))
    const failed = once(socket, "error").then(([error]) => {
      throw error
    })
    await Promise.race([next(), failed])
    failed.catch(() => undefined)
    return { next, close: () => socket.close() }
  }
}

/** Names that no other run has taken. */
export const run = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`

/** A red point. */
export const picture = new Uint8Array(
  Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==", "base64"),
)
