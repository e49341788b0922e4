import { execFileSync, spawn } from "node:child_process"
import { createServer } from "node:net"
import { beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { Catalogue, GroupEntry } from "../../src/catalogue/types.js"
import { supervisorLayer, waitScript } from "../../src/plan/build/supervisor.js"

let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await loadCatalogue("openim")
})

type Layer = { services: Record<string, { command: string }>; checks: { programs: { exec: { command: string } } } }
const layer = () => supervisorLayer(catalogue, catalogue.components.server as GroupEntry) as unknown as Layer

describe("the supervisor's layer", () => {
  it("starts the first stage at once and lets later ones wait for its ports", () => {
    const { services } = layer()
    expect(Object.keys(services)).toHaveLength(12)
    expect(services["openim-rpc-auth"].command).toBe("/usr/local/bin/openim-rpc-auth -c /openim-server/config -i 0")
    expect(services["openim-api"].command).toMatch(
      /^\/usr\/local\/bin\/wait-for-ports 30 (\d+ )+10001 -- \/usr\/local\/bin\/openim-api -c \/openim-server\/config -i 0$/,
    )
    expect(services["openim-api"].command).not.toContain("10002")
  })

  it("restarts with growing waits; who gives up is the start, which knows what to say", () => {
    for (const service of Object.values(layer().services)) {
      expect(service).toMatchObject({ "on-failure": "restart", "backoff-factor": 2 })
      expect(service).not.toHaveProperty("on-check-failure")
    }
  })

  it("sees a program that waits for its next start, and not one that an operator stopped", () => {
    const command = layer().checks.programs.exec.command.replace(/^sh -c '(.*)'$/, "$1")
    const check = command.replace("/usr/local/bin/pebble services", 'printf "%s" "$TABLE"')
    const passes = (state: string) => {
      const row = `Service     Startup  Current  Since\nopenim-api  enabled  ${state}  today at 14:05 UTC\n`
      try {
        execFileSync("sh", ["-c", check], { env: { ...process.env, TABLE: row } })
        return true
      } catch {
        return false
      }
    }
    expect(passes("active")).toBe(true)
    expect(passes("inactive")).toBe(true)
    expect(passes("backoff")).toBe(false)
    expect(passes("error")).toBe(false)
  })
})

describe("wait-for-ports", () => {
  const run = (...args: string[]) =>
    new Promise<string>((resolve) => {
      const child = spawn("sh", ["-s", "--", ...args])
      let output = ""
      child.stdout.on("data", (data) => (output += data))
      child.on("close", () => resolve(output.trim()))
      // Its seconds are counted, not waited for.
      child.stdin.end(`sleep() { printf z; }\n${waitScript(catalogue.bases.debian)}`)
    })

  it("becomes the command with its arguments when the ports answer", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    const { port } = server.address() as { port: number }
    expect(await run("0", String(port), "--", "printf", "[%s]", "a b", "c")).toBe("[a b][c]")
    server.close()
  })

  it("does not wait longer than it may", async () => {
    expect(await run("3", "1", "2", "--", "echo", "started")).toBe("zzzstarted")
  })
})
