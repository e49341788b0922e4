// The HTTP API.

import { randomUUID } from "node:crypto"
import { Hono, type MiddlewareHandler } from "hono"
import { bodyLimit } from "hono/body-limit"
import type { Access, Caller } from "./access.ts"
import { Refused } from "./errors.ts"
import { report } from "./log.ts"
import { pictureBytes, pictureType } from "./pictures.ts"
import type { Files, Message, Sessions, Store } from "./stores/store.ts"

export interface Parts {
  store: Store
  sessions: Sessions
  files: Files
  access: Access
}

export type Event = { type: "message"; message: Message } | { type: "removed"; room: string; id: number }

type Variables = { Variables: { caller: Caller } }

const pageLimit = 100
const textLimit = 4000
const roomPattern = /^[a-z0-9][a-z0-9-]{0,63}$/
const picturePattern = /^[0-9a-f-]{36}$/

export function api({ store, sessions, files, access }: Parts): Hono<Variables> {
  const app = new Hono<Variables>()
  const publish = (event: Event) => sessions.publish(JSON.stringify(event))

  const loggedIn: MiddlewareHandler<Variables> = async (context, next) => {
    const [, token = ""] = /^Bearer (\S+)$/.exec(context.req.header("authorization") ?? "") ?? []
    context.set("caller", await access.caller(token))
    await next()
  }
  const admin: MiddlewareHandler<Variables> = async (context, next) => {
    if (context.get("caller").role !== "admin") throw new Refused(403, "only administrators may do this")
    await next()
  }
  const small = bodyLimit({ maxSize: 64 << 10 })

  app.onError((error, context) => {
    if (error instanceof Refused) return context.json({ error: error.message }, error.status)
    report(`${context.req.method} ${context.req.path}`, error)
    return context.json({ error: "the service cannot do this now" }, 503)
  })
  app.notFound((context) => context.json({ error: "there is no such address" }, 404))

  /** It runs. A restart would not help where a store is missing. */
  app.get("/healthz", (context) => context.json({ status: "ok" }))

  /** It can serve: every store answers. */
  app.get("/readyz", async (context) => {
    const checks = Object.entries({ store, sessions, files })
    const found = await Promise.all(
      checks.map(
        async ([name, part]) =>
          [
            name,
            await part.check().then(
              () => "ok",
              (error: Error) => `failed: ${error.message}`,
            ),
          ] as const,
      ),
    )
    const ready = found.every(([, state]) => state === "ok")
    return context.json({ status: ready ? "ok" : "not ready", ...Object.fromEntries(found) }, ready ? 200 : 503)
  })

  app.post("/api/register", small, async (context) => {
    const { name, password } = await textsOf(context.req.raw, "name", "password")
    return context.json(await access.register(name, password), 201)
  })

  app.post("/api/login", small, async (context) => {
    const { name, password } = await textsOf(context.req.raw, "name", "password")
    return context.json(await access.login(name, password))
  })

  app.post("/api/logout", loggedIn, async (context) => {
    await access.logout(context.get("caller"))
    return context.body(null, 204)
  })

  app.get("/api/me", loggedIn, (context) => {
    const { name, role } = context.get("caller")
    return context.json({ name, role })
  })

  /** For /api/live?ticket=…, once, within half a minute. */
  app.post("/api/tickets", loggedIn, async (context) => context.json({ ticket: await access.ticket(context.get("caller")) }, 201))

  /** The last messages before a number, the oldest first; `more` says whether there are older ones. */
  app.get("/api/rooms/:room/messages", loggedIn, async (context) => {
    const room = checkedRoom(context.req.param("room"))
    const before = numberIn(context.req.query("before"), Number.MAX_SAFE_INTEGER)
    const limit = Math.min(Math.max(numberIn(context.req.query("limit"), 50), 1), pageLimit)
    const found = await store.history(room, before, limit + 1)
    return context.json({ messages: found.slice(-limit), more: found.length > limit })
  })

  app.post("/api/rooms/:room/messages", loggedIn, small, async (context) => {
    const room = checkedRoom(context.req.param("room"))
    const { text, picture } = await textsOf(context.req.raw, "text", "picture")
    if (text.trim() === "" && picture === "") throw new Refused(400, "a message has a text or a picture")
    if (text.length > textLimit) throw new Refused(400, `a text has at most ${textLimit} characters`)
    if (picture !== "" && !picturePattern.test(picture)) throw new Refused(400, "a picture is uploaded first")
    const message = await store.addMessage({ room, author: context.get("caller").name, text, ...(picture === "" ? {} : { picture }) })
    await publish({ type: "message", message })
    return context.json(message, 201)
  })

  /** One's own, or any for an administrator. */
  app.delete("/api/messages/:id", loggedIn, async (context) => {
    const message = await store.message(numberIn(context.req.param("id"), 0))
    if (message === undefined) throw new Refused(404, "there is no such message")
    const { name, role } = context.get("caller")
    if (message.author !== name && role !== "admin") throw new Refused(403, "only its author and administrators may remove a message")
    await store.removeMessage(message.id)
    await publish({ type: "removed", room: message.room, id: message.id })
    return context.body(null, 204)
  })

  const pictures = bodyLimit({
    maxSize: pictureBytes,
    onError: (context) => context.json({ error: `a picture has at most ${pictureBytes >> 20} MiB` }, 413),
  })
  app.post("/api/files", loggedIn, pictures, async (context) => {
    const bytes = new Uint8Array(await context.req.arrayBuffer())
    const type = pictureType(bytes)
    if (type === undefined) throw new Refused(415, "only pictures (PNG, JPEG, GIF, WebP) can be uploaded")
    const name = randomUUID()
    await files.put(name, { type, bytes })
    return context.json({ name, type }, 201)
  })

  /** Without a login: pages show it by its address, which nobody can guess. */
  app.get("/api/files/:name", async (context) => {
    const name = context.req.param("name")
    const found = picturePattern.test(name) ? await files.get(name) : undefined
    if (found === undefined) throw new Refused(404, "there is no such picture")
    return context.body(found.bytes, 200, {
      "content-type": found.type,
      "content-security-policy": "default-src 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "private, max-age=31536000, immutable",
    })
  })

  app.get("/api/users", loggedIn, admin, async (context) => context.json({ users: await store.users() }))

  app.put("/api/users/:name/role", loggedIn, admin, small, async (context) => {
    const { role } = await textsOf(context.req.raw, "role")
    await access.setRole(context.req.param("name"), role)
    return context.body(null, 204)
  })

  return app
}

/** Texts of the body's JSON by their names; empty where one is missing. */
async function textsOf<Name extends string>(request: Request, ...names: Name[]): Promise<Record<Name, string>> {
  const body = (await request.json().catch(() => undefined)) as Record<string, unknown> | null | undefined
  if (typeof body !== "object" || body === null) throw new Refused(400, "the body is not a JSON object")
  const found = names.map((name) => {
    const value = body[name] ?? ""
    if (typeof value !== "string") throw new Refused(400, `${name} is not a text`)
    return [name, value]
  })
  return Object.fromEntries(found)
}

function checkedRoom(room: string): string {
  if (roomPattern.test(room)) return room
  throw new Refused(400, "the name of a room has 1 to 64 small letters, digits or hyphens")
}

function numberIn(text: string | undefined, usual: number): number {
  if (text === undefined) return usual
  if (!/^\d{1,15}$/.test(text)) throw new Refused(400, `"${text}" is not a number`)
  return Number(text)
}
