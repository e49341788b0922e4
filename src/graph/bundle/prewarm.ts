// Fetches what builds take from outside, item by item, into a bundle.

import { createHash } from "node:crypto"
import { type Container, type Directory, dag } from "@dagger.io/dagger"
import { reasonFor } from "../../base/attempts.js"
import { firstIn } from "../../base/entries.js"
import { inPool } from "../../base/pool.js"
import { whatOf } from "../../base/problem.js"
import { archiveBuild, pinnedArchive, pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import { ownText } from "../../catalogue/ownFiles.js"
import type { InstalledEntry } from "../../catalogue/types.js"
import { imageOf, programsOfSource } from "../../plan/build/components.js"
import {
  type BundleRecord,
  type BundleRequest,
  bundleItems,
  imageName,
  itemTitle,
  layoutTool,
  packageSet,
  requestName,
  toolPackages,
  unfitRecord,
} from "../../plan/bundle/items.js"
import { type PrewarmRow, prewarmTable, progressLine, retried, trySeconds } from "../../plan/bundle/prewarm.js"
import type { BundleItem, PackagesItem } from "../../plan/bundle/types.js"
import { archiveFilePlan, periodOf } from "../../plan/packages/installed.js"
import { planPackages } from "../../plan/packages/packages.js"
import { withArchiveSum } from "../build/archives.js"
import { pullFirst, withFolders, withSystemPackages } from "../build/bases.js"
import { fetchedPackages, withPackages } from "../build/packages.js"
import { resolveSource } from "../build/sources.js"
import { tailOf } from "../call/failures.js"
import { packageMirrors } from "../call/mirrors.js"
import { type Bundle, log, type PulledImage, type Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { withRegistryServices } from "../publish/registries.js"
import { compiler } from "../toolchains/helpers.js"
import { javaArtifacts } from "../toolchains/java.js"
import { toolchainFor } from "../toolchains/toolchains.js"
import { bundledImage, damagedFiles, nameOf, provenImage } from "./bundle.js"
import { ownSource } from "./needs.js"

export interface Prewarmed {
  bundle: Directory
  rows: PrewarmRow[]
}

/** How many items are fetched at the same time. */
const atOnce = 3

/**
 * What the bundle given by the settings has, and what is still as it is pinned, is not fetched again; with `renew`, base images and
 * packages are, in the versions that there are today. One failed item does not keep the others from being fetched.
 */
export async function prewarmed(given: Settings, request: BundleRequest, renew = false): Promise<Prewarmed> {
  // Programs are made from packages with a bundle, so that is what is fetched; images come from wherever they are available.
  const online = withoutLocks({ ...given, bundle: undefined }, renew)
  const { catalogue } = given
  const items = bundleItems(catalogue, request, await ownSource(online))
  const named = await Promise.all(
    items.map(async (item) => ({ item, title: itemTitle(catalogue, item), name: await nameOf(catalogue, item) })),
  )
  const kept = given.bundle && (await keptRecords(online, given.bundle, renew))
  const pull: Pull = (references) => (kept && hasImage(kept, references) ? bundledImage(kept, references) : pullFirst(online, references))
  const fetching: Fetching = { settings: online, pull, asOf: renew ? new Date().toISOString().slice(0, 10) : undefined }
  const contents: Directory[] = []
  let done = 0
  const rows = await inPool(atOnce, named, async ({ item, title, name }) => {
    const began = Date.now()
    const row: PrewarmRow = { title, result: "fetched", bytes: 0, seconds: 0 }
    const there = kept?.records[name]
    if (there) Object.assign(row, { result: "in the bundle", bytes: there.bytes })
    else {
      try {
        const sealed = await retried(title, () => sealedItem(fetching, item, name, title), log)
        contents.push(sealed.directory)
        row.bytes = sealed.bytes
      } catch (error) {
        Object.assign(row, { result: "failed", reason: reasonFor(title, error) })
      }
      row.seconds = (Date.now() - began) / 1000
    }
    done += 1
    log(progressLine(done, items.length, row))
    return row
  })
  const bundle = contents.reduce((all, one) => all.withDirectory(".", one), given.bundle?.directory ?? dag.directory())
  // What ./daggerw bundle prune keeps.
  const listed = bundle.withNewFile(`needed/${requestName(request)}.txt`, `${named.map(({ name }) => name).join("\n")}\n`)
  return { bundle: listed.withNewFile("report.txt", prewarmTable(rows)), rows }
}

/** One thing as it is in a bundle. */
export async function bundledItem(settings: Settings, item: BundleItem): Promise<Directory> {
  const pull: Pull = (references) => pullFirst(settings, references)
  const name = await nameOf(settings.catalogue, item)
  return (await sealedItem({ settings, pull }, item, name, itemTitle(settings.catalogue, item))).directory
}

/** Where base images come from while things are fetched: packages are chosen for the one that the bundle will have. */
type Pull = (references: string[]) => Promise<PulledImage>

interface Fetching {
  settings: Settings
  pull: Pull
  /** The day whose packages are wanted; those of the builds on this engine when not given. */
  asOf?: string
}

function hasImage({ records }: Bundle, references: string[]): boolean {
  return Object.hasOwn(records, imageName(firstIn(references, "image")))
}

function withoutLocks(settings: Settings, renew: boolean): Settings {
  if (!renew) return settings
  const { catalogue } = settings
  return { ...settings, catalogue: { ...catalogue, pins: { ...catalogue.pins, packages: {} } } }
}

/** What of a bundle can stay: nothing that is damaged, that is not what is pinned, or that does not go with the bundle's image. */
async function keptRecords(settings: Settings, bundle: Bundle, renew: boolean): Promise<Bundle> {
  const damaged = await damagedFiles(await toolbox(settings, []), bundle)
  for (const { file, item } of damaged)
    log(`the bundle: ${file} is missing or changed: ${bundle.records[item]?.title ?? item} is fetched again`)
  const bad = new Set(damaged.map(({ item }) => item))
  for (const [name, { pulled }] of Object.entries(bundle.records)) {
    if (!pulled || bad.has(name)) continue
    await provenImage(bundle, name).catch((error: unknown) => {
      log(`${whatOf(error)}. It is fetched again`)
      bad.add(name)
    })
  }
  const whole = Object.fromEntries(
    Object.entries(bundle.records).filter(([name, { kind }]) => {
      return !bad.has(name) && !(renew && (kind === "image" || kind === "packages"))
    }),
  )
  // Images first: packages are judged by the image that stays, and go when it does.
  const images = Object.fromEntries(Object.entries(whole).filter(([, record]) => record.kind !== "image" || fits(settings, whole, record)))
  const rest = Object.entries(images).filter(([, record]) => {
    if (record.kind === "packages" && (record.image === undefined || !Object.hasOwn(images, imageName(record.image)))) return false
    return record.kind === "image" || fits(settings, images, record)
  })
  return { ...bundle, records: Object.fromEntries(rest) }
}

function fits({ catalogue }: Settings, records: Bundle["records"], record: BundleRecord): boolean {
  const why = unfitRecord(catalogue, records, record)
  if (why !== undefined) log(`the bundle: ${record.title} is fetched again: ${why}`)
  return why === undefined
}

interface FetchedItem {
  /** Files at their places in a bundle. */
  directory: Directory
  facts?: Partial<BundleRecord>
}

/** An item with the record and the checksums that make it one. */
async function sealedItem(
  fetching: Fetching,
  item: BundleItem,
  name: string,
  title: string,
): Promise<{ directory: Directory; bytes: number }> {
  const { directory, facts } = await fetchItem(fetching, item, name)
  const runner = await toolbox(fetching.settings, [])
  const summed = runner
    .withMountedDirectory("/content", directory)
    .withWorkdir("/content")
    .withExec(["sh", "-c", ownText("shell/sum-files.sh")])
  const [sums, counts] = await Promise.all([summed.file("/sums").contents(), summed.stdout()])
  const [files = 0, bytes = 0] = counts.split(" ").map(Number)
  const record: BundleRecord = { kind: item.kind, title, bytes, files, ...facts }
  const text = `${JSON.stringify(record, null, 2)}\n`
  const own = `${createHash("sha256").update(text).digest("hex")}  items/${name}.json\n`
  return { bytes, directory: directory.withNewFile(`items/${name}.sha256`, `${sums}${own}`).withNewFile(`items/${name}.json`, text) }
}

async function fetchItem(fetching: Fetching, item: BundleItem, name: string): Promise<FetchedItem> {
  const { settings, pull } = fetching
  switch (item.kind) {
    case "image": {
      const image = await pull(item.references)
      const original = settings.from === "registry" ? await originalImage(settings, image) : undefined
      const archive = original?.file("image.tar") ?? image.container.asTarball()
      const directory = dag.directory().withFile(`images/${name}.tar`, archive)
      return {
        directory: original === undefined ? directory : directory.withFile(`images/${name}.manifest.json`, original.file("manifest.json")),
        facts: { reference: image.reference, pulled: original !== undefined },
      }
    }
    case "packages":
      return packagesItem(fetching, item, name)
    case "source":
      return { directory: await sourceParts(settings, item.source) }
    case "modules":
      return { directory: await importedParts(settings, item.source) }
    case "tool": {
      const like = item.source === undefined ? undefined : (await resolveSource(settings, item.source)).toolchain
      return { directory: await compiler.bundled.tool(settings, item.tool, like) }
    }
    case "helper":
      return { directory: await compiler.bundled.helper(settings, item.helper) }
    case "java":
      return { directory: await javaArtifacts(settings, item.java) }
    case "archive": {
      const { component: name, build } = item
      const summed = (await withArchiveSum(settings, name, build)).catalogue
      const { version } = pinnedArchive(summed, name)
      const plan = archiveFilePlan(
        summed,
        imageOf(summed, name) as InstalledEntry,
        build,
        "/archives",
        await settings.mirrors.of("archive"),
      )
      const fetched = await withPackages(await toolbox(settings, [], ["curl"]), plan)
      const facts = { archive: { component: name, build, version, sha256: archiveBuild(summed, name, build).sha256! } }
      return { directory: dag.directory().withDirectory("archives", fetched.directory("/archives")), facts }
    }
  }
}

/** The image as its registry has it, byte by byte, so that its digest can be computed again. */
async function originalImage(settings: Settings, { address, reference }: PulledImage): Promise<Directory | undefined> {
  const [name = "", digest] = reference.split("@")
  const from = `${(address ?? name).replace(/@.*$/, "")}@${digest}`
  try {
    const runner = await withRegistryServices(settings, await toolbox(settings, [layoutTool], toolPackages[layoutTool]))
    return await runner
      .withExec(["timeout", String(trySeconds), "bash", "-c", ownText("shell/pull-image.sh"), "pull", from, name])
      .directory("/image")
      .sync()
  } catch (error) {
    log(
      `${name}: ${from} cannot be fetched as its registry has it (${tailOf(error, 1)}): the engine's copy is taken, whose digest nothing in the bundle proves`,
    )
    return undefined
  }
}

/** Just the versions that a build installs now: what it asked the repositories, maybe days ago, counts, not what they have today. */
async function packagesItem({ settings, pull, asOf: day }: Fetching, item: PackagesItem, name: string): Promise<FetchedItem> {
  const { distribution, references, want, rhythm, folders, final } = item
  const pulled = await pull(references)
  const ready = { ...pulled, container: withFolders(pulled.container, folders ?? []) }
  const asOf = day ?? (rhythm === undefined ? undefined : periodOf(rhythm, new Date()))
  const prepared = await withSystemPackages(settings, ready, distribution, want, { asOf, final })
  const added = await addedPackages(pulled.container, prepared)
  const facts = { image: pulled.reference, set: packageSet(firstIn(references, "image"), want), packages: packageVersions(added) }
  if (added.length === 0) return { directory: dag.directory(), facts }
  const exact = added.map((line) => line.split(" ")[2] ?? "")
  const mirrors = await packageMirrors(settings, distribution)
  const plan = planPackages({ distribution, want: exact, mirrors, limitSeconds: trySeconds })
  const fetched = await fetchedPackages(pulled.container, plan)
  return { directory: dag.directory().withDirectory(`packages/${name}`, await indexed(settings, fetched)), facts }
}

/** What a container has beyond another one. */
export async function addedPackages(before: Container, after: Container): Promise<string[]> {
  const [old, all] = await Promise.all([installedPackages(before), installedPackages(after)])
  // Keys that rpm has learnt are among its packages, and nothing that can be fetched.
  return all.filter((line) => !old.includes(line) && !line.startsWith("gpg-pubkey "))
}

/** NAME VERSION SPECIFICATION, the last one as the distribution's package manager takes it. */
async function installedPackages(container: Container): Promise<string[]> {
  return (await container.withExec(["sh", "-c", ownText("shell/list-packages.sh"), "list", "specifications"]).stdout()).trim().split("\n")
}

export function packageVersions(lines: string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => line.split(" ").slice(0, 2)))
}

/** apt's and apk's repositories have their index from their own tools; rpm's is made with one that Debian has. */
async function indexed(settings: Settings, folder: Directory): Promise<Directory> {
  if ((await folder.glob("**/*.rpm")).length === 0) return folder
  const runner = await toolbox(settings, [], ["createrepo-c"])
  return runner.withDirectory("/repository", folder).withExec(["createrepo_c", "--quiet", "/repository"]).directory("/repository")
}

async function sourceParts(settings: Settings, name: string): Promise<Directory> {
  const entry = sourceEntry(settings.catalogue, name)
  const source = await resolveSource({ ...settings, custom: undefined }, name)
  return toolchainFor(entry).bundled.source(settings, source, entry, pinnedSource(settings.catalogue, name))
}

/** A custom source comes along with each call; only what its programs import must be there, the rest where it can be fetched. */
async function importedParts(settings: Settings, name: string): Promise<Directory> {
  const source = await resolveSource(settings, name)
  return toolchainFor(sourceEntry(settings.catalogue, name)).bundled.imports(settings, source, programsOfSource(settings.catalogue, name))
}
