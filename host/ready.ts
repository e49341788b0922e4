// The fast path: everything is there and the engine answers. Node's own modules only, nothing is started but what must be asked.
import { execFileSync } from "node:child_process"
import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs"
import { delimiter, join } from "node:path"
import { Problem } from "../src/base/problem"
import { answers } from "./answer"
import { env } from "./env"
import { readJson, writeJson } from "./files"
import { keys } from "./keys"
import { usable } from "./origin"
import { paths, projectDir } from "./paths"
import { type CliRecord, type EngineRecord, startTime } from "./records"
import { DAGGER, releaseKey, releasePlatform } from "./versions"

export interface Cli {
  path: string
  by: string
}

export interface Engine {
  /** Value for the runner host variable. */
  host: string
  by: string
}

/** The CLI if no work is needed to have it. */
export function readyCli(): Cli | undefined {
  return givenCli() ?? pathCli() ?? cachedCli()
}

/** DAGGER_BIN. A wrong one is an error, not a reason to look further: the user named it. */
export function givenCli(): Cli | undefined {
  const given = env("DAGGER_BIN")
  if (!given) return undefined
  const path = given.includes("/") ? given : (onPath(given)[0] ?? given)
  if (!executable(path))
    throw new Problem(`DAGGER_BIN=${given} is not a program that can be run`, "name an existing dagger CLI in DAGGER_BIN, or unset it")
  if (isSelf(path)) throw new Problem(`DAGGER_BIN=${given} is this wrapper itself`, "name the dagger CLI in DAGGER_BIN, or unset it")
  return { path, by: "DAGGER_BIN" }
}

/** A dagger of the pinned version on PATH. Asking for its version starts a large program, so the answer is kept. */
export function pathCli(): Cli | undefined {
  for (const path of onPath("dagger")) {
    if (!isSelf(path) && versionOf(path) === DAGGER) return { path, by: "PATH" }
  }
  return undefined
}

/** Why no dagger on PATH will do. */
export function pathRefusal(): string {
  const found = onPath("dagger").filter((path) => !isSelf(path))
  if (found.length === 0) return "there is none"
  return found.map((path) => `${path} is ${versionOf(path) || "of no known version"}, not ${DAGGER}`).join(", ")
}

export function cachedCli(): Cli | undefined {
  const record = readJson<CliRecord>(paths.cliRecord)
  if (!record || !usable(record.bundle) || !executable(record.path)) return undefined
  if (env("OPENIM_CLI") === "packages" && !record.built) return undefined
  if (env("OPENIM_CLI") === "release" && record.built) return undefined
  if (record.key !== (record.built ? keys.binaries() : releaseKey(releasePlatform() ?? ""))) return undefined
  return { path: record.path, by: record.by }
}

/** The engine if it is there and answers. */
export async function readyEngine(): Promise<Engine | undefined> {
  return givenEngine() ?? (await ownEngine())
}

export const RUNNER_HOST = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"

/** The engine that the user names. Every scheme is dagger's business; only what is plainly wrong is said here, and at once. */
export function givenEngine(): Engine | undefined {
  const host = env(RUNNER_HOST)
  if (!host) return undefined
  if (!/^[a-z][a-z0-9+-]*:\/\/./.test(host)) {
    throw new Problem(
      `${RUNNER_HOST}=${host} is not an address`,
      "write it as scheme://…, for example unix:///run/dagger/engine.sock or tcp://host:1234",
    )
  }
  if (host.startsWith("unix://")) {
    const path = host.slice("unix://".length)
    const entry = statSync(path, { throwIfNoEntry: false })
    if (!entry)
      throw new Problem(`${RUNNER_HOST} names the socket ${path}, which does not exist`, "start that engine, or unset the variable")
    if (!entry.isSocket())
      throw new Problem(`${RUNNER_HOST} names ${path}, which is not a socket`, "name the engine's socket, or unset the variable")
  }
  return { host, by: RUNNER_HOST }
}

/** Our own engine, if it was started from the present recipe and answers. */
export async function ownEngine(): Promise<Engine | undefined> {
  const record = readJson<EngineRecord>(paths.engineRecord)
  if (!record || record.key !== keys.engine() || !usable(record.bundle)) return undefined
  if (record.kind === "namespaces") {
    if (env("OPENIM_ENGINE") === "docker" || startTime(record.pid) !== record.pidStart) return undefined
    return (await answers(paths.engineSocket, 2000)) ? { host: record.host, by: "our own engine" } : undefined
  }
  const question = record.container
    ? ["container", "inspect", "--format", "{{.State.Running}}", record.container]
    : ["image", "inspect", "--format", "true", record.image]
  try {
    const options = { timeout: 5000, stdio: ["ignore", "pipe", "ignore"] as ["ignore", "pipe", "ignore"] }
    if (execFileSync(record.tool, question, options).toString().trim() !== "true") return undefined
    return { host: record.host, by: `our own engine in ${record.tool}` }
  } catch {
    return undefined
  }
}

function onPath(name: string): string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, name)).filter(executable)
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** daggerw may be linked as `dagger` somewhere on PATH. */
function isSelf(path: string): boolean {
  const self = join(projectDir, "daggerw")
  return existsSync(self) && realpathSync(path) === realpathSync(self)
}

interface Probe {
  stamp: string
  version: string
}

function versionOf(path: string): string {
  const { size, mtimeMs, ino } = statSync(path)
  const stamp = `${realpathSync(path)} ${size} ${mtimeMs} ${ino}`
  const known = readJson<Record<string, Probe>>(paths.pathProbe) ?? {}
  const before = known[path]
  if (before?.stamp === stamp) return before.version
  let version = ""
  try {
    const options = {
      timeout: 10_000,
      stdio: ["ignore", "pipe", "ignore"] as ["ignore", "pipe", "ignore"],
      env: { ...process.env, DAGGER_NO_UPDATE_CHECK: "1" },
    }
    version = /\bv\d+\.\d+\.\d+\S*/.exec(execFileSync(path, ["version"], options).toString())?.[0] ?? ""
  } catch {
    // not a dagger we can use
  }
  writeJson(paths.pathProbe, { ...known, [path]: { stamp, version } })
  return version
}
