import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import { check, put, remove, rules } from "../src/api.ts"

const usual = globalThis.fetch
afterEach(() => {
  globalThis.fetch = usual
})

/** A service that answers with this; what it was asked. */
function service(status: number, answer: string): { question: string; headers: Headers; body?: string }[] {
  const asked: { question: string; headers: Headers; body?: string }[] = []
  globalThis.fetch = async (path, { method, headers, body } = {}) => {
    asked.push({ question: `${method} ${path}`, headers: new Headers(headers), body: body as string | undefined })
    return new Response(answer, { status })
  }
  return asked
}

test("a service without rules answers with an empty list", async () => {
  const asked = service(200, "{}")
  assert.deepEqual(await rules(), [])
  assert.equal(asked[0]?.question, "GET /v1/rules")
})

test("a text is sent as JSON, and the answer names rules", async () => {
  const asked = service(200, '{"crossed":["red"],"cached":true}')
  assert.deepEqual(await check("a red line"), ["red"])
  assert.deepEqual(asked[0]?.body, '{"text":"a red line"}')
  assert.equal(asked[0]?.headers.get("content-type"), "application/json")
  assert.equal(asked[0]?.headers.get("authorization"), null)
})

test("changes have the token, and the name as a part of the address", async () => {
  const asked = service(200, "{}")
  await put({ name: "a/b", pattern: "red" }, "secret")
  await remove("red", "secret")
  assert.deepEqual(
    asked.map(({ question }) => question),
    ["PUT /v1/rules/a%2Fb", "DELETE /v1/rules/red"],
  )
  for (const { headers } of asked) assert.equal(headers.get("authorization"), "Bearer secret")
})

test("a refusal has the words of the service", async () => {
  service(401, '{"code":401,"reason":"TOKEN","message":"send the header Authorization"}')
  await assert.rejects(put({ name: "red", pattern: "red" }, ""), /^Error: send the header Authorization$/)
  service(502, "<html>")
  await assert.rejects(rules(), /the service answered 502/)
})
