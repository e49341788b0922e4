// What a call is going to ask a bundle for, compared with it before anything is built.

import { entryOf, pairs } from "../../base/entries.js"
import { Problem } from "../../base/problem.js"
import { pinnedImage, pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import { shortDigest } from "../../plan/build/inputs.js"
import { type BundleRequest, bundleItems, itemTitle, missingItems, type OwnSource, unfitRecord } from "../../plan/bundle/items.js"
import type { BundleItem } from "../../plan/bundle/types.js"
import { toolchainOf } from "../../plan/toolchains/toolchains.js"
import { resolveSource } from "../build/sources.js"
import { tailOf } from "../call/failures.js"
import type { Settings } from "../call/settings.js"
import { bundledImage, damagedFiles, nameOf, provenImage } from "./bundle.js"

/** A call's bundle, if it has one, must hold what these builds ask for, unchanged, and as versions.yaml pins it. */
export async function checkNeeds(settings: Settings, request: BundleRequest): Promise<void> {
  const { bundle, catalogue, version } = settings
  if (!bundle) return
  const { records } = bundle
  const titles = Object.values(records).map(({ title }) => title)
  const pinned = bundleItems(catalogue, request)
  const other = pinned.find(
    (item) => item.kind === "source" && version !== undefined && pinnedSource(catalogue, item.source).version !== version,
  )
  if (other?.kind === "source") {
    const next = `pin it (bump --component=${other.source} --version=${version}) before the bundle is made`
    throw new Problem(`the bundle has only the pinned versions, not ${sourceEntry(catalogue, other.source).title} ${version}`, next)
  }
  const lacking = async (items: BundleItem[]) => {
    const names = await Promise.all(items.map((item) => nameOf(catalogue, item)))
    const missing = pairs(items, names).flatMap(([item, name]) => (Object.hasOwn(records, name) ? [] : [item]))
    if (missing.length > 0)
      throw missingItems(
        missing.map((item) => itemTitle(catalogue, item)),
        titles,
      )
    return names
  }
  // Without what is always needed nothing can be looked at.
  await lacking(bundleItems(catalogue, { ...request, components: [], tools: [], services: [] }))
  const debian = await bundledImage(bundle, [pinnedImage(catalogue, "debian")])
  const damaged = await damagedFiles(debian.container, bundle).catch((error: unknown) => {
    throw new Problem(`the bundle is damaged: ${debian.reference} in it cannot be read: ${tailOf(error, 1)}`, copyAgain)
  })
  if (damaged.length > 0) {
    const found = damaged.slice(0, 5).map(({ file, item }) => `${file} (${records[item]?.title ?? item})`)
    const more = damaged.length > 5 ? [`${damaged.length - 5} more`] : []
    throw new Problem(`the bundle is damaged: missing or changed: ${[...found, ...more].join(", ")}`, copyAgain)
  }
  const names = await lacking(bundleItems(catalogue, request, await ownSource(settings)))
  for (const name of names) {
    const record = entryOf("item of the bundle", records, name)
    if (record.pulled) await provenImage(bundle, name)
    const why = unfitRecord(catalogue, records, record)
    if (why !== undefined)
      throw new Problem(
        `the bundle does not fit: ${record.title}: ${why}`,
        "./daggerw call --bundle=BUNDLE prewarm export --path=BUNDLE where there is a network",
      )
  }
}

const copyAgain =
  "copy it again from where it is whole (./daggerw bundle verify DIR checks it), or ./daggerw call --bundle=BUNDLE prewarm export --path=BUNDLE where there is a network"

/** By what it imports: its other files come along with each call. */
export async function ownSource(settings: Settings): Promise<OwnSource | undefined> {
  const { custom } = settings
  if (custom === undefined) return undefined
  const { directory } = await resolveSource(settings, custom.of)
  const { lockFiles } = toolchainOf(sourceEntry(settings.catalogue, custom.of))
  const texts = await Promise.all(
    lockFiles.map((name) =>
      directory
        .file(name)
        .contents()
        .catch(() => ""),
    ),
  )
  return { source: custom.of, digest: shortDigest(texts).slice(0, 12), onPinned: custom.checkout === undefined && custom.git === undefined }
}
