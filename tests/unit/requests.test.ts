import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { type Answer, asking, quickRequests, type RequestInit, send } from "../../src/graph/call/requests.js"

const container = `{ container (platform: "linux/amd64") { from (address: "debian") `

describe("a request", () => {
  let server: Server
  let url: URL
  let connections = 0
  const seen: { headers: Record<string, unknown>; body: string }[] = []

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = ""
      for await (const part of request) body += part
      seen.push({ headers: request.headers, body })
      response.writeHead(body.includes("nothing") ? 404 : 200, { "Content-Type": "application/json" }).end('{"data":{"version":"ä"}}')
    })
    server.on("connection", () => (connections += 1))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/query`)
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it("goes over the connection of the one before", async () => {
    for (const body of ["first", "second", "third"]) {
      const answer = await send(url, { method: "POST", headers: new Headers({ authorization: "Basic x" }), body })
      expect([answer.ok, answer.status, answer.headers.get("Content-Type"), await answer.text()]).toEqual([
        true,
        200,
        "application/json",
        '{"data":{"version":"ä"}}',
      ])
    }
    expect(connections).toBe(1)
    expect(seen.map(({ headers, body }) => [headers.authorization, body])).toEqual([
      ["Basic x", "first"],
      ["Basic x", "second"],
      ["Basic x", "third"],
    ])
  })

  it("has the status of a failure", async () => {
    const answer = await send(url, { method: "POST", headers: [], body: "nothing" })
    expect([answer.ok, answer.status]).toEqual([false, 404])
  })

  it("fails as the SDK expects it where nobody listens", async () => {
    await expect(send(new URL("http://127.0.0.1:1/query"), { method: "POST", headers: [], body: "" })).rejects.toMatchObject({
      errno: "ECONNREFUSED",
    })
  })
})

describe("the same question", () => {
  const url = new URL("http://127.0.0.1:1/query")
  let sent: string[] = []
  let answers: (() => Promise<Answer>)[] = []
  const ask = asking((_, { body }) => {
    sent.push((JSON.parse(body) as { query: string }).query)
    return (answers.shift() ?? (async () => answer('{"data":{}}')))()
  })
  const answer = (text: string, status = 200): Answer => ({
    ok: status === 200,
    status,
    headers: { get: () => null },
    text: async () => text,
  })
  const init = (query: string): RequestInit => ({ method: "POST", headers: [], body: JSON.stringify({ query }) })
  beforeEach(() => {
    sent = []
    answers = []
  })

  it.each([
    `${container} { id } } }`,
    `\n      ${container} { sync } } }\n    `,
    `${container} { imageRef  } } }`,
    `${container} { file (path: "/etc/passwd") { contents } } } }`,
    `${container} { rootfs { glob (pattern: "cmd/*.go") } } } }`,
  ])("is asked once: %s", async (query) => {
    const [first, second] = await Promise.all([ask(url, init(query)), ask(url, init(query))])
    expect(await ask(url, init(query))).toBe(first)
    expect(second).toBe(first)
    expect(sent).toEqual([query])
  })

  it.each([
    `${container} { asService { start } } } }`,
    `${container} { withExec (args: ["go","build","{ id } } }"]) { stdout } } } }`,
    `{ currentFunctionCall { returnValue (value: "{ id }") } }`,
    `{ setSecret (name: "id", plaintext: "id") { plaintext } }`,
    `{ engine { localCache { entrySet { entries } } } }`,
    `${container} { publish (address: "registry/image:sync") } } }`,
  ])("is asked again where something happens: %s", async (query) => {
    await ask(url, init(query))
    await ask(url, init(query))
    expect(sent).toEqual([query, query])
  })

  it.each<[string, () => Promise<Answer>]>([
    ["an answer with errors", async () => answer('{"errors":[{"message":"exit code 1"}],"data":null}')],
    ["a bad status", async () => answer("", 502)],
    [
      "no answer",
      async () => {
        throw new Error("connection reset")
      },
    ],
  ])("is asked again after %s", async (_, failure) => {
    const query = `${container} { file (path: "/${_}") { contents } } } }`
    answers = [failure]
    await ask(url, init(query)).catch(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    await ask(url, init(query))
    expect(sent).toEqual([query, query])
  })
})

describe("the SDK's client", () => {
  it("gets them once", () => {
    const client = { requestConfig: { headers: {}, fetch: undefined as unknown } }
    quickRequests(client)
    const { fetch } = client.requestConfig
    expect(client.requestConfig).toEqual({ headers: {}, fetch: expect.any(Function), excludeOperationName: true })
    quickRequests(client)
    expect(client.requestConfig.fetch).toBe(fetch)
  })

  it("stays as it is where it is another one", () => {
    const client = {}
    quickRequests(client)
    expect(client).toEqual({})
  })
})
