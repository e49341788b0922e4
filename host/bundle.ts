// ./daggerw bundle DIR: adds to an offline bundle what this wrapper needs itself, so that a machine without any network can start.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { baseImages } from "./build/base-images"
import { buildBinaries } from "./build/binaries"
import { unpack } from "./build/debian"
import { engineParts } from "./build/engine-root"
import { remove, temporary } from "./cache"
import { ARCHIVES, CHECKSUMS, checksums } from "./carried"
import { fileSha256, writeFileAtomic } from "./files"
import { withLock } from "./lock"
import { applyMirrors } from "./mirrors"
import { cacheDir, paths } from "./paths"
import { Problem } from "./problem"
import { step } from "./progress"
import { run } from "./run"
import { bytes, say } from "./say"
import { stopOnSignals } from "./stop"

export async function bundle(args: string[]): Promise<number> {
  const [verb, ...rest] = args[0] && Object.hasOwn(VERBS, args[0]) ? args : ["add", ...args]
  const odd = rest.find((arg) => arg.startsWith("-"))
  if (odd) throw new Problem(`./daggerw bundle: ${odd} is not an option of it`, USAGE)
  if (rest.length !== 1) throw new Problem("./daggerw bundle: name one folder", USAGE)
  return VERBS[verb as keyof typeof VERBS](resolve(rest[0]!))
}

const VERBS = { add, verify, prune }

export const USAGE = `\
./daggerw bundle DIR         adds the CLI, the engine and Node to the bundle in DIR, which \`call prewarm export --path=DIR\` makes
./daggerw bundle verify DIR  compares every file of the bundle with its checksum, as \`sha256sum -c items/*.sha256\` does
./daggerw bundle prune DIR   removes the items that the last prewarm did not name, and files of no item

Bundles are merged by copying: cp -R OTHER/. DIR`

async function add(folder: string): Promise<number> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Problem(`the engine of a bundle is for linux/amd64, and this is ${process.platform}/${process.arch}`, "make the bundle on such a machine")
  }
  stopOnSignals()
  return withLock(`adding the engine to ${folder}`, async () => {
    await applyMirrors()
    for (const part of [ARCHIVES, "items"]) mkdirSync(join(folder, part), { recursive: true })
    const cli = await buildBinaries("cli")
    const { binaries, debian, sdk, baseImages: store } = await engineParts()
    const parts = [cli, binaries, join(debian, ".."), join(sdk.layout, ".."), join(store, "..")]
    const before = checksums(folder)
    const now = new Map<string, string>()
    const put = async (name: string, source: string): Promise<void> => {
      const file = `${ARCHIVES}/${name}.tar.gz`
      const there = existsSync(join(folder, file)) ? before.get(file) : undefined
      now.set(file, there ?? (await pack(source, join(folder, file), name)))
    }
    for (const part of parts) await put(relative(paths.artefacts, part), part)
    const program = process.env["OPENIM_PROGRAM"] ?? ""
    await put(`program-${program}`, join(cacheDir, "host", program))
    const node = await nodeFolder()
    await put("node", node)
    await remove(node)
    const lines = [...now].sort().map(([file, sum]) => `${sum}  ${file}\n`)
    writeFileAtomic(join(folder, CHECKSUMS), lines.join(""))
    // Of other versions of this project: nothing lists them any more.
    for (const name of readdirSync(join(folder, ARCHIVES))) if (!now.has(`${ARCHIVES}/${name}`)) rmSync(join(folder, ARCHIVES, name), { recursive: true })
    const size = [...now.keys()].reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
    say(`${folder} has the CLI, the engine and Node: ${bytes(size)}`)
    return 0
  })
}

/** Written aside and renamed, so that what is there is whole; the same content gives the same archive. */
async function pack(source: string, archive: string, name: string): Promise<string> {
  const aside = `${archive}.part`
  await step({ name: `bundle-${name.replace(/-[^-]+$/, "")}`, title: `Packing ${name}`, seconds: 10 }, () =>
    run(["tar", "-cf", aside, "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "-I", "gzip -n -3", "-C", source, "."], {
      purpose: `packing ${name}`,
    }),
  )
  renameSync(aside, archive)
  return fileSha256(archive)
}

/** Node alone, from the base image: for a machine that has none. */
async function nodeFolder(): Promise<string> {
  const folder = temporary("node")
  const layer = (await baseImages()).nodeLayers.at(-1)!
  await unpack([layer], folder, false)
  renameSync(join(folder, "usr/local/bin/node"), join(folder, "node"))
  await remove(join(folder, "usr"))
  return folder
}

/** The checksum lists of a bundle's items. */
function listsOf(folder: string): string[] {
  const items = join(folder, "items")
  const lists = existsSync(items) ? readdirSync(items).filter((name) => name.endsWith(".sha256")) : []
  if (lists.length === 0) throw new Problem(`${folder} is no bundle: it has no items/*.sha256`, "make one: ./daggerw call prewarm export --path=DIR")
  return lists
}

async function prune(folder: string): Promise<number> {
  const lists = listsOf(folder)
  const named = join(folder, "needed.txt")
  if (!existsSync(named)) throw new Problem(`${folder} does not say what is needed of it: needed.txt is missing`, `./daggerw call --bundle=${folder} prewarm export --path=${folder} writes it`)
  const needed = new Set(["host", ...readFileSync(named, "utf8").split("\n").filter(Boolean)])
  let items = 0
  for (const list of lists) {
    const name = list.replace(/\.sha256$/, "")
    if (needed.has(name)) continue
    for (const ending of ["sha256", "json"]) rmSync(join(folder, "items", `${name}.${ending}`), { force: true })
    items++
  }
  const kept = new Set(listsOf(folder).flatMap((list) => readFileSync(join(folder, "items", list), "utf8").split("\n").map((line) => line.slice(66))))
  let files = 0
  for (const part of readdirSync(folder, { withFileTypes: true })) {
    if (!part.isDirectory() || part.name === "items") continue
    for (const entry of readdirSync(join(folder, part.name), { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isDirectory() || kept.has(relative(folder, path))) continue
      rmSync(path)
      files++
    }
    // Folders that have become empty.
    await run(["find", join(folder, part.name), "-depth", "-type", "d", "-empty", "-delete"], { purpose: "removing empty folders" })
  }
  say(`${folder}: ${items} items and ${files} files removed`)
  return 0
}

async function verify(folder: string): Promise<number> {
  const lists = listsOf(folder)
  const bad: string[] = []
  await step({ name: "bundle-verify", title: `Comparing the files of ${lists.length} items with their checksums`, seconds: 10 }, async (note) => {
    for (const [i, name] of lists.entries()) {
      note(`${i} of ${lists.length}`)
      const checked = await run(["sh", "-c", 'cd "$1" && sha256sum -c --quiet "items/$2" 2>&1 || true', "verify", folder, name])
      bad.push(...checked.stdout.split("\n").filter((line) => /: FAILED/.test(line)).map((line) => `${line.replace(/: FAILED.*/, "")} (${name.replace(/\.sha256$/, "")})`))
    }
  })
  if (bad.length > 0) throw new Problem(`${folder}: ${bad.length} files are missing or damaged: ${bad.slice(0, 5).join(", ")}${bad.length > 5 ? ", …" : ""}`, "copy the bundle again, or make it again where there is a network")
  say(`${folder} is whole: ${lists.length} items`)
  return 0
}
