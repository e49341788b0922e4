// Entry point of openimctl, the program of the kit: deploys and operates a stack on the machine it runs on.
import { dirname } from "node:path"
import { parseArgs } from "node:util"
import { checkFormat, jsonText } from "../src/base/format"
import { nearest, unknownName } from "../src/base/nearest"
import { readShares, readStrategy } from "../src/plan/deploy/handover"
import { backup, listBackups, verifyBackups } from "./operate/backup"
import { exportBackup } from "./operate/backupFile"
import { certificate } from "./operate/certificate"
import { clusterDeploy, clusterHealth, clusterLogs, clusterStatus } from "./operate/cluster"
import { clusterRollback, clusterUpdate } from "./operate/clusterUpdate"
import { helpText, OPTIONS, optionsOf, VERBS, type Verb } from "./operate/commands"
import { deploy } from "./operate/deploy"
import { type Engine, findEngine, likelyEngine } from "./operate/engine"
import { envCheck, envDiff, envRepair, envShow } from "./operate/envVerb"
import { type Folder, openFolder } from "./operate/folder"
import { health } from "./operate/health"
import { history, historyTable } from "./operate/history"
import { unlock } from "./operate/lock"
import { noteMetrics } from "./operate/metrics"
import { notifyTest } from "./operate/notify"
import { EXIT, explain, onTerminal, Refusal, result, say } from "./operate/print"
import { quadlet } from "./operate/quadlet"
import { onHost } from "./operate/remote"
import { report } from "./operate/report"
import { restore } from "./operate/restore"
import { rotate } from "./operate/rotate"
import { schedule } from "./operate/schedule"
import { status } from "./operate/status"
import { runSteps } from "./operate/steps"
import { rollback, type UpdateOptions, update } from "./operate/update"
import { clean, destroy, doctor, logs, restart, scale, start, stop, supportBundle } from "./operate/verbs"
import { stopAll } from "./run"

type Values = Record<string, string | boolean | undefined>

interface Call {
  verb: Verb
  words: string[]
  values: Values
}

/** The verb, its words and its options; what is unknown is answered with the nearest name. */
function read(args: string[]): Call {
  const at = args.findIndex((word) => !word.startsWith("-"))
  const name = args[at] ?? "help"
  const verb = VERBS.find((known) => known.name === name || known.also?.includes(name))
  if (!verb)
    throw usage(
      unknownName(
        "verb",
        name,
        VERBS.map((known) => known.name),
      ),
    )
  const rest = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 1)]
  const known = optionsOf(verb)
  const options = Object.fromEntries(
    OPTIONS.map(({ name, value, short }) => [
      name,
      { type: value ? ("string" as const) : ("boolean" as const), ...(short ? { short } : {}) },
    ]),
  )
  const { tokens } = parseArgs({ args: rest, options, strict: false, allowPositionals: true, tokens: true })
  const values: Values = {}
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value)
    if (token.kind !== "option") continue
    // --PART-only is another way to say --only=PART.
    const part = known.some(({ name }) => name === "only") ? /^(.+)-only$/.exec(token.name)?.[1] : undefined
    if (part !== undefined && token.value === undefined) {
      values["only"] = [values["only"], part].filter(Boolean).join(",")
      continue
    }
    const option = known.find(({ name }) => name === token.name)
    if (!option) {
      const elsewhere = OPTIONS.some(({ name }) => name === token.name)
      const near = elsewhere
        ? undefined
        : nearest(
            token.name,
            known.map(({ name }) => name),
          )
      throw new Refusal(
        `${elsewhere ? `${verb.name} has no` : "unknown"} option ${token.rawName}${near ? `: did you mean --${near}?` : ""}`,
        EXIT.usage,
        `openimctl help ${verb.name}`,
      )
    }
    if (option.value && !token.value) throw new Refusal(`${token.rawName} needs a value`, EXIT.usage, `--${option.name}=${option.value}`)
    if (!option.value && token.value !== undefined)
      throw new Refusal(`${token.rawName} takes no value`, EXIT.usage, `openimctl help ${verb.name}`)
    values[option.name] = option.value ? token.value : true
  }
  return { verb, words, values }
}

const usage = (error: Error): Refusal => new Refusal(error.message, EXIT.usage, "openimctl help")

async function main(args: string[]): Promise<number> {
  if (args[0] === "internal-steps") {
    await runSteps()
    return EXIT.fine
  }
  const { verb, words, values } = read(args)
  const text = (name: string): string | undefined => (typeof values[name] === "string" ? (values[name] as string) : undefined)
  const list = (name: string): string[] => (text(name) ?? "").split(",").filter(Boolean)
  const set = (name: string): boolean => values[name] === true
  if (verb.name === "help" || set("help")) {
    const about = verb.name === "help" ? words[0] : verb.name
    const known = VERBS.find(({ name, also }) => name === about || also?.includes(about ?? ""))
    if (about !== undefined && !known)
      throw usage(
        unknownName(
          "verb",
          about,
          VERBS.map(({ name }) => name),
        ),
      )
    result(helpText(known))
    return EXIT.fine
  }
  const format = text("format") ?? "table"
  try {
    checkFormat(format)
  } catch (error) {
    throw usage(error as Error)
  }
  const json = format === "json"
  const limit = seconds(text("timeout"))
  const takesWords = [
    "rollback",
    "start",
    "stop",
    "restart",
    "logs",
    "scale",
    "env",
    "secrets",
    "certificate",
    "backup",
    "restore",
    "schedule",
    "notify",
  ]
  if (words.length > 0 && !takesWords.includes(verb.name))
    throw new Refusal(`${verb.name} does not take "${words[0]}"`, EXIT.usage, `openimctl help ${verb.name}`)
  const folder = openFolder(text("folder"), process.env["OPENIMCTL_FOLDER"] ?? dirname(process.argv[1] ?? "."))
  const host = text("host")
  if (host !== undefined) {
    const copy = ["deploy", "start", "restart"].includes(verb.name) && !set("dry-run") && !set("status")
    return onHost(folder, host, withoutHost(args), copy, onTerminal())
  }
  try {
    return await perform(folder, { verb, words, values }, { text, list, set, json, ...(limit === undefined ? {} : { limit }) })
  } finally {
    if (NOTED.includes(verb.name) && !set("dry-run") && !set("plan")) await noteMetrics(folder).catch(() => undefined)
  }
}

/** What changes something that Prometheus is to know. */
const NOTED = ["deploy", "start", "restart", "update", "rollback", "backup", "restore"]

interface Read {
  text(name: string): string | undefined
  list(name: string): string[]
  set(name: string): boolean
  json: boolean
  limit?: number
}

/** The call as the other machine gets it: without --host, and without the folder of this one. */
function withoutHost(args: string[]): string[] {
  const left: string[] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!
    if (word === "--host" || word === "--folder") at++
    else if (!/^--(host|folder)=/.test(word)) left.push(word)
  }
  return left
}

function seconds(text: string | undefined, option = "timeout"): number | undefined {
  if (text === undefined) return undefined
  const count = Number(text.replace(/s$/, ""))
  if (!(count > 0)) throw new Refusal(`--${option}=${text} is not a number of seconds`, EXIT.usage, `such as --${option}=120`)
  return count
}

function lineCount(text = "100"): string {
  if (!/^(\d+|all)$/.test(text)) throw new Refusal(`--lines=${text} is not a number`, EXIT.usage, "such as --lines=200, or all")
  return text
}

async function perform(folder: Folder, { verb, words }: Call, call: Read): Promise<number> {
  const { text, list, set, json, limit } = call
  if (set("kubernetes")) return onCluster(folder, verb, words, call)
  const lost = ["context", "namespace", "values"].find((name) => text(name) !== undefined)
  if (lost !== undefined) throw new Refusal(`--${lost} needs --kubernetes`, EXIT.usage, `openimctl ${verb.name} --kubernetes --${lost}=…`)
  switch (verb.name) {
    case "deploy":
      if (set("status")) return quickStatus(folder, list("profiles"), json)
      if (set("build-only") && set("deploy-only"))
        throw new Refusal("--build-only and --deploy-only exclude each other", EXIT.usage, "leave out both to do both")
      return deploy(folder, {
        profiles: list("profiles"),
        address: text("address"),
        environment: text("environment"),
        ignore: list("ignore"),
        accept: list("accept"),
        dryRun: set("dry-run"),
        buildOnly: set("build-only"),
        deployOnly: set("deploy-only"),
        json,
        limitSeconds: limit,
      })
    case "status":
      return quickStatus(folder, list("profiles"), json)
    case "health":
      return health(folder, await findEngine(), { limitSeconds: limit ?? 60, json, quick: set("quick") })
    case "start":
      return start(folder, await findEngine(), words, limit)
    case "stop":
      return stop(folder, await findEngine(), words)
    case "restart":
      return restart(folder, await findEngine(), words, limit)
    case "logs":
      return logs(folder, await findEngine(), words, set("follow"), lineCount(text("lines")))
    case "scale":
      return scale(folder, await findEngine(), words)
    case "update":
      return update(folder, { kit: text("kit"), version: text("version") }, updateOptions(call))
    case "rollback":
      return rollback(folder, words[0], updateOptions(call))
    case "env":
      return env(folder, words, { environment: text("environment"), yes: set("yes"), json })
    case "secrets": {
      if (words[0] !== "rotate") throw usage(unknownName("verb of secrets", words[0] ?? "", ["rotate"]))
      return rotate(folder, words[1])
    }
    case "backup":
      return backups(folder, await findEngine(), words, json)
    case "schedule": {
      const known = ["install", "status", "remove"]
      if (words[0] !== undefined && !known.includes(words[0])) throw usage(unknownName("verb of schedule", words[0], known))
      return schedule(folder, words, text("at"), !set("no-test"))
    }
    case "notify":
      return notifyTest(folder, words)
    case "restore":
      return restore(folder, await findEngine(), words, {
        only: list("only"),
        force: set("force"),
        dryRun: set("dry-run"),
        confirm: text("confirm"),
        ignore: list("ignore"),
        test: set("test"),
      })
    case "certificate":
      return certificate(folder, words, { json, force: set("force") })
    case "quadlet":
      return quadlet(folder, list("profiles"), text("output"))
    case "history":
      result(json ? jsonText(history(folder)) : historyTable(history(folder)))
      return EXIT.fine
    case "report": {
      const hours = Number(text("hours") ?? "24")
      if (!(hours > 0 && hours <= 24 * 366))
        throw new Refusal(`--hours=${text("hours")} is not a number of hours`, EXIT.usage, "such as --hours=24")
      return report(folder, await findEngine(), { html: text("html"), hours, json })
    }
    case "doctor":
      return doctor(folder, json)
    case "support-bundle":
      return supportBundle(folder, text("output"))
    case "clean":
      return clean(folder, await findEngine())
    default:
      return destroy(folder, await findEngine(), { data: set("data"), confirm: text("confirm"), backup: !set("no-backup") })
  }
}

/** Where the stack runs on Kubernetes. */
function onCluster(folder: Folder, verb: Verb, words: string[], { text, list, set, json, limit }: Read): Promise<number> {
  const cluster = { context: text("context"), namespace: text("namespace") }
  if (verb.name === "status" || set("status")) return clusterStatus(folder, cluster, json)
  if (verb.name === "health") return clusterHealth(folder, cluster, { limitSeconds: limit ?? 60, json, quick: set("quick") })
  if (verb.name === "logs") return clusterLogs(folder, cluster, words, set("follow"), lineCount(text("lines")))
  if (verb.name === "rollback") return clusterRollback(folder, cluster, words[0], limit)
  const alone = ["strategy", "steps", "watch", "drain", "backup", "no-backup", "version"].find(
    (name) => text(name) !== undefined || set(name),
  )
  if (alone !== undefined)
    throw new Refusal(
      `--${alone} is for one machine`,
      EXIT.usage,
      alone === "version"
        ? "name the image in .env, then: openimctl deploy --kubernetes"
        : "leave it out: Kubernetes replaces pods one after the other",
    )
  const options = {
    ...cluster,
    values: text("values"),
    address: text("address"),
    environment: text("environment"),
    profiles: list("profiles"),
    ignore: list("ignore"),
    dryRun: set("dry-run") || set("plan"),
    limitSeconds: limit,
  }
  if (verb.name === "update") return clusterUpdate(folder, text("kit"), { ...options, accept: list("accept") })
  return clusterDeploy(folder, options)
}

function backups(folder: Folder, engine: Engine, [what, ...words]: string[], json: boolean): Promise<number> {
  if (what === "list") return listBackups(folder, engine, json)
  if (what === "verify") return verifyBackups(folder, engine)
  if (what === "export") return exportBackup(folder, engine, words)
  return backup(folder, engine, what)
}

function updateOptions({ text, list, set, json, limit }: Read): UpdateOptions {
  try {
    const strategy = readStrategy(text("strategy") ?? "blue-green")
    return {
      strategy,
      shares: readShares(strategy, text("steps")),
      watchSeconds: seconds(text("watch"), "watch") ?? 10,
      drainSeconds: seconds(text("drain"), "drain") ?? 30,
      plan: set("plan"),
      ignore: list("ignore"),
      accept: list("accept"),
      backup: set("no-backup") ? false : set("backup") ? true : undefined,
      json,
      limitSeconds: limit,
    }
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal((error as Error).message, EXIT.usage, "openimctl help update")
  }
}

/** Two calls to the engine; only where they fail, more of them say why. */
async function quickStatus(folder: Folder, profiles: string[], json: boolean): Promise<number> {
  const likely = likelyEngine()
  if (!likely) return status(folder, await findEngine(), profiles, json)
  try {
    return await status(folder, likely, profiles, json)
  } catch (error) {
    const engine = await findEngine()
    if (engine.name === likely.name) throw error
    return status(folder, engine, profiles, json)
  }
}

function env(
  folder: Folder,
  [what = "", ...words]: string[],
  options: { environment: string | undefined; yes: boolean; json: boolean },
): number | Promise<number> {
  if (what === "check") return envCheck(folder, options)
  if (what === "repair") return envRepair(folder, options)
  if (what === "diff") return envDiff(folder, options, words)
  if (what === "show") return envShow(folder, options, words)
  throw usage(unknownName("verb of env", what, ["check", "repair", "diff", "show"]))
}

// Ctrl-C at any moment: tools end, the lock is free, and the next call continues.
let stopping = false
for (const [name, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }))
  process.on(name, async () => {
    if (stopping) return
    stopping = true
    say("stopping; what is done stays done, and the same command continues from here")
    await stopAll()
    unlock()
    process.exit(128 + number)
  })
// Whoever reads our output may be gone first.
process.stdout.on("error", () => {})
process.stderr.on("error", () => {})

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (stopping) return
    process.stderr.write(`${explain(error)}\n`)
    if (process.env["OPENIM_DEBUG"]) console.error(error)
    const unknown = error instanceof Error && /^unknown \w+/.test(error.message)
    process.exit(error instanceof Refusal ? error.exitCode : unknown ? EXIT.usage : EXIT.failed)
  },
)
