// ./daggerw bundle DIR: adds to an offline bundle what this wrapper needs itself, so that a machine without any network can start.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { Problem } from "../src/base/problem"
import { baseImages } from "./build/base-images"
import { buildBinaries } from "./build/binaries"
import { unpack } from "./build/debian"
import { engineParts } from "./build/engine-root"
import { remove, temporary } from "./cache"
import { fileSha256, readJson, writeFileAtomic } from "./files"
import { ARCHIVES, checksums } from "./fromBundle"
import { withLock } from "./lock"
import { applyMirrors } from "./mirrors"
import { CHECKSUMS } from "./origin"
import { bytes, say } from "./output"
import { cacheDir, paths, projectDir } from "./paths"
import { step } from "./progress"
import { run } from "./run"
import { stopOnSignals } from "./stop"

export async function bundle(args: string[]): Promise<number> {
  const [verb, ...rest] = args[0] && Object.hasOwn(VERBS, args[0]) ? args : ["add", ...args]
  const odd = rest.find((arg) => arg.startsWith("-"))
  if (odd) throw new Problem(`./daggerw bundle: ${odd} is not an option of it`, USAGE)
  if (rest.length !== 1) throw new Problem("./daggerw bundle: name one folder", USAGE)
  return VERBS[verb as keyof typeof VERBS](resolve(rest[0]!))
}

/** `verify` is not among them: ./daggerw does it without this program, which may not be there. */
const VERBS = { add, prune }

export const USAGE = `\
./daggerw bundle DIR         adds the CLI, the engine and Node to the bundle in DIR, which \`call prewarm export --path=DIR\` makes
./daggerw bundle verify DIR  compares every file of the bundle with its checksum, as \`sha256sum -c items/*.sha256\` does, and prints its
                             digest, for OPENIM_BUNDLE_SHA256; runs nothing of it
./daggerw bundle prune DIR   removes the items that no prewarm of this bundle asked for (needed/*.txt), and files of no item

Bundles are merged by copying: cp -R OTHER/. DIR`

async function add(folder: string): Promise<number> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Problem(
      `the engine of a bundle is for linux/amd64, and this is ${process.platform}/${process.arch}`,
      "make the bundle on such a machine",
    )
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
      const there = existsSync(join(folder, file)) ? await fileSha256(join(folder, file)) : undefined
      now.set(file, there !== undefined && there === before.get(file) ? there : await pack(source, join(folder, file), name))
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
    for (const name of readdirSync(join(folder, ARCHIVES)))
      if (!now.has(`${ARCHIVES}/${name}`)) rmSync(join(folder, ARCHIVES, name), { recursive: true })
    const size = [...now.keys()].reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
    say(`${folder} has the CLI, the engine and Node: ${bytes(size)}`)
    await printDigest(folder)
    return 0
  })
}

/** On standard output, as the line that the other machine wants in its environment. It should get there by another way than the bundle. */
async function printDigest(folder: string): Promise<void> {
  const { stdout } = await run(["sh", join(projectDir, "host/bundle-check.sh"), "digest", folder], { purpose: "the bundle's digest" })
  say("its digest, for the machine that uses it; carry it there by another way than the bundle:")
  process.stdout.write(`OPENIM_BUNDLE_SHA256=${stdout.trim()}\n`)
}

/** Written aside and renamed, so that what is there is whole; the same content gives the same archive. */
async function pack(source: string, archive: string, name: string): Promise<string> {
  const aside = `${archive}.part`
  await step({ name: `bundle-${name.replace(/-[^-]+$/, "")}`, title: `Packing ${name}`, seconds: 10 }, () =>
    run(
      [
        "tar",
        "-cf",
        aside,
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mtime=@0",
        "-I",
        "gzip -n -3",
        "-C",
        source,
        ".",
      ],
      {
        purpose: `packing ${name}`,
      },
    ),
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

/** What a bundle has for itself; other folders beside them are none of its business. */
const PARTS = ["images", "packages", "go", "maven", "archives", ARCHIVES]

async function prune(folder: string): Promise<number> {
  const lists = listsOf(folder)
  const requests = existsSync(join(folder, "needed")) ? readdirSync(join(folder, "needed")).filter((name) => name.endsWith(".txt")) : []
  if (requests.length === 0) {
    throw new Problem(
      `${folder} does not say what is needed of it: needed/ is empty`,
      `./daggerw call --bundle=${folder} prewarm export --path=${folder} writes it`,
    )
  }
  const needed = new Set(["host", ...requests.flatMap((name) => readFileSync(join(folder, "needed", name), "utf8").split("\n"))])
  const going = lists.filter((name) => !needed.has(name))
  const kept = new Set(lists.filter((name) => needed.has(name)).flatMap((name) => [...checksums(folder, `items/${name}.sha256`).keys()]))
  for (const name of going) say(`${titleOf(folder, name)}: no prewarm of this bundle needs it`)
  const parts = PARTS.filter((part) => existsSync(join(folder, part)))
  const found =
    parts.length === 0 ? "" : (await run(["find", ...parts, "-type", "f"], { cwd: folder, purpose: "listing the bundle's files" })).stdout
  const files = found.split("\n").filter((file) => file !== "" && !kept.has(file))
  for (const file of files) rmSync(join(folder, file))
  for (const part of parts)
    await run(["find", part, "-mindepth", "1", "-depth", "-type", "d", "-empty", "-delete"], {
      cwd: folder,
      purpose: "removing empty folders",
    })
  // Last, so that a prune that was stopped can be done again.
  for (const name of going) for (const ending of ["json", "sha256"]) rmSync(join(folder, "items", `${name}.${ending}`), { force: true })
  say(
    `${folder}: ${going.length} items and ${files.length} files removed; kept is what ${requests.join(", ")} name${requests.length === 1 ? "s" : ""} in needed/`,
  )
  if (going.length > 0) await printDigest(folder)
  return 0
}

function titleOf(folder: string, name: string): string {
  const title = readJson<{ title?: unknown }>(join(folder, "items", `${name}.json`))?.title
  // Whoever made the bundle wrote it: nothing in it may steer a terminal.
  return typeof title === "string" ? title.replace(/[\x00-\x1f\x7f-\x9f]/g, "") : name
}

/** The names of a bundle's items; each has a list of its files. */
function listsOf(folder: string): string[] {
  const items = join(folder, "items")
  const found = existsSync(items) ? readdirSync(items) : []
  const names = new Set(found.flatMap((name) => /^(.+)\.(?:json|sha256)$/.exec(name)?.[1] ?? []))
  if (names.size === 0)
    throw new Problem(
      `${folder} is not an offline bundle: it has no items/*.sha256`,
      "make one: ./daggerw call prewarm export --path=DIR (see docs/offline.md)",
    )
  return [...names].sort()
}
