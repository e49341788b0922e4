// The lock, and being killed at a bad moment: what a second caller finds.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { alive, finished, nodeOf, project, Sandbox, until } from "./sandbox"

const FILE = "dagger_v0.21.8_linux_amd64.tar.gz"
let box: Sandbox

/** The one slow step here is the release's download: a curl that waits until it may go on. */
beforeEach(async () => {
  box = new Sandbox()
  const folder = join(box.root, "releases", "0.21.8")
  mkdirSync(folder, { recursive: true })
  box.dagger('echo "released $*"', "v0.21.8", join(folder, "dagger"))
  spawnSync("tar", ["-czf", join(folder, FILE), "-C", folder, "dagger"])
  const sum = createHash("sha256")
    .update(readFileSync(join(folder, FILE)))
    .digest("hex")
  writeFileSync(join(folder, "checksums.txt"), `${sum}  ${FILE}\n`)
  const curl = spawnSync("sh", ["-c", "command -v curl"], { encoding: "utf8" }).stdout.trim()
  box.tool(
    "curl",
    `case "$*" in *tar.gz*) echo $$ > '${pidFile()}'; until [ -e '${go()}' ]; do sleep 0.05; done ;; esac\nexec ${curl} "$@"`,
  )
  box.env = {
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: "tcp://engine:1",
    OPENIM_DAGGER_RELEASES: `file://${join(box.root, "releases")}`,
    OPENIM_CLI: "release",
  }
  // Only an archive whose checksum is recorded is taken.
  box.checkout = box.recording(sum)
  // Makes the wrapper's own bundle, which is not what these tests are about.
  await box.run(["engine", "help"])
})
afterEach(() => {
  writeFileSync(go(), "")
  box.remove()
})

const pidFile = (): string => join(box.root, "curl.pid")
const go = (): string => join(box.root, "go")
const curlPid = (): number => Number(readFileSync(pidFile(), "utf8"))
const downloading = (): Promise<void> => until("the download runs", () => existsSync(pidFile()) && curlPid() > 0)
const artefacts = (): string[] => (existsSync(join(box.cache, "artefacts")) ? readdirSync(join(box.cache, "artefacts")) : [])

function collect(child: ChildProcess): { err: () => string } {
  let text = ""
  child.stderr!.on("data", (data: Buffer) => (text += data.toString()))
  return { err: () => text }
}

describe("two callers at once", () => {
  it("share one download; the second says for whom it waits", async () => {
    const first = box.start(["core", "1"])
    const firstDone = finished(first)
    await downloading()
    const second = box.start(["core", "2"])
    const { err } = collect(second)
    const secondDone = finished(second)
    await until("the second waits", () => err().includes("waiting for process"))
    expect(err()).toMatch(/waiting for process \d+, which holds the cache folder's lock: Downloading the Dagger CLI/)
    writeFileSync(go(), "")
    expect((await firstDone).stdout).toBe("released core 1\n")
    expect((await secondDone).stdout).toBe("released core 2\n")
    expect(box.called().filter((call) => call.includes("tar.gz"))).toHaveLength(1)
  })
})

describe("killed", () => {
  const next = async (): Promise<void> => {
    writeFileSync(go(), "")
    const done = await box.run(["core", "again"])
    expect(done.stdout).toBe("released core again\n")
    expect(done.stderr).not.toContain("waiting")
    expect(artefacts()).toHaveLength(1)
    expect(readdirSync(join(box.cache, "tmp"))).toEqual([])
  }

  it("hard, with its tools left alone: they end, the lock is free, nothing half-made is trusted", async () => {
    const child = box.start(["call"])
    const done = finished(child)
    await downloading()
    const curl = curlPid()
    process.kill(nodeOf(child), "SIGKILL")
    expect((await done).code).toBe(137)
    await until("curl is gone", () => !alive(curl))
    expect(artefacts()).toEqual([])
    await next()
  })

  it.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("only the script, by %s: the rest notices", async (signal, code) => {
    const child = box.start(["call"])
    const done = finished(child)
    await downloading()
    const [node, curl] = [nodeOf(child), curlPid()]
    child.kill(signal)
    const { code: actual, signal: by } = await done
    expect(actual ?? (by === signal ? code : by)).toBe(code)
    await until("all is gone", () => !alive(node) && !alive(curl))
    await next()
  })

  it("by Ctrl-C on a terminal (the whole group)", async () => {
    // Its own group, as a terminal's job has.
    const job = spawn(join(project, "daggerw"), ["call"], { env: box.environment(), detached: true, stdio: ["ignore", "pipe", "pipe"] })
    const done = finished(job)
    await until("the download runs", () => existsSync(pidFile()) && alive(curlPid()))
    const curl = curlPid()
    process.kill(-job.pid!, "SIGINT")
    const result = await done
    expect(result.code ?? result.signal).toSatisfy((value: unknown) => value === 130 || value === "SIGINT")
    await until("curl is gone", () => !alive(curl))
    await next()
  })

  it("while it waits: the lock goes on to the next", async () => {
    const first = box.start(["core", "1"])
    const firstDone = finished(first)
    await downloading()
    const second = box.start(["core", "2"])
    const { err } = collect(second)
    const secondDone = finished(second)
    await until("the second waits", () => err().includes("waiting for process"))
    process.kill(nodeOf(second), "SIGKILL")
    await secondDone
    writeFileSync(go(), "")
    expect((await firstDone).code).toBe(0)
    await next()
  })
})

describe("a full disk", () => {
  it.runIf(process.getuid?.() === 0).each([1, 14])("of %i MB: one clear message, nothing half-written", async (size) => {
    const disk = join(box.root, "disk")
    mkdirSync(disk)
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}m`, "tmpfs", disk]).status).toBe(0)
    try {
      writeFileSync(go(), "")
      // Large enough for the wrapper itself in the second case, but not for the CLI.
      spawnSync("sh", ["-c", `head -c 30000000 /dev/urandom > '${join(box.root, "releases/0.21.8", FILE)}'`])
      const done = await box.run(["call"], { OPENIM_CACHE: join(disk, "cache") })
      expect(done.code).toBe(1)
      expect(done.stderr).toContain("disk is full")
      expect(done.stderr).toMatch(/next: .*free some space/)
      expect(done.stderr).not.toMatch(/\n\s+at /)
      expect(existsSync(join(disk, "cache", "artefacts"))).toBe(false)
    } finally {
      // A program that has not quite ended may still hold it.
      spawnSync("umount", ["--lazy", disk])
    }
  })
})
