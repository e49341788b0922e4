import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import { add, summaries } from "../src/api.ts"

const usual = globalThis.fetch
afterEach(() => {
  globalThis.fetch = usual
})

/** A backend that answers by method and path. */
function backend(answers: Record<string, { status?: number; body: string }>): string[] {
  const asked: string[] = []
  globalThis.fetch = async (path, options) => {
    const question = `${options?.method} ${path}`
    asked.push(options?.body === undefined ? question : `${question} ${options.body}`)
    const { status = 200, body } = answers[question] ?? { status: 404, body: "{}" }
    return new Response(body, { status })
  }
  return asked
}

test("series without values are not asked for", async () => {
  const asked = backend({
    "GET /api/series": { body: '{"series":[{"name":"empty","count":0},{"name":"load","count":2}]}' },
    "GET /api/series/load": { body: '{"name":"load","count":2,"mean":1.5,"min":1,"max":2}' },
  })
  assert.deepEqual(await summaries(), [{ name: "load", count: 2, mean: 1.5, min: 1, max: 2 }])
  assert.deepEqual(asked, ["GET /api/series", "GET /api/series/load"])
})

test("numbers are sent as a list", async () => {
  const asked = backend({ "POST /api/series/a.b": { status: 201, body: "{}" } })
  await add("a.b", [1, 2])
  assert.deepEqual(asked, ["POST /api/series/a.b [1,2]"])
})

test("a refusal has the words of the backend", async () => {
  backend({ "POST /api/series/load": { status: 507, body: '{"error":"too much"}' } })
  await assert.rejects(add("load", [1]), /^Error: too much$/)
  backend({ "POST /api/series/load": { status: 502, body: "<html>" } })
  await assert.rejects(add("load", [1]), /the backend answered 502/)
})
