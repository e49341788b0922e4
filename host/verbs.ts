// ./daggerw engine …: the wrapper's own verbs.
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { withoutCredentials } from "../src/base/addresses"
import { Problem } from "../src/base/problem"
import { doctor } from "./doctor"
import { keptContainer } from "./engine/docker"
import { stopEngine } from "./engine/stop"
import { readJson } from "./files"
import { help } from "./help"
import { holder, withLock } from "./lock"
import { marked } from "./origin"
import { duration, say } from "./output"
import { cacheDir, paths } from "./paths"
import { prepare } from "./prepare"
import { prune } from "./prune"
import { givenEngine, ownEngine, readyCli } from "./ready"
import { type EngineRecord, startTime } from "./records"
import { attempt } from "./run"
import { stopOnSignals } from "./stop"
import { DAGGER } from "./versions"

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** Runs a verb and answers with the exit code. */
export async function verbs([verb, ...args]: string[]): Promise<number> {
  switch (verb) {
    case "status":
      allow(verb, args, [])
      return status()
    case "start":
      allow(verb, args, [])
      return start()
    case "stop":
      allow(verb, args, [])
      return stop()
    case "logs":
      allow(verb, args, ["-f", "--follow"])
      return logs(args.length > 0)
    case "prune":
      allow(verb, args, ["--all", "--yes", "-y"])
      return prune({ all: args.includes("--all"), yes: args.includes("--yes") || args.includes("-y") })
    case "doctor":
      allow(verb, args, [])
      return doctor()
    case undefined:
    case "help":
    case "-h":
    case "--help":
      print(help())
      return 0
    default:
      throw new Problem(
        `./daggerw engine ${verb}: no such verb`,
        "one of status, start, stop, logs [-f], prune [--all] [--yes], doctor, help",
      )
  }
}

function allow(verb: string, args: string[], known: string[]): void {
  const wrong = args.find((arg) => !known.includes(arg))
  if (wrong)
    throw new Problem(
      `./daggerw engine ${verb}: ${wrong} is not an option of it`,
      known.length > 0 ? `options: ${known.join(", ")}` : "it takes none",
    )
}

async function status(): Promise<number> {
  const given = givenEngine()
  const record = readJson<EngineRecord>(paths.engineRecord)
  const own = given ? undefined : await ownEngine()
  const rows: [string, string][] = []
  if (given) {
    rows.push(["engine", "named by _EXPERIMENTAL_DAGGER_RUNNER_HOST"], ["address", given.host])
  } else if (record) {
    const stale =
      record.kind === "namespaces" && startTime(record.pid) === record.pidStart
        ? "running, but from another recipe or not answering"
        : "not running"
    rows.push([
      "engine",
      own ? `running (${record.kind === "namespaces" ? "from packages, in namespaces" : `${record.tool}, ${record.image}`})` : stale,
    ])
    rows.push(
      ["address", record.host],
      ["since", `${new Date(record.started).toISOString()} (${duration((Date.now() - record.started) / 1000)})`],
    )
    if (record.kind === "namespaces") rows.push(["process", String(record.pid)], ["subnet", record.subnet], ["log", paths.engineLog])
    if (record.bundle) rows.push(["bundle", `${record.bundle.folder}, with which it came`])
  } else {
    rows.push(["engine", "not running; the next call starts one"])
  }
  const cli = readyCli()
  rows.push(["version", DAGGER], ["CLI", cli ? `${cli.path} (${cli.by})` : "none yet; the next call gets one"])
  rows.push(["cache", `${cacheDir} (${await size(cacheDir)})`])
  const state = marked(paths.engineState, record?.bundle)
  if (existsSync(state)) rows.push(["engine's cache", `${state} (${await size(state)})`])
  const busy = holder()
  if (busy) rows.push(["busy", `process ${busy.pid}: ${busy.doing}`])
  for (const [name, value] of rows) print(`${name.padEnd(15)} ${withoutCredentials(value)}`)
  return given || own ? 0 : 3
}

async function size(path: string): Promise<string> {
  const answer = await attempt(["du", "-shx", path], { limitSeconds: 60 }).catch(() => undefined)
  return answer?.stdout.split("\t")[0] || "size unknown"
}

async function start(): Promise<number> {
  const { engine } = await prepare(true)
  say(`the engine answers: ${engine?.host ?? ""}`)
  return 0
}

async function stop(): Promise<number> {
  stopOnSignals()
  const given = givenEngine()
  if (given) throw new Problem(`the engine ${given.host} is not ours to stop`, "unset _EXPERIMENTAL_DAGGER_RUNNER_HOST to stop our own")
  say((await withLock("stopping the engine", stopEngine)) ? "the engine is stopped; its cache stays" : "no engine was running")
  return 0
}

async function logs(follow: boolean): Promise<number> {
  const record = readJson<EngineRecord>(paths.engineRecord)
  const inContainer =
    record?.kind === "container"
      ? [record.tool, "logs", ...(follow ? ["-f"] : []), record.container ?? keptContainer(record.image)]
      : undefined
  if (!inContainer && !existsSync(paths.engineLog)) throw new Problem("there is no log: no engine of ours has run yet")
  if (!inContainer && !follow) {
    process.stdout.write(withoutCredentials(readFileSync(paths.engineLog, "utf8")))
    return 0
  }
  const [tool, ...args] = inContainer ?? ["tail", "-n", "50", "-F", paths.engineLog]
  return new Promise((resolve) => {
    const child = spawn(tool!, args, { stdio: ["ignore", "pipe", "pipe"] })
    // What is logged may hold a proxy's or a mirror's password.
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      createInterface({ input: from }).on("line", (line) => to.write(`${withoutCredentials(line)}\n`))
    }
    for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => child.kill(name))
    child.on("close", (code, signal) => resolve(signal ? 130 : (code ?? 1)))
  })
}
