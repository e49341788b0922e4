// Entry point behind the daggerw script. `resolve` prints shell assignments for it to evaluate; `engine` and `bundle`
// hold our own verbs.
import { withoutCredentials } from "../src/base/addresses"
import { shellWord } from "../src/base/shellWords"
import type { Rewritten } from "./call/rewrite"
import { env } from "./env"
import { say } from "./output"
import { projectDir } from "./paths"
import { explain, Stopped } from "./problem"
import { type Cli, type Engine, readyCli, readyEngine } from "./ready"

/** First arguments with which dagger never asks an engine. */
const WITHOUT_ENGINE = new Set(["version", "completion", "help", "login", "logout", "-h", "--help", "--version"])

async function resolve(args: string[]): Promise<void> {
  const { rewrite } = await import("./call/rewrite")
  const call = rewrite(args, {
    folder: process.cwd(),
    project: projectDir,
    environment: process.env,
    terminal: process.stderr.isTTY === true,
  })
  for (const remark of call.remarks) say(remark)
  const images = call.exportsImage ? await import("./imageStore") : undefined
  const store = images?.imageStore()
  const needsEngine = !WITHOUT_ENGINE.has(args[0] ?? "")
  let cli: Cli | undefined = readyCli()
  let engine: Engine | undefined = needsEngine ? await readyEngine() : undefined
  if (!cli || (needsEngine && !engine)) {
    const { prepare } = await import("./prepare")
    const made = await prepare(needsEngine)
    cli = made.cli
    engine = made.engine
  }
  process.stdout.write(
    `${assignments(cli, engine, images && engine && store ? images.storeVariable(engine.host, store) : {})}${command(args, call)}`,
  )
}

/** For the shell: the words that Dagger gets, and where it runs. */
function command(args: string[], { words, folder }: Rewritten): string {
  const changed = words.length !== args.length || words.some((word, place) => word !== args[place])
  return `${folder === undefined ? "" : `cd ${shellWord(folder)}\n`}${changed ? `set -- ${words.map(shellWord).join(" ")}\n` : ""}`
}

function assignments(cli: Cli, engine: Engine | undefined, more: Record<string, string>): string {
  const exported: Record<string, string> = {
    ...more,
    DAGGER_NO_UPDATE_CHECK: env("DAGGER_NO_UPDATE_CHECK") ?? "1",
    DO_NOT_TRACK: env("DO_NOT_TRACK") ?? "1",
    DAGGER_NO_NAG: env("DAGGER_NO_NAG") ?? "1",
  }
  if (engine) exported["_EXPERIMENTAL_DAGGER_RUNNER_HOST"] = engine.host
  const lines = Object.entries(exported).map(([name, value]) => `export ${name}=${shellWord(value)}`)
  return `${lines.join("\n")}\nopenim_dagger=${shellWord(cli.path)}\n`
}

async function main([verb, ...args]: string[]): Promise<void> {
  if (verb === "resolve") return resolve(args)
  if (verb === "bundle") {
    const { bundle } = await import("./bundle")
    process.exitCode = await bundle(args)
    return
  }
  const { verbs } = await import("./verbs")
  process.exitCode = await verbs(args)
}

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error: unknown) => {
    if (error instanceof Stopped) process.exit(error.exitCode)
    process.stderr.write(`${explain(error)}\n`)
    if (process.env["OPENIM_DEBUG"])
      console.error(withoutCredentials(error instanceof Error ? (error.stack ?? error.message) : String(error)))
    process.exit(1)
  },
)
