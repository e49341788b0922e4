import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { withoutCredentials } from "../../src/base/addresses.js"
import { ask } from "../../src/mirrors/ask.js"
import { proxyFor, readProxies, shownProxies, shownProxy } from "../../src/mirrors/proxies.js"

describe("passwords in addresses", () => {
  it.each([
    ["http://user:secret@proxy.example:3128", "http://***@proxy.example:3128"],
    ["HTTP://User:secret@proxy.example", "HTTP://***@proxy.example"],
    ["http://user@proxy.example", "http://***@proxy.example"],
    ["http://user:se@cret@proxy.example:3128", "http://***@proxy.example:3128"],
    ["http://user:secret%40%25@proxy.example", "http://***@proxy.example"],
    ["http://user:secret%@proxy.example", "http://***@proxy.example"],
    ["http://user:sec/ret?#@proxy.example:3128/", "http://***@proxy.example:3128/"],
    ["user:secret@proxy.example:3128", "***@proxy.example:3128"],
    [
      "docker create -e https_proxy=user:secret@proxy:3128 -e HTTPS_PROXY='user:secret@proxy:3128' image",
      "docker create -e https_proxy=***@proxy:3128 -e HTTPS_PROXY='***@proxy:3128' image",
    ],
    ["https://a.example:8443,https://me:secret@b.example,direct", "https://a.example:8443,https://***@b.example,direct"],
    [
      "image+docker://engine?env=HTTP_PROXY%3Dhttp%3A%2F%2Fuser%3Asecret%2540%40proxy%3A3128",
      "image+docker://engine?env=HTTP_PROXY%3Dhttp%3A%2F%2F***@proxy%3A3128",
    ],
    ['Acquire::http::Proxy "http://user:secret@proxy:3128/";', 'Acquire::http::Proxy "http://***@proxy:3128/";'],
    ["dial http://user:secret@proxy: refused, then http://other:secret@b", "dial http://***@proxy: refused, then http://***@b"],
  ])("%s is shown as %s", (text, expected) => {
    expect(withoutCredentials(text)).toBe(expected)
    expect(withoutCredentials(expected)).toBe(expected)
  })

  it.each([
    "https://goproxy.example/github.com/pkg/errors/@v/list",
    "https://goproxy.example:8443/x@v1.2.3",
    `docker.io/library/debian:trixie-slim@sha256:${"0".repeat(64)}`,
    `localhost:5000/debian:trixie-slim@sha256:${"0".repeat(64)}`,
    `debian:trixie-slim@sha256:${"0".repeat(64)}`,
    "git@github.com:openimsdk/chat.git",
    "reading http://proxy.test:8080/example.com/@v/list: 404",
    "http://proxy.example:3128",
  ])("%s stays as it is", (text) => expect(withoutCredentials(text)).toBe(text))

  it.each([
    ["user:secret@proxy:3128", "http://***@proxy:3128"],
    ["user@proxy:3128", "http://***@proxy:3128"],
    ["proxy:3128", "http://proxy:3128"],
    ["socks5://u:secret@proxy:1080", "socks5://***@proxy:1080"],
    ["http://u:s@cr/et#%@proxy:3128/", "http://***@proxy:3128"],
    ["http://u:secret", "http://u:secret"],
    ["u:secret@", "***"],
  ])("the proxy %s is shown as %s", (value, expected) => expect(shownProxy(value)).toBe(expected))
})

describe("proxies of the environment", () => {
  const to = (address: string, env: Record<string, string>) => proxyFor(new URL(address), readProxies(env))

  it("are found in either spelling", () => {
    expect(readProxies({ https_proxy: "http://a:1", HTTP_PROXY: "b:2", NO_PROXY: "x, .y" })).toEqual({
      https: "http://a:1",
      http: "b:2",
      no: ["x", ".y"],
    })
    expect(readProxies({ ALL_PROXY: "c:3", HTTP_PROXY: "" })).toEqual({ http: "c:3", https: "c:3", no: [] })
  })

  it("are shown without their passwords", () => {
    expect(shownProxies(readProxies({ HTTP_PROXY: "http://u:secret@p:1", HTTPS_PROXY: "u:secret@p:1", NO_PROXY: "localhost" }))).toBe(
      "http://***@p:1 (not for localhost)",
    )
    expect(shownProxies(readProxies({ NO_PROXY: "localhost" }))).toBeUndefined()
  })

  it("lead to addresses that are not left out", () => {
    const env = { HTTPS_PROXY: "http://u:p%40s@proxy:3128", NO_PROXY: "local.example,*.corp.example,host:8443" }
    expect(to("https://mirror.example/x", env)).toEqual({
      tls: false,
      host: "proxy",
      port: 3128,
      authorization: `Basic ${Buffer.from("u:p@s").toString("base64")}`,
    })
    for (const host of ["local.example", "a.local.example", "a.corp.example", "host:8443"])
      expect(to(`https://${host}`, env)).toBeUndefined()
    expect(to("https://host", env)).toBeDefined()
    expect(to("http://mirror.example", env)).toBeUndefined()
    expect(to("https://mirror.example", { ...env, NO_PROXY: "*" })).toBeUndefined()
    expect(to("https://mirror.example", { HTTPS_PROXY: "socks5://proxy:1080" })).toBeUndefined()
    expect(to("https://mirror.example", { HTTPS_PROXY: "https://[::1]" })).toEqual({
      tls: true,
      host: "::1",
      port: 443,
      authorization: undefined,
    })
  })
})

describe("a question", () => {
  const servers: Server[] = []
  const seen: string[] = []
  const serve = async (server: Server): Promise<string> => {
    servers.push(server)
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  let mirror: string
  let proxy: string
  beforeAll(async () => {
    mirror = await serve(
      createServer((request, response) => {
        if (request.url === "/hanging") return
        if (request.url === "/moved") return void response.writeHead(302, { Location: "/list" }).end()
        if (request.url === "/round") return void response.writeHead(302, { Location: "/round" }).end()
        if (request.url === "/endless") return void setInterval(() => response.write("x".repeat(9000)), 1).unref()
        response.writeHead(200, { "Content-Type": "text/plain" }).end("v0.9.1\n")
      }),
    )
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"]}`)
      response.end("by the proxy")
    })
    server.on("connect", (request, client) => {
      seen.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"]}`)
      if (request.url === "forbidden.example:443") return void client.end("HTTP/1.1 403 Forbidden\r\n\r\n")
      const { port } = servers[0].address() as AddressInfo
      const target = connect(port, "127.0.0.1", () => client.write("HTTP/1.1 200 OK\r\n\r\n"))
      target.on("error", () => client.destroy())
      client.on("error", () => target.destroy())
      target.pipe(client).pipe(target)
    })
    proxy = (await serve(server)).replace("http://", "http://me:se%40cret@")
  })
  afterAll(() => servers.forEach((server) => server.close().closeAllConnections()))
  const straight = { no: [] }

  it("is answered with status, type and the beginning of the content, also after a redirect", async () => {
    const answer = { status: 200, type: "text/plain", start: "v0.9.1\n" }
    expect(await ask(`${mirror}/list`, straight, 3)).toEqual(answer)
    expect(await ask(`${mirror}/moved`, straight, 3)).toEqual(answer)
    expect((await ask(`${mirror}/round`, straight, 3)).status).toBe(302)
    expect((await ask(`${mirror}/endless`, straight, 3)).start).toHaveLength(64 * 1024)
  })

  it("has an end where nobody answers", async () => {
    await expect(ask(`${mirror}/hanging`, straight, 0.05)).rejects.toThrow("no answer within 0.05 s")
    await expect(ask("http://127.0.0.1:9/", straight, 3)).rejects.toThrow("ECONNREFUSED")
  })

  it("goes through a proxy that knows a password", async () => {
    const basic = `Basic ${Buffer.from("me:se@cret").toString("base64")}`
    const through = { http: proxy, https: proxy, no: ["127.0.0.1"] }
    expect((await ask("http://mirror.example/x", through, 3)).start).toBe("by the proxy")
    expect(seen.at(-1)).toBe(`GET http://mirror.example/x ${basic}`)
    // What stands at the tunnel's other end speaks no TLS.
    await expect(ask("https://mirror.example/x", through, 3)).rejects.toThrow()
    expect(seen.at(-1)).toBe(`CONNECT mirror.example:443 ${basic}`)
    await expect(ask("https://forbidden.example/x", through, 3)).rejects.toThrow("the proxy answers 403")
    const before = seen.length
    expect((await ask(`${mirror}/list`, through, 3)).start).toBe("v0.9.1\n")
    expect(seen).toHaveLength(before)
  })
})
