// What the supervisor of a container with several programs asks the registry, and the script that asks: against an answer like etcd's.

import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { readDeployment } from "../../src/catalogue/deployment.js"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { registeredScript, registryFiles } from "../../src/plan/deploy/registry.js"
import { fixtureText } from "./fixtures.js"

interface Layer {
  services: Record<string, { override: string; "on-check-failure": Record<string, string> }>
  checks: Record<string, { exec: { command: string } }>
}

const registry = "registry: { service: redis, port: 2379, user: root, password: REDIS_PASSWORD }\n"
const withAddress = (text: string) =>
  text.replace("    probe: 10001\n", "    probe: 10001\n    address: { variable: OWN_ADDRESS, listen: LISTEN }\n")
let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await loadCatalogue("im", async (name) => withAddress(fixtureText(name)))
})

function filesOf(service: string, more = registry, known = catalogue): Record<string, string> {
  const data = readDeployment("deployment.yaml", `${fixtureText("deployment.yaml")}${more}`, known)
  return registryFiles(known, data, data.services[service]!)
}

describe("the supervisor's second layer", () => {
  it("starts each program again that registers, and no other one", () => {
    const files = filesOf("server")
    expect(Object.keys(files)).toEqual([
      "/var/lib/pebble/default/layers/050-server-registered.yaml",
      "/var/lib/pebble/default/registered.sh",
    ])
    const layer = parse(Object.values(files)[0]!) as Layer
    expect(layer.services).toEqual({
      "openim-msggateway": { override: "merge", "on-check-failure": { "openim-msggateway-registered": "restart" } },
    })
    expect(Object.keys(layer.checks)).toEqual(["openim-msggateway-registered"])
    expect(layer.checks["openim-msggateway-registered"]!.exec.command).toMatch(
      / registered \/var\/lib\/pebble\/default\/registered\.sh redis:2379 root \/run\/secrets\/redis_password 10001 OWN_ADDRESS 10001( \d+)*$/,
    )
  })

  it("is nothing without a registry, without programs that register, and for a service that needs no registry", async () => {
    expect(filesOf("server", "")).toEqual({})
    expect(filesOf("redis")).toEqual({})
    expect(filesOf("server", registry.replace("redis,", "web,"))).toEqual({})
    expect(filesOf("server", registry, await loadCatalogue("im", async (name) => fixtureText(name)))).toEqual({})
  })
})

describe("the script", () => {
  const folder = mkdtempSync(join(tmpdir(), "registered-"))
  const password = join(folder, "password")
  writeFileSync(password, "right")
  const script = registeredScript.replaceAll("/tmp/registry-token", join(folder, "token"))
  let keys: string[]
  let tokens: number
  let protectedBy: string | undefined
  let server: Server

  beforeEach(async () => {
    keys = ["openim/user/10.0.0.9:10110", "openim/msggateway/10.0.0.7:10140"]
    tokens = 0
    protectedBy = "right"
    server = createServer((request, response) => {
      let body = ""
      request.on("data", (part: Buffer) => {
        body += part.toString()
      })
      request.on("end", () => response.end(answer(request.url ?? "", request.headers.authorization, body)))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  })
  afterEach(() => {
    server.close()
    rmSync(join(folder, "token"), { force: true })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** etcd's words. A header with a token that it does not know is refused in any request. */
  function answer(path: string, token: string | undefined, body: string): string {
    if (token !== undefined && token !== `token${tokens}`) return '{"error":"etcdserver: invalid auth token","code":16}'
    if (path === "/v3/auth/authenticate") {
      if ((JSON.parse(body) as { password: string }).password !== protectedBy)
        return '{"error":"etcdserver: authentication failed","code":3}'
      tokens += 1
      return `{"header":{"revision":"2"},"token":"token${tokens}"}`
    }
    if (protectedBy !== undefined && token === undefined) return '{"error":"etcdserver: user name is empty","code":3}'
    const kvs = keys.map((key) => ({ key: Buffer.from(key).toString("base64"), version: "1" }))
    return JSON.stringify({ header: { revision: "2" }, ...(kvs.length === 0 ? {} : { kvs, count: String(kvs.length) }) })
  }

  async function asked(address: string, ...ports: string[]): Promise<{ code: number | null; said: string }> {
    const place = `127.0.0.1:${(server.address() as AddressInfo | null)?.port ?? 1}`
    const ran = spawn("bash", ["-c", script, "registered", place, "root", password, "10001", "OWN", ...ports], {
      env: { PATH: process.env["PATH"], OWN: address },
    })
    let said = ""
    ran.stdout.on("data", (part: Buffer) => {
      said += part.toString()
    })
    const code = await new Promise<number | null>((resolve) => ran.on("close", resolve))
    return { code, said: said.replace(place, "PLACE") }
  }
  const fine = { code: 0, said: "" }
  const forgotten = { code: 1, said: "PLACE does not know 10.0.0.7\n" }

  it("knows an address with one of its ports, and keeps its token for the next time", async () => {
    expect(await asked("10.0.0.7", "10001", "10140")).toEqual(fine)
    expect(await asked("10.0.0.7")).toEqual(fine)
    expect(tokens).toBe(1)
  })

  it("ends with 1 for an address that is not there, and for another port of it", async () => {
    expect(await asked("10.0.0.7", "10110")).toEqual(forgotten)
    keys = ["openim/user/10.0.0.70:10140"]
    expect(await asked("10.0.0.7", "10140")).toEqual(forgotten)
    keys = []
    expect(await asked("10.0.0.7")).toEqual(forgotten)
  })

  it("gets another token where the registry does not know its own any more", async () => {
    writeFileSync(join(folder, "token"), "of yesterday")
    expect(await asked("10.0.0.7")).toEqual(fine)
    expect(await asked("10.0.0.8")).toEqual({ code: 1, said: "PLACE does not know 10.0.0.8\n" })
  })

  it("asks a registry without users, too", async () => {
    protectedBy = undefined
    expect(await asked("10.0.0.7")).toEqual(fine)
    expect((await asked("10.0.0.8")).code).toBe(1)
  })

  it("says nothing of a registry that refuses it or does not answer", async () => {
    protectedBy = "another one"
    expect(await asked("10.0.0.8")).toEqual(fine)
    await new Promise((resolve) => server.close(resolve))
    expect(await asked("10.0.0.8")).toEqual(fine)
  })
})
