// The engine without Docker: in separate network, mount and PID namespaces. It needs root on Linux and nothing else.
import { spawn } from "node:child_process"
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { answers } from "../answer"
import { engineFolder, engineParts, originOfParts } from "../build/engine-root"
import { env } from "../env"
import { readJson, writeJson } from "../files"
import { bundleHasEngine } from "../fromBundle"
import { keys } from "../keys"
import { marked } from "../origin"
import { say } from "../output"
import { paths } from "../paths"
import { step } from "../progress"
import type { Engine } from "../ready"
import { type EngineRecord, startTime } from "../records"
import { isRoot, require } from "../requirements"
import { attempt } from "../run"
import { extraCertificates } from "./certificates"
import script from "./inside.sh"
import { keepSmall } from "./log"
import { dropNetwork, names, networkProcesses, raiseNetwork, resolvConf } from "./network"
import { engineConfig, engineEnvironment, STOP_SECONDS, startSeconds } from "./settings"

/** The longest path that fits a socket's address. */
const SOCKET_PATH = 107

/** Says early, before anything is built, why it cannot work here. */
export async function namespacesRefusal(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64")
    return `an engine from packages is for linux/amd64, and this is ${process.platform}/${process.arch}`
  if (!isRoot()) return "it needs root"
  if (paths.engineSocket.length > SOCKET_PATH) return `the path of the engine's socket would be too long: ${paths.engineSocket}`
  const tried = await attempt(["unshare", "--net", "--mount", "--pid", "--fork", "true"], { limitSeconds: 10 })
  if (tried.code !== 0) return `this root may not make namespaces: ${lastWords(tried.tail, 1)}`
  return undefined
}

export async function startInNamespaces(makeRoom: () => Promise<void>): Promise<Engine> {
  const refusal = await namespacesRefusal()
  if (refusal) throw new Problem(refusal)
  // With a bundle nothing is fetched, so a way out is welcome and no more.
  await require(["ip", "unshare", "nsenter", ...(bundleHasEngine() ? [] : (["iptables"] as const))])
  const parts = await engineParts()
  const root = await engineFolder(parts)
  await makeRoom()
  return step({ name: "engine-start", title: "Starting the engine", seconds: 5 }, async () => {
    const mount = join(paths.engine, "mnt")
    const origin = originOfParts(parts)
    const state = marked(paths.engineState, origin)
    for (const folder of [state, paths.engineRun, mount]) mkdirSync(folder, { recursive: true })
    const added = addedFiles(root)
    const subnet = await raiseNetwork()
    const { namespace } = names()
    if (existsSync(paths.engineLog)) renameSync(paths.engineLog, `${paths.engineLog}.1`)
    const log = openSync(paths.engineLog, "a", 0o600)
    const folders = [mount, root, state, paths.engineRun, parts.baseImages, added, namespace]
    const command = [`--net=/run/netns/${namespace}`, "sh", "-c", script, "engine", ...folders]
    // nsenter, not `ip netns exec`: that mounts a fresh /sys, without the cgroup mounts below it.
    const child = spawn("nsenter", command, {
      detached: true,
      cwd: "/",
      stdio: ["ignore", log, log],
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        SCRIPT: script,
        DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST: parts.sdk.digest,
        ...engineEnvironment(),
      },
    })
    closeSync(log)
    child.unref()
    const pid = child.pid
    const pidStart = pid && startTime(pid)
    if (!pid || !pidStart) throw new Problem("the engine's namespaces could not be entered", logEnd())
    keepSmall(pid, paths.engineLog)
    const host = `unix://${paths.engineSocket}`
    const uses = [root, dirname(parts.baseImages)]
    writeJson(paths.engineRecord, {
      kind: "namespaces",
      host,
      key: keys.engine(),
      started: Date.now(),
      bundle: origin,
      pid,
      pidStart,
      subnet: subnet.cidr,
      uses,
    } satisfies EngineRecord)
    try {
      await ready(pid, pidStart)
    } catch (error) {
      await stopNamespaces()
      throw error
    }
    return { host, by: "namespaces" }
  })
}

async function ready(pid: number, pidStart: string): Promise<void> {
  const limit = startSeconds()
  const until = Date.now() + limit * 1000
  while (Date.now() < until) {
    if (await answers(paths.engineSocket, 1000)) return
    if (startTime(pid) !== pidStart)
      throw new Problem(`the engine ended while it started. Its last words:\n${logEnd()}`, `the whole log: ${paths.engineLog}`)
    await new Promise((wake) => setTimeout(wake, 100))
  }
  throw new Problem(
    `the engine does not answer within ${limit} s. Its last words:\n${logEnd()}`,
    "OPENIM_ENGINE_START_SECONDS gives it longer",
  )
}

function logEnd(): string {
  const log = existsSync(paths.engineLog) ? readFileSync(paths.engineLog, "utf8").trimEnd().split("\n") : []
  return log
    .slice(-8)
    .map((line) => `  ${line.slice(0, 300)}`)
    .join("\n")
}

/** What this host adds to the engine's root: name servers, certificates. */
function addedFiles(root: string): string {
  const folder = join(paths.engine, "added")
  rmSync(folder, { recursive: true, force: true })
  const put = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  put("etc/resolv.conf", resolvConf(env("OPENIM_DNS")))
  const config = engineConfig()
  if (config) put("etc/dagger/engine.json", config)
  put("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
  extraCertificates(join(root, "usr/share/ca-certificates/mozilla")).forEach((pem, i) =>
    put(`usr/local/share/ca-certificates/host-${i}.crt`, `${pem}\n`),
  )
  return folder
}

/** Ends the engine, politely first, and removes all it may have left: also one that was killed hard, or that we know nothing of. */
export async function stopNamespaces(): Promise<void> {
  const all = async (): Promise<number[]> => {
    const record = readJson<EngineRecord>(paths.engineRecord)
    const recorded = record?.kind === "namespaces" && startTime(record.pid) === record.pidStart ? [record.pid] : []
    return [...new Set([...(await networkProcesses()), ...recorded])]
  }
  const left = async (seconds: number): Promise<boolean> => {
    const until = Date.now() + seconds * 1000
    while (Date.now() < until) {
      if ((await all()).length === 0) return false
      await new Promise((wake) => setTimeout(wake, 200))
    }
    return true
  }
  const running = await all()
  if (running.length > 0) {
    await step({ name: "engine-stop", title: "Stopping the engine", seconds: 30 }, async () => {
      // The first process in its PID namespace passes the signal on to the engine; without it, its cache may be cut short.
      for (const pid of running) for (const child of children(pid)) signal(child, "SIGTERM")
      if (await left(STOP_SECONDS)) {
        say(`the engine did not end within ${STOP_SECONDS} s and is killed: the next one starts with an empty cache`)
        for (const pid of await all()) signal(pid, "SIGKILL")
        if (await left(10))
          throw new Problem(`the engine does not end: processes ${(await all()).join(", ")}`, "a reboot, if nothing else helps")
      }
    })
  }
  await dropNetwork()
  rmSync(paths.engineSocket, { force: true })
  rmSync(paths.engineRecord, { force: true })
  removeCgroup(join("/sys/fs/cgroup", names().namespace))
}

/** The init of the engine's PID namespace is the one child of the unshare that made it. */
function children(pid: number): number[] {
  try {
    if (!readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("unshare")) return []
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // already gone
  }
}

function removeCgroup(path: string): void {
  if (!existsSync(path)) return
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeCgroup(join(path, entry.name))
  try {
    rmdirSync(path)
  } catch {
    // The kernel lets go of it a little later; it costs nothing and is used again.
  }
}
