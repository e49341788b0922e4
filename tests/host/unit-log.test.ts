// The engine's log and what is pinned, without an engine.
import { spawn, spawnSync } from "node:child_process"
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { keepSmall } from "../../host/engine/log"
import { CLI_SHA256, ENGINE_DIGEST } from "../../host/versions"
import { Sandbox, until } from "./sandbox"

let box: Sandbox
beforeEach(() => {
  box = new Sandbox()
})
afterEach(() => box.remove())

describe("the engine's log", () => {
  it("is copied and emptied when it grows too large, while the engine runs", async () => {
    const log = join(box.root, "engine.log")
    const engine = spawn("sleep", ["60"])
    try {
      appendFileSync(log, "short\n", { mode: 0o600 })
      keepSmall(engine.pid!, log, 1000, 0.1)
      appendFileSync(log, "first\n".repeat(500))
      await until("the log is emptied", () => existsSync(`${log}.1`) && statSync(log).size === 0)
      expect(readFileSync(`${log}.1`, "utf8")).toBe(`short\n${"first\n".repeat(500)}`)
      expect(statSync(`${log}.1`).mode & 0o777).toBe(0o600)
      appendFileSync(log, "second\n".repeat(500))
      await until("it is emptied again", () => readFileSync(`${log}.1`, "utf8").includes("second") && statSync(log).size === 0)
    } finally {
      engine.kill("SIGKILL")
    }
    const watcher = (): string =>
      spawnSync("ps", ["-eo", "args"], { encoding: "utf8" })
        .stdout.split("\n")
        .filter((line) => line.includes(log))
        .join("")
    await until("the watcher is gone with the engine", () => watcher() === "")
  })

  it("shows no password", async () => {
    mkdirSync(join(box.cache, "engine"))
    writeFileSync(join(box.cache, "engine/engine.log"), "resolving https://bob:hunter2@proxy.example/path\n")
    const done = await box.run(["engine", "logs"])
    expect([done.code, done.stdout]).toEqual([0, "resolving https://***@proxy.example/path\n"])
  })
})

describe("what is fetched from Dagger", () => {
  it("is pinned for the machines that have an engine", () => {
    for (const platform of ["linux_amd64", "linux_arm64"]) expect(CLI_SHA256[platform]).toMatch(/^[0-9a-f]{64}$/)
    for (const sum of Object.values(CLI_SHA256)) expect(sum).toMatch(/^[0-9a-f]{64}$/)
    expect(ENGINE_DIGEST).toMatch(/^sha256:[0-9a-f]{64}$/)
  })
})
