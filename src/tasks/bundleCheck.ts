// Compares a bundle with what could be fetched today, and locks what is in it.

import { pairs } from "../base/entries.js"
import { readVersions } from "../catalogue/versions.js"
import { pullFirst, withFolders, withSystemPackages } from "../graph/build/bases.js"
import { damagedFiles, nameOf, provenImage } from "../graph/bundle/bundle.js"
import { ownSource } from "../graph/bundle/needs.js"
import { addedPackages, packageVersions } from "../graph/bundle/prewarm.js"
import { tailOf } from "../graph/call/failures.js"
import type { Bundle, Settings } from "../graph/call/settings.js"
import { toolbox } from "../graph/call/toolbox.js"
import { type BundleRow, movedPackages } from "../plan/bundle/check.js"
import { type BundleRecord, type BundleRequest, bundleItems, itemTitle, unfitRecord } from "../plan/bundle/items.js"
import type { BundleItem } from "../plan/bundle/types.js"
import { withArchiveChecksums, withDigests, withPackageVersions } from "../plan/versions/pins.js"

/** A row for each item that these builds need, and for each that the bundle has beyond them. */
export async function compareBundle(settings: Settings, bundle: Bundle, request: BundleRequest, moment: string): Promise<BundleRow[]> {
  const { catalogue } = settings
  // The newest ones, also where versions.yaml pins others.
  const pins = { ...catalogue.pins, digests: {}, packages: {} }
  const online = { ...settings, bundle: undefined, catalogue: { ...catalogue, pins } }
  const damaged = new Set((await damagedFiles(await toolbox(online, []), bundle)).map(({ item }) => item))
  const items = bundleItems(catalogue, request, await ownSource({ ...settings, bundle: undefined }))
  const names = await Promise.all(items.map((item) => nameOf(catalogue, item)))
  const rows = pairs(items, names).map(async ([item, name]): Promise<BundleRow> => {
    const title = itemTitle(catalogue, item)
    const record = bundle.records[name]
    if (record === undefined) return { state: "missing", title, detail: "prewarm fetches it" }
    if (damaged.has(name)) return { state: "damaged", title, detail: "prewarm fetches it again" }
    const unfit = unfitRecord(catalogue, bundle.records, record)
    if (unfit !== undefined) return { state: "missing", title, detail: `prewarm fetches it again: ${unfit}` }
    try {
      const moved = await movedItem(online, item, record, moment)
      return moved === undefined
        ? { state: "current", title, detail: "-" }
        : { state: "moved", title, detail: `prewarm --renew takes ${moved}` }
    } catch (error) {
      return { state: "unknown", title, detail: `cannot be asked: ${tailOf(error, 1).replace(/\s+/g, " ").slice(0, 300)}` }
    }
  })
  const beyond = Object.entries(bundle.records).filter(([name]) => !names.includes(name))
  return [
    ...(await Promise.all(rows)),
    ...beyond.map(([, { title }]): BundleRow => ({ state: "unneeded", title, detail: "not by these components" })),
  ]
}

/** Modules, artifacts and archives have checksums: what is pinned never moves. */
async function movedItem(settings: Settings, item: BundleItem, record: BundleRecord, moment: string): Promise<string | undefined> {
  if (item.kind === "image") {
    const { reference } = await pullFirst(settings, item.references)
    return reference === record.reference ? undefined : `${record.reference?.split("@")[1]} → ${reference.split("@")[1]}`
  }
  if (item.kind !== "packages") return undefined
  const pulled = await pullFirst(settings, item.references)
  const asked = { ...pulled, container: withFolders(pulled.container, item.folders ?? []).withEnvVariable("ASKED_AT", moment) }
  const added = await addedPackages(
    pulled.container,
    await withSystemPackages(settings, asked, item.distribution, item.want, { final: item.final }),
  )
  const moved = movedPackages(record.packages ?? {}, packageVersions(added))
  return moved.length === 0 ? undefined : moved.join(", ")
}

/**
 * versions.yaml with what the bundle holds: versions of packages, digests of images that a registry has, and the checksums of archives
 * that it does not record yet.
 */
export async function lockedVersions(bundle: Bundle, text: string): Promise<string> {
  const { records } = bundle
  await Promise.all(Object.entries(records).map(([name, { pulled }]) => (pulled ? provenImage(bundle, name) : undefined)))
  const sets: Record<string, Record<string, string>> = {}
  const digests: Record<string, string> = {}
  for (const { packages, pulled, reference, set } of Object.values(records)) {
    if (set !== undefined && packages !== undefined && Object.keys(packages).length > 0) sets[set] = packages
    const [name, digest] = reference?.split("@") ?? []
    if (pulled && name !== undefined && digest !== undefined) digests[name] = digest
  }
  const { archives } = readVersions("versions.yaml", text)
  const sums = Object.values(records)
    .flatMap(({ archive }) => (archive === undefined ? [] : [archive]))
    .filter(({ component, build, version }) => {
      const pin = archives[component]
      return pin?.version === version && pin.builds[build] !== undefined && pin.builds[build].sha256 === undefined
    })
  const summed = sums.reduce((before, { component, build, sha256 }) => withArchiveChecksums(before, component, { [build]: sha256 }), text)
  return withDigests(withPackageVersions(summed, sets), digests)
}
