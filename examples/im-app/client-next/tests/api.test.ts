import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import { Api, LoggedOut } from "../lib/api.ts"

const usual = globalThis.fetch
afterEach(() => {
  globalThis.fetch = usual
})

/** Answers with this, and keeps what was asked. */
function backend(status: number, body: string): { path: string; options: RequestInit }[] {
  const asked: { path: string; options: RequestInit }[] = []
  globalThis.fetch = async (path, options = {}) => {
    asked.push({ path: String(path), options })
    return new Response(status === 204 ? null : body, { status })
  }
  return asked
}

test("history is asked for in pages, with the token", async () => {
  const asked = backend(200, '{"messages":[],"more":false}')
  await new Api("abc").history("lobby")
  await new Api("abc").history("lobby", 51)
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["/api/rooms/lobby/messages?limit=50", "/api/rooms/lobby/messages?limit=50&before=51"],
  )
  assert.equal(new Headers(asked[0]?.options.headers).get("authorization"), "Bearer abc")
})

test("a picture is sent as it is", async () => {
  const asked = backend(201, '{"name":"one"}')
  const picture = new Blob([new Uint8Array([1, 2])])
  assert.equal(await new Api("abc").upload(picture), "one")
  assert.equal(asked[0]?.options.body, picture)
})

test("a refusal has the words of the service, and the end of a login is another thing", async () => {
  backend(409, '{"error":"the name ann is taken"}')
  await assert.rejects(new Api().enter("register", "ann", "correct horse"), /^Error: the name ann is taken$/)
  backend(401, '{"error":"log in first"}')
  await assert.rejects(new Api("old").ticket(), LoggedOut)
  await assert.rejects(new Api().enter("login", "ann", "wrong"), (error) => !(error instanceof LoggedOut))
  backend(502, "<html>")
  await assert.rejects(new Api("abc").ticket(), /the service answered 502/)
})
