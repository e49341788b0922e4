// OPENIM_MIRRORS, against mirrors on this machine; and what must not be printed.
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Sandbox } from "./sandbox"

let box: Sandbox
let server: Server
let at: string
let asked: string[] = []

/** What each kind of mirror is asked for, below /good; everything else is refused. */
const contents: Record<string, string> = {
  "/good/debian/dists/stable/InRelease": "-----BEGIN PGP SIGNED MESSAGE-----\n",
  "/good/go/github.com/pkg/errors/@v/list": "v0.9.1\n",
  "/good/npm/ms": '{"name":"ms"}',
  "/v2/": "{}",
}

beforeEach(async () => {
  box = new Sandbox()
  asked = []
  server = createServer((request, response) => {
    asked.push(request.url ?? "")
    const content = contents[request.url ?? ""]
    response.writeHead(content === undefined ? 403 : 200).end(content)
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  box.dagger("true")
  // Docker obeys and prints the engine's environment; no certificate is this host's own.
  box.tool(
    "docker",
    `case "$*" in "run --rm --privileged"*) exit 1 ;; *.State.Running*) echo true ;; "container inspect"*) echo running ;; *) echo true ;; esac`,
  )
  // The wrapper itself is made by the real one.
  const npm = spawnSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).stdout.trim()
  box.tool("npm", `if [ "$1 $2" = "config get" ]; then echo https://registry.npmjs.org/; else OPENIM_MIRRORS= exec '${npm}' "$@"; fi`)
  writeFileSync(join(box.root, "none.pem"), "")
  box.env = { OPENIM_ENGINE: "docker", OPENIM_CA_BUNDLE: join(box.root, "none.pem"), NO_PROXY: "127.0.0.1" }
})
afterEach(() => {
  server.close()
  box.remove()
})

const mirrors = () => `apt=${at}/bad/debian,apt=${at}/good/debian go=${at}/good/go,npm=${at}/good/npm,docker=${at}`

/** The environment that the engine's container was made with. */
const created = () => box.called().find((call) => call.startsWith("docker create")) ?? ""

describe("OPENIM_MIRRORS", () => {
  it("sets what is not set, from the mirrors that answer", async () => {
    const done = await box.run(["call"], { OPENIM_MIRRORS: mirrors() })
    expect(done.code).toBe(0)
    expect(done.stderr).toContain(`debian mirror: ${at}/bad/debian refused: it answers 403`)
    const lines = [
      `OPENIM_DEBIAN_MIRROR=${at}/good/debian`,
      `GOPROXY=${at}/good/go,direct`,
      `npm_config_registry=${at}/good/npm`,
      `OPENIM_REGISTRY_MIRRORS=${at}`,
    ]
    for (const line of lines) expect(done.stderr).toContain(`OPENIM_MIRRORS: ${line}\n`)
    expect(created()).toContain(`_DAGGER_ENGINE_SYSTEMENV_GOPROXY=${at}/good/go,direct`)
    expect(created()).toContain(`DAGGER_REGISTRY_MIRRORS=${at}`)
  })

  it("leaves what the user has set, and does not ask for it", async () => {
    const done = await box.run(["call"], {
      OPENIM_MIRRORS: mirrors(),
      GOPROXY: "https://own.example",
      OPENIM_REGISTRY_MIRRORS: "own.example",
    })
    expect(created()).toContain("_DAGGER_ENGINE_SYSTEMENV_GOPROXY=https://own.example")
    expect(done.stderr).not.toContain("GOPROXY=")
    expect(asked.filter((path) => path.includes("/go/") || path === "/v2/")).toEqual([])
  })

  it("takes presets, and says so in one sentence where a word is none", async () => {
    const done = await box.run(["call"], { OPENIM_MIRRORS: "chine" })
    expect(done.code).toBe(1)
    expect(done.stderr).toContain('unknown preset of mirrors "chine". Known: china, aliyun, tuna, ustc, tencent, huawei')
    expect(done.stderr).not.toMatch(/\n\s+at /)
  })

  it("asks nothing where everything is ready", async () => {
    await box.run(["call"], { OPENIM_MIRRORS: mirrors() })
    asked = []
    const done = await box.run(["call"], { OPENIM_MIRRORS: mirrors() })
    expect([done.stderr, asked]).toEqual(["", []])
  })

  it("is reported by the doctor", async () => {
    const done = await box.run(["engine", "doctor"], { OPENIM_MIRRORS: mirrors() })
    expect(done.stdout).toContain(`ok   mirrors: GOPROXY=${at}/good/go,direct; `)
    expect(done.stdout).toContain("refused: it answers 403")
  })
})

describe("a proxy's password", () => {
  const proxies = { HTTP_PROXY: "http://me:se@cret%@proxy.example:3128", https_proxy: "me:secret@proxy.example:3128" }
  it.each([[["engine", "doctor"]], [["engine", "status"]], [["call"]]])("is not printed by %j", async (args) => {
    const first = await box.run(["call"], proxies)
    const done = await box.run(args, proxies)
    for (const text of [first.stderr, done.stdout, done.stderr]) expect(text).not.toMatch(/secret|se@cret|cret%/)
    if (args[1] === "doctor") expect(done.stdout).toContain("HTTP_PROXY: http://***@proxy.example:3128")
    expect(readFileSync(join(box.cache, "logs", "docker.log"), "utf8")).not.toMatch(/secret|cret%/)
  })
})
