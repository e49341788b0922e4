// Removes what no call will use again. The engine keeps its own cache small automatically; --all starts from nothing.
import { existsSync, readdirSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { createInterface } from "node:readline/promises"
import { Problem } from "../src/base/problem"
import { artefactPath, remove, sweep } from "./cache"
import { stopEngine } from "./engine/stop"
import { readJson } from "./files"
import { keys } from "./keys"
import { withLock } from "./lock"
import { bundleOrigin, marked } from "./origin"
import { say } from "./output"
import { cacheDir, paths } from "./paths"
import type { CliRecord, EngineRecord } from "./records"
import { attempt } from "./run"
import { stopOnSignals } from "./stop"

export interface PruneOptions {
  all: boolean
  yes: boolean
}

export async function prune({ all, yes }: PruneOptions): Promise<number> {
  if (all && !yes && !(await confirmed())) throw new Problem("nothing was removed")
  stopOnSignals()
  return withLock("removing what is no longer used", async () => {
    const before = await used()
    await sweep()
    if (all) {
      await stopEngine()
      for (const path of [paths.engine, paths.artefacts, paths.node, paths.logs, paths.times, paths.cliRecord, paths.pathProbe])
        await remove(path)
      // Shared downloads are not ours alone.
      if (paths.downloads.startsWith(`${cacheDir}/`)) await remove(paths.downloads)
    } else {
      const current = inUse()
      const found = existsSync(paths.artefacts) ? readdirSync(paths.artefacts) : []
      for (const name of found) if (!current.has(join(paths.artefacts, name))) await remove(join(paths.artefacts, name))
    }
    await pruneBundles()
    await pruneBrought()
    say(`${cacheDir}: ${before} before, ${await used()} now`)
    return 0
  })
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Problem("prune --all removes the engine's cache and asks first, but there is no terminal", "add --yes")
  const asked = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await asked.question(`Remove the engine, its cache and all downloads in ${cacheDir}? [y/N] `)
  asked.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** What the present recipe makes, the CLI on record, and what the running engine has mounted. */
function inUse(): Set<string> {
  const made = [
    artefactPath("cli-binaries", keys.binaries()),
    artefactPath("engine-binaries", keys.binaries()),
    artefactPath("engine-debian", keys.debian()),
    artefactPath("base-images", keys.baseImages()),
    artefactPath("typescript-sdk", keys.sdk()),
    artefactPath("engine-root", keys.engine()),
  ]
  const cli = readJson<CliRecord>(paths.cliRecord)?.path
  const engine = readJson<EngineRecord>(paths.engineRecord)
  const origin = bundleOrigin()
  return new Set([
    ...made,
    ...(origin ? made.map((path) => marked(path, origin)) : []),
    ...(cli ? [join(cli, "..")] : []),
    ...(engine?.kind === "namespaces" ? engine.uses : []),
  ])
}

/** Other versions of this program; the one that runs stays. */
async function pruneBundles(): Promise<void> {
  const folder = join(cacheDir, "host")
  const running = process.env["OPENIM_PROGRAM"]
  for (const name of existsSync(folder) ? readdirSync(folder) : []) if (name !== running) await remove(join(folder, name))
}

/** Node and engine caches that came with another bundle than that of this call and of the running engine. */
async function pruneBrought(): Promise<void> {
  const origins = [bundleOrigin(), readJson<EngineRecord>(paths.engineRecord)?.bundle]
  for (const path of [paths.node, paths.engineState]) {
    const kept = origins.map((origin) => basename(marked(path, origin)))
    for (const name of existsSync(dirname(path)) ? readdirSync(dirname(path)) : []) {
      if (name.startsWith(`${basename(path)}-bundle-`) && !kept.includes(name)) await remove(join(dirname(path), name))
    }
  }
}

async function used(): Promise<string> {
  return (await attempt(["du", "-shx", cacheDir])).stdout.split("\t")[0] ?? "?"
}
