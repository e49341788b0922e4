// Compares a bundle with what could be fetched today, and locks what is in it.

import { type BundleRow, movedPackages } from "../plan/bundleCheck.js"
import { type BundleItem, bundleItems, type BundleWish, itemTitle, packageSet } from "../plan/bundleItems.js"
import { withDigests, withPackageVersions } from "../plan/pins.js"
import { pullFirst, withFolders, withSystemPackages } from "./bases.js"
import { checkBundle, nameOf } from "./bundle.js"
import { tailOf } from "./failures.js"
import { installedPackages, packageVersions } from "./prewarm.js"
import type { Bundle, Settings } from "./settings.js"

/** A row for each item that these builds need, and for each that the bundle has beyond them. */
export async function compareBundle(settings: Settings, bundle: Bundle, wish: BundleWish, moment: string): Promise<BundleRow[]> {
  const { catalogue } = settings
  await checkBundle(catalogue, bundle, [])
  const online = { ...settings, bundle: undefined }
  const items = bundleItems(catalogue, wish)
  const names = await Promise.all(items.map((item) => nameOf(catalogue, item)))
  const rows = items.map(async (item, index): Promise<BundleRow> => {
    const title = itemTitle(catalogue, item)
    const record = bundle.records[names[index]]
    if (record === undefined) return { state: "missing", title, detail: "prewarm fetches it" }
    try {
      const moved = await movedItem(online, item, record, moment)
      return moved === undefined ? { state: "current", title, detail: "-" } : { state: "moved", title, detail: moved }
    } catch (error) {
      return { state: "unknown", title, detail: `cannot be asked: ${tailOf(error, 1).replace(/\s+/g, " ").slice(0, 300)}` }
    }
  })
  const beyond = Object.entries(bundle.records).filter(([name]) => !names.includes(name))
  return [...(await Promise.all(rows)), ...beyond.map(([, { title }]): BundleRow => ({ state: "unneeded", title, detail: "./daggerw bundle prune removes it" }))]
}

/** Modules, artifacts and archives have checksums: what is pinned never moves. */
async function movedItem(settings: Settings, item: BundleItem, record: Bundle["records"][string], moment: string): Promise<string | undefined> {
  if (item.kind === "image") {
    const { reference } = await pullFirst(settings, item.references)
    return reference === record.reference ? undefined : `${record.reference?.split("@")[1]} → ${reference.split("@")[1]}`
  }
  if (item.kind !== "packages") return undefined
  const pulled = await pullFirst(settings, [item.image])
  const ready = withFolders(pulled.container, item.folders ?? [])
  const asked = { ...pulled, container: ready.withEnvVariable("ASKED_AT", moment) }
  // The newest ones, also where versions.yaml locks others.
  const unlocked = { ...settings, catalogue: { ...settings.catalogue, pins: { ...settings.catalogue.pins, packages: {} } } }
  const [before, now] = await Promise.all([pulled.container, await withSystemPackages(unlocked, asked, item.distribution, item.want)].map(installedPackages))
  const moved = movedPackages(record.packages ?? {}, packageVersions(now.filter((line) => !before.includes(line))))
  return moved.length === 0 ? undefined : moved.join(", ")
}

/** versions.yaml with what the bundle holds: versions of packages, and digests of images that a registry has. */
export async function lockedVersions(settings: Settings, bundle: Bundle, wish: BundleWish, text: string): Promise<string> {
  const { catalogue } = settings
  const items = bundleItems(catalogue, wish)
  await checkBundle(catalogue, bundle, items)
  const sets: Record<string, Record<string, string>> = {}
  const digests: Record<string, string> = {}
  for (const item of items) {
    const { packages, pulled, reference } = bundle.records[await nameOf(catalogue, item)]
    if (item.kind === "packages" && packages && Object.keys(packages).length > 0) sets[packageSet(item.image, item.want)] = packages
    if (item.kind === "image" && pulled && reference) digests[item.references[0]] = reference.split("@")[1]
  }
  return withDigests(withPackageVersions(text, sets), digests)
}
