// CLI and engine from Go modules: engine/go.mod names them, engine/go.sum holds every checksum, engine/shims stands in for the
// modules that no proxy serves. All go into one build cache, so a build that was stopped goes on where it was.
import { existsSync, renameSync } from "node:fs"
import { join } from "node:path"
import { artefact } from "../cache"
import { keys } from "../keys"
import { recipeDir } from "../paths"
import { type Note, step } from "../progress"
import { run } from "../run"
import { DAGGER } from "../versions"
import { findGo, goEnv } from "./go"

const MODULE = "github.com/dagger/dagger"

/** What is built together: the CLI is wanted sooner, and alone where somebody else has the engine. */
const SETS = {
  cli: { programs: ["dagger"], title: "Building the Dagger CLI from Go modules", seconds: 180 },
  engine: {
    programs: ["engine", "init", "dnsname", "dialstdio", "codegen"],
    title: "Building the Dagger engine from Go modules",
    seconds: 150,
  },
} as const

/** The folder with the programs of a set. */
export async function buildBinaries(set: keyof typeof SETS): Promise<string> {
  const { programs, title, seconds } = SETS[set]
  return artefact(`${set}-binaries`, keys.binaries(), async (folder) => {
    const go = await findGo()
    await step({ name: `${set}-binaries`, title, seconds }, (note) => build(go, [...programs], folder, note))
  })
}

async function build(go: string, programs: string[], folder: string, note: Note): Promise<void> {
  const packages = programs.map((program) => `${MODULE}/cmd/${program}`)
  const options = { cwd: recipeDir, env: goEnv(), log: "go.log" }
  // One set of tags for all, so that packages are compiled once.
  const common = ["-mod=readonly", "-tags", "dfexcludepatterns,dfparents", "-trimpath"]
  let downloads = 0
  const listed = await run([go, "list", "-deps", ...common, ...packages], {
    ...options,
    purpose: "fetching the Go modules of Dagger",
    onLine: (line) => {
      if (line.startsWith("go: downloading")) note(`${++downloads} modules fetched`)
    },
  })
  const total = listed.stdout.trim().split("\n").length
  const version = ["Version", "Tag"].map((name) => `-X ${MODULE}/engine.${name}=${DAGGER}`).join(" ")
  let compiled = 0
  note(`compiling ${total} packages`)
  await run([go, "build", "-v", ...common, "-ldflags", `-s -w ${version}`, "-o", `${folder}/`, ...packages], {
    ...options,
    purpose: "the Go build of Dagger",
    onLine: (line) => {
      if (/^[\w.-]+(\/[\w.~-]+)*$/.test(line)) note(`${++compiled} packages compiled, of ${total} at most`)
    },
  })
  if (existsSync(join(folder, "engine"))) renameSync(join(folder, "engine"), join(folder, "dagger-engine"))
}
