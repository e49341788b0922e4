// A cache folder and a PATH of one test's own, with fake tools, and ./daggerw as a user calls it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

export const project = resolve(fileURLToPath(import.meta.url), "../../..")

/** Shared by all sandboxes, so that npm's packages are fetched once. */
const downloads = process.env["OPENIM_TEST_DOWNLOADS"] ?? join(tmpdir(), "openim-test-downloads")

/** Tools that every sandbox has: what a shell script and the wrapper cannot do without. */
const BASICS =
  "sh cat chmod cp cut date df dirname du env false find flock grep head id kill ln ls mkdir mktemp mv printf ps readlink rm sed sha256sum sleep sort stat tail tar tee test touch tr true uname wc xargs gzip node npm setsid bash which".split(
    " ",
  )

export interface Done {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), "daggerw-"))
  readonly cache = join(this.root, "cache")
  readonly bin = join(this.root, "bin")
  /** Where fake tools write what they were called with. */
  readonly calls = join(this.root, "calls")
  env: Record<string, string> = {}
  /** Whose daggerw is called. */
  checkout = project

  constructor() {
    mkdirSync(this.bin)
    mkdirSync(this.cache)
    // The wrapper's own bundle is made once for all.
    mkdirSync(join(downloads, "host"), { recursive: true })
    symlinkSync(join(downloads, "host"), join(this.cache, "host"))
    for (const name of BASICS) {
      const path = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim()
      if (path.startsWith("/")) symlinkSync(path, join(this.bin, name))
    }
  }

  /** A tool that notes its call and runs the given shell text. */
  tool(name: string, text: string): void {
    const path = join(this.bin, name)
    rmSync(path, { force: true })
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> '${this.calls}'\n${text}\n`)
    chmodSync(path, 0o755)
  }

  /** A dagger CLI that prints its version and otherwise does what the test says. */
  dagger(text: string, version = "v0.21.8", path = join(this.bin, "dagger")): string {
    writeFileSync(path, `#!/bin/sh\nif [ "$1" = version ]; then echo "dagger ${version} (image://x) linux/amd64"; exit; fi\n${text}\n`)
    chmodSync(path, 0o755)
    return path
  }

  called(): string[] {
    return existsSync(this.calls) ? readFileSync(this.calls, "utf8").trim().split("\n") : []
  }

  start(args: string[], extra: Record<string, string> = {}, from = this.checkout): ChildProcess {
    return spawn(join(from, "daggerw"), args, { env: this.environment(extra), stdio: ["pipe", "pipe", "pipe"], cwd: this.root })
  }

  run(args: string[], extra: Record<string, string> = {}, input = "", from = this.checkout): Promise<Done> {
    const child = this.start(args, extra, from)
    child.stdin?.on("error", () => {})
    child.stdin?.end(input)
    return finished(child)
  }

  environment(extra: Record<string, string> = {}): Record<string, string> {
    const kept = ["HOME", "LANG", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "npm_config_registry", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]
    const host = Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]!]] : [])))
    return {
      ...host,
      PATH: this.bin,
      OPENIM_CACHE: this.cache,
      OPENIM_DOWNLOADS: downloads,
      OPENIM_DAGGER_RELEASES: "http://127.0.0.1:9/none",
      ...this.env,
      ...extra,
    }
  }

  /** A copy of what daggerw needs, to be changed at will. */
  copyProject(): string {
    const copy = join(this.root, "project")
    for (const name of ["daggerw", "host", "engine", "src/mirrors", "src/base", "src/plan/deploy"]) {
      cpSync(join(project, name), join(copy, name), { recursive: true, filter: (path) => !path.includes("node_modules") })
    }
    return copy
  }

  /** A copy that records this checksum, or none, for the release's archive of this machine. */
  recording(sum?: string): string {
    const copy = this.copyProject()
    const file = join(copy, "host/versions.ts")
    const text = readFileSync(file, "utf8")
    const changed = text.replace(/(CLI_SHA256: [^=]*= )\{[^}]*\}/, `$1{${sum ? ` linux_amd64: "${sum}" ` : ""}}`)
    if (changed === text) throw new Error("host/versions.ts has no CLI_SHA256 to change")
    writeFileSync(file, changed)
    return copy
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

export function finished(child: ChildProcess): Promise<Done> {
  let stdout = ""
  let stderr = ""
  child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()))
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()))
  return new Promise((done) => child.on("close", (code, signal) => done({ code, signal, stdout, stderr })))
}

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`)
    await new Promise((wake) => setTimeout(wake, 50))
  }
}

/** Runs and is not just waiting to be buried. */
export function alive(pid: number): boolean {
  return (
    spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })
      .stdout.trim()
      .replace(/^Z.*/, "") !== ""
  )
}

/** The Node process behind a daggerw script. */
export function nodeOf(child: ChildProcess): number {
  return Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0])
}
