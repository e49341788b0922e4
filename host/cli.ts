// The Dagger CLI: DAGGER_BIN, PATH, the cache, the official release with its checksum, the build from Go modules.
import { chmodSync } from "node:fs"
import { join } from "node:path"
import { type Attempt, firstOf } from "../src/base/attempts"
import { Problem } from "../src/base/problem"
import { buildBinaries } from "./build/binaries"
import { artefact, remove, temporary } from "./cache"
import { download, readText } from "./download"
import { choice, env } from "./env"
import { fileSha256, readJson, writeJson } from "./files"
import { bundleHasEngine } from "./fromBundle"
import { keys } from "./keys"
import { originOf, usable } from "./origin"
import { say } from "./output"
import { paths } from "./paths"
import { step } from "./progress"
import { type Cli, cachedCli, pathCli, pathRefusal } from "./ready"
import type { CliRecord } from "./records"
import { refused, run } from "./run"
import { CLI_SHA256, DAGGER, RELEASES, releaseKey, releasePlatform } from "./versions"

export async function makeCli(): Promise<Cli> {
  const wanted = bundleHasEngine() ? "packages" : choice("OPENIM_CLI", ["auto", "release", "packages"])
  const attempts: Attempt<Cli>[] = [
    { name: "dagger on PATH", limitSeconds: 15, run: async () => pathCli() ?? refuse(pathRefusal()) },
    { name: "the cache", limitSeconds: 15, run: async () => cachedCli() ?? refuse(cacheRefusal()) },
  ]
  if (wanted !== "packages") attempts.push({ name: "the official release", limitSeconds: 900, run: release })
  if (wanted !== "release")
    attempts.push({ name: bundleHasEngine() ? "the bundle" : "the build from Go modules", limitSeconds: 3600, run: build })
  const { value, by } = await firstOf(`Dagger CLI ${DAGGER}`, attempts, refused)
  say(`Dagger CLI ${DAGGER}: ${by}`)
  return value
}

function cacheRefusal(): string {
  const origin = readJson<CliRecord>(paths.cliRecord)?.bundle
  if (!origin || usable(origin)) return "nothing made from this recipe yet"
  return `what is there came with the bundle ${origin.folder}: name it with --bundle, with BUNDLE in .env or with OPENIM_BUNDLE`
}

function refuse(reason: string): never {
  throw new Problem(reason)
}

async function release(): Promise<Cli> {
  const platform = releasePlatform() ?? refuse(`there is none for ${process.platform}/${process.arch}`)
  const base = `${(env("OPENIM_DAGGER_RELEASES") ?? RELEASES).replace(/\/+$/, "")}/${DAGGER.slice(1)}`
  const file = `dagger_${DAGGER}_${platform}.tar.gz`
  const recorded = CLI_SHA256[platform]
  const expected = recorded ?? (await publishedSum(base, file))
  const folder = await artefact("dagger-release", expected.slice(0, 16), async (folder) => {
    const aside = temporary("download")
    const archive = join(aside, file)
    await step({ name: "cli-release", title: `Downloading the Dagger CLI ${DAGGER}`, seconds: 10 }, (note) =>
      download(`${base}/${file}`, archive, note),
    )
    const actual = await fileSha256(archive)
    if (actual !== expected)
      throw new Problem(
        `${file} has the checksum ${actual}, not ${expected} as ${recorded ? "this project records" : `${base}/checksums.txt says`}`,
      )
    await run(["tar", "-xzof", archive, "-C", folder, "dagger"], { purpose: "unpacking the Dagger CLI" })
    await remove(aside)
    chmodSync(join(folder, "dagger"), 0o755)
  })
  return remember({ path: join(folder, "dagger"), by: "the cached release", key: releaseKey(platform), built: false })
}

/** Where this project records no checksum: it comes from the same place as the archive. */
async function publishedSum(base: string, file: string): Promise<string> {
  const sums = await readText(`${base}/checksums.txt`)
  const lines = sums.split("\n").map((line) => line.trim().split(/\s+/))
  const expected = lines.find(([, name]) => name?.replace(/^\*/, "") === file)?.[0]
  if (!expected) throw new Problem(`${base}/checksums.txt does not name ${file}`)
  say(`WARNING: no checksum of ${file} is recorded here: only ${base}/checksums.txt, from the same place, is compared`)
  return expected
}

async function build(): Promise<Cli> {
  const folder = await buildBinaries("cli")
  return remember({ path: join(folder, "dagger"), by: "the cached build", key: keys.binaries(), built: true })
}

function remember(record: CliRecord): Cli {
  writeJson(paths.cliRecord, { ...record, bundle: originOf(record.path) })
  return { path: record.path, by: record.by }
}
