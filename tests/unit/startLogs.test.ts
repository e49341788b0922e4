// What shell/start-victorialogs.sh and shell/start-vlagent.sh make of their environment, with programs in their places that print what
// they got.

import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const script = (name: string) => new URL(`../../shell/${name}.sh`, import.meta.url).pathname

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "logs-"))
  for (const name of ["victoria-logs", "vlagent"]) {
    writeFileSync(join(folder, name), '#!/bin/sh\nprintf "%s\\n" "$@"\n')
    chmodSync(join(folder, name), 0o755)
  }
  mkdirSync(join(folder, "containers"))
})
afterAll(() => rmSync(folder, { recursive: true }))

const environment = (env: Record<string, string>) => ({
  PATH: `${folder}:${process.env["PATH"]}`,
  VICTORIALOGS_DATA: join(folder, "store"),
  VLAGENT_DATA: join(folder, "shipper"),
  VLAGENT_CONTAINERS: join(folder, "containers"),
  ...env,
})
const run = (name: string, env: Record<string, string>, ...words: string[]) => {
  const { status, stdout, stderr } = spawnSync("sh", [script(name), ...words], { env: environment(env), encoding: "utf8" })
  return { status, words: stdout.trimEnd().split("\n"), stderr: stderr.trim() }
}

describe("the store", () => {
  it("keeps 14 days and 5 GiB, or what the environment says", () => {
    expect(run("start-victorialogs", {}).words).toEqual(
      expect.arrayContaining([`-storageDataPath=${folder}/store/logs`, "-retentionPeriod=14d", "-retention.maxDiskSpaceUsageBytes=5GiB"]),
    )
    const { words } = run("start-victorialogs", { RETENTION_DAYS: "3", RETENTION_GIB: "1" }, "-loggerFormat=json")
    expect(words).toEqual(expect.arrayContaining(["-retentionPeriod=3d", "-retention.maxDiskSpaceUsageBytes=1GiB", "-loggerFormat=json"]))
  })

  it.each<[string, Record<string, string>, string[], string]>([
    ["days that are no number", { RETENTION_DAYS: "3d" }, [], "RETENTION_DAYS is 3d, and a number from 1 is expected"],
    ["no room", { RETENTION_GIB: "0" }, [], "RETENTION_GIB is 0, and a number from 1 is expected"],
    ["a folder that cannot be made", { VICTORIALOGS_DATA: "/dev/null" }, [], "cannot write /dev/null: the volume must belong to it"],
    ["a question without words", {}, ["ask"], "no query: start-victorialogs ask '_time:1h error'"],
    ["a number of lines that is none", {}, ["ask", "error", "all"], "LINES is all, and a number from 1 is expected"],
  ])("refuses %s", (_, env, words, message) => {
    const { status, stderr } = run("start-victorialogs", env, ...words)
    expect(status).toBe(1)
    expect(stderr).toContain(message)
  })

  it("is asked with every character as it is, and its answer or its error comes back", async () => {
    const store = createServer((request, response) => {
      const { searchParams } = new URL(request.url!, "http://store")
      response.writeHead(searchParams.get("query") === "wrong |" ? 400 : 200)
      response.end(`${searchParams.get("limit")} ${searchParams.get("query")}\n`)
    }).listen(0, "127.0.0.1")
    await once(store, "listening")
    const { port } = store.address() as AddressInfo
    const ask = async (...words: string[]) => {
      const child = spawn("sh", [script("start-victorialogs"), ...words], { env: environment({ VICTORIALOGS_PORT: String(port) }) })
      const texts = { out: "", err: "" }
      child.stdout.on("data", (text) => (texts.out += text))
      child.stderr.on("data", (text) => (texts.err += text))
      const [code] = (await once(child, "close")) as [number]
      return { code, ...texts }
    }
    expect(await ask("health")).toEqual({ code: 0, out: "", err: "" })
    expect(await ask("ask", '{a="b"} "50%" & é+', "7")).toEqual({ code: 0, out: '7 {a="b"} "50%" & é+\n', err: "" })
    expect(await ask("ask", "wrong |")).toEqual({ code: 1, out: "", err: "100 wrong |\n" })
    store.close()
    await once(store, "close")
    expect(await ask("health")).toEqual({ code: 1, out: "", err: "" })
  })
})

describe("the shipper", () => {
  it("reads Docker's files, and sends them to the store", () => {
    const { words, status } = run("start-vlagent", { VLAGENT_STORE: "store:1234" })
    expect(status).toBe(0)
    expect(words).toEqual(
      expect.arrayContaining([
        `-fileCollector.glob=${folder}/containers/*/*-json.log`,
        "-remoteWrite.url=http://store:1234/insert/native",
        `-tmpDataPath=${folder}/shipper`,
        "-httpListenAddr=127.0.0.1:9429",
      ]),
    )
  })

  it("says where there is nothing to read", () => {
    const { stderr, status } = run("start-vlagent", { VLAGENT_CONTAINERS: "/none" })
    expect(stderr).toBe("start-vlagent: nothing to read: mount Docker's /var/lib/docker/containers at /none, read-only")
    expect(status).toBe(0)
  })

  it("refuses a place that it cannot write", () => {
    const { stderr, status } = run("start-vlagent", { VLAGENT_DATA: "/dev/null" })
    expect(stderr).toContain("cannot write /dev/null: the volume must belong to it")
    expect(status).toBe(1)
  })
})

it("both take other words as options or a command", () => {
  for (const name of ["start-victorialogs", "start-vlagent"]) {
    expect(run(name, {}, "--version").words).toEqual(["--version"])
    expect(run(name, {}, "echo", "hello").words).toEqual(["hello"])
  }
})
