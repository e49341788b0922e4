// An offline bundle: a folder that holds all that builds take from outside. items/NAME.json says what an item is, items/NAME.sha256
// lists its files as sha256sum reads it, so that bundles are merged by copying one over the other.
//   images/NAME.tar        an OCI archive
//   packages/NAME/         a repository of the distribution's own kind with just these packages
//   go/                    what GOPROXY=file://… reads
//   maven/                 a local repository of Maven
//   archives/              downloads under their own names
//   host/                  CLI, engine and Node: of ./daggerw alone, which checks them by itself

import { dag, type Directory, type Platform } from "@dagger.io/dagger"
import type { Catalogue } from "../catalogue/types.js"
import type { BundledImage } from "../plan/baseImages.js"
import { type BundleItem, bundleItems, type BundleWish, itemName, itemTitle, missingItems, plain, readBundleRecord, shortName } from "../plan/bundleItems.js"
import { tailOf } from "./failures.js"
import type { Bundle, PulledImage, Settings } from "./settings.js"

/** Reads what is in a bundle. Whether the files are what they should be is seen by checkBundle. */
export async function readBundle(directory: Directory): Promise<Bundle> {
  const files = await directory.glob("items/*.json")
  if (files.length === 0) {
    throw new Error("--bundle is no bundle: it has no items/*.json. Make one where there is a network: ./daggerw call prewarm export --path=BUNDLE")
  }
  const names = files.map((file) => file.replace(/^items\//, "").replace(/\.json$/, ""))
  const texts = await Promise.all(files.map((file) => directory.file(file).contents()))
  return { directory, records: Object.fromEntries(names.map((name, index) => [name, readBundleRecord(name, texts[index])])) }
}

/** A call's bundle, if it has one, must hold what these builds ask for. A source of the caller's own comes along with the call. */
export async function checkNeeds({ bundle, catalogue, custom, version }: Settings, wish: BundleWish): Promise<void> {
  if (!bundle) return
  const items = bundleItems(catalogue, wish)
  const other = items.find((item) => item.kind === "source" && version !== undefined && catalogue.pins.sources[item.source].version !== version)
  if (other?.kind === "source") {
    const next = `pin it (bump --component=${other.source} --version=${version}) before the bundle is made`
    throw new Error(`the bundle has only the pinned versions, not ${catalogue.sources[other.source].title} ${version}: ${next}`)
  }
  await checkBundle(catalogue, bundle, items.filter((item) => item.kind !== "source" || item.source !== custom?.of))
}

/** Fails when the bundle lacks something that is going to be asked for, or when a file of it is not what it was. */
export async function checkBundle(catalogue: Catalogue, bundle: Bundle, items: BundleItem[]): Promise<void> {
  const { records } = bundle
  const names = await Promise.all(items.map((item) => nameOf(catalogue, item)))
  const lacking = items.filter((_, index) => !Object.hasOwn(records, names[index]))
  if (lacking.length > 0) {
    throw missingItems(lacking.map((item) => itemTitle(catalogue, item)), Object.values(records).map(({ title }) => title))
  }
  const box = await bundledImage(bundle, [catalogue.pins.images.debian])
  const checked = box.container.withMountedDirectory(mounted, bundle.directory).withWorkdir(mounted).withExec(["sh", "-c", checkFiles])
  const bad = (await checked.stdout().catch((error: unknown) => {
    throw new Error(`the bundle is damaged: ${box.reference} in it cannot be read: ${tailOf(error, 1)}. ${copyAgain}`)
  })).trim()
  if (bad !== "") {
    const lines = bad.split("\n")
    const found = lines.map((line) => {
      const [file, item] = line.split("\t")
      return `${file} (${records[item]?.title ?? item})`
    })
    const more = found.length > 5 ? [`${found.length - 5} more`] : []
    throw new Error(`the bundle is damaged: missing or changed: ${[...found.slice(0, 5), ...more].join(", ")}. ${copyAgain}`)
  }
  for (const name of names) {
    const { image, title } = records[name]
    const base = image === undefined ? undefined : records[plain(`image-${shortName(image)}`)]?.reference
    if (base !== undefined && base !== image) {
      throw new Error(`the bundle was put together from parts that do not fit: ${title} were chosen for ${image}, but it holds ${base}. Next: prewarm again`)
    }
  }
}

const copyAgain = "Next: copy it again from where it is whole (./daggerw bundle verify DIR tells), or make it again with prewarm"

/** Where a bundle, or a part of it, is while a command needs it. */
export const mounted = "/tmp/bundle"

/** FILE TAB ITEM for each file that is not as it was. An item of host/ is ./daggerw's, and not among what is given here. */
const checkFiles = `
for list in items/*.sha256; do
  item=\${list#items/} item=\${item%.sha256}
  [ "$item" = host ] && continue
  sha256sum -c --quiet "$list" 2>/dev/null | sed -n "s/: FAILED.*/\\t$item/p"
done`

/** Names of programs of this module change with what they import. */
export async function nameOf(catalogue: Catalogue, item: BundleItem): Promise<string> {
  const source = dag.currentModule().source()
  if (item.kind === "helper") return itemName(catalogue, item, await source.file(`go/${item.helper}/go.sum`).contents().catch(() => ""))
  if (item.kind === "java") return itemName(catalogue, item, await source.file(`java/${item.java}/libs.sha256`).contents())
  return itemName(catalogue, item)
}

export function bundledImage({ directory, records }: Bundle, references: string[]): PulledImage {
  const wanted = references.map(shortName)
  const [name, record] = Object.entries(records).find(([, { kind, reference }]) => kind === "image" && wanted.includes(shortName(reference ?? ""))) ?? []
  if (name === undefined || record?.reference === undefined) {
    throw missingItems([`image ${wanted[0]}`], Object.values(records).flatMap(({ kind, title }) => (kind === "image" ? [title] : [])))
  }
  const archive = directory.file(`images/${name}.tar`)
  return { container: dag.container({ platform: "linux/amd64" as Platform }).import_(archive), reference: record.reference, archive }
}

/** All images of a bundle by their names. */
export function bundledImages({ records }: Bundle): Record<string, BundledImage> {
  const found = Object.values(records).flatMap(({ reference, bytes }) => (reference === undefined ? [] : [[...reference.split("@"), bytes] as const]))
  return Object.fromEntries(found.map(([name, digest, size]) => [name, { digest, size } as BundledImage]))
}

/** The repository of just these packages. */
export async function bundledPackages(catalogue: Catalogue, { directory, records }: Bundle, item: BundleItem): Promise<Directory> {
  const name = await nameOf(catalogue, item)
  if (!Object.hasOwn(records, name)) {
    throw missingItems([itemTitle(catalogue, item)], Object.values(records).flatMap(({ kind, title }) => (kind === item.kind ? [title] : [])))
  }
  return directory.directory(`packages/${name}`)
}
