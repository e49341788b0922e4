// What builds take from outside, item by item: what prewarm fetches, and what an offline bundle must hold. In a bundle everything is
// made from packages, whatever the machine that filled it can reach: base images are the only images in it.

import { firstIn } from "../../base/entries.js"
import { unknownName } from "../../base/nearest.js"
import { Problem } from "../../base/problem.js"
import { pinnedArchive, pinnedImage, pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import type { Catalogue, ImageEntry, SourceEntry } from "../../catalogue/types.js"
import { baseOf, imageOf } from "../build/components.js"
import { shortDigest } from "../build/inputs.js"
import { launchHelper } from "../build/launch.js"
import { installOf, packagesOf, toolsOf } from "../packages/installed.js"
import { javaFolders, javaPackages } from "../packages/java.js"
import type { WantedPackage } from "../packages/types.js"
import { runnableGroups, serviceBase, serviceOf, startOrder } from "../stack/services.js"
import { helperToolchain, helperVersion } from "../toolchains/helpers.js"
import { toolchainOf, toolchains, usedToolchains } from "../toolchains/toolchains.js"
import type { BundleItem, PackagesItem } from "./types.js"

export interface BundleRequest {
  components: string[]
  base: string
  /** Tools of versions.yaml beside those that components need. */
  tools: string[]
  /** Services that take the place of official images. */
  services: string[]
}

/** The caller's own source, which takes the place of a pinned one, or lies on top of it. */
export interface OwnSource {
  source: string
  digest: string
  onPinned: boolean
}

/** What prewarm is asked for; without names all that can be built. A single program needs nothing more than its group. */
export function prewarmRequest(catalogue: Catalogue, asked: Omit<BundleRequest, "services"> & { services: boolean }): BundleRequest {
  const all = Object.values(catalogue.components).filter(
    (entry) => entry.kind === "group" || (entry.kind === "installed" && !entry.development),
  )
  const components = asked.components.length > 0 ? asked.components : all.map(({ name }) => name)
  const groups = runnableGroups(catalogue).map(({ name }) => name)
  return { ...asked, components, services: asked.services ? stackServices(catalogue, groups) : [] }
}

/** The services that run with these groups, and the one that shows them to the machine. */
export function stackServices(catalogue: Catalogue, groups: string[]): string[] {
  const { services } = startOrder(catalogue, groups)
  return [...new Set([...services, ...(catalogue.front ? [catalogue.front.service] : [])])]
}

/** What rewrites images, so that every component has its digest. */
export const layoutTool = "regctl"

/** What supervises several programs. */
const supervisorTool = "pebble"

/** Packages that a tool's container has beside it. */
export const toolPackages: Record<string, string[]> = { [layoutTool]: ["jq"], syft: ["jq"] }

/** Everything that these builds ask for, each item once. */
export function bundleItems(catalogue: Catalogue, { components, base, tools, services }: BundleRequest, own?: OwnSource): BundleItem[] {
  for (const tool of tools)
    if (!Object.hasOwn(catalogue.pins.tools, tool)) throw unknownName("tool", tool, Object.keys(catalogue.pins.tools))
  const parts = services.map((name) => serviceOf(catalogue, name))
  const ofServices = parts.flatMap(({ origin }) => ("component" in origin ? [origin.component] : []))
  const onBases = [...components.map((name) => ({ name, on: base })), ...ofServices.map((name) => ({ name, on: serviceBase }))]
  const packaged = parts.flatMap(({ origin }) => ("component" in origin ? [] : [origin.packaged]))
  const debian = pinnedImage(catalogue, "debian")
  // Compiled by each source's own version of its toolchain.
  const ofSources = [supervisorTool, ...Object.values(toolchains).flatMap(({ builders }) => builders.slice(1))]
  const onDebian = (more: string[], folders?: string[]): PackagesItem => {
    return { kind: "packages", references: [debian], distribution: "debian", want: ["ca-certificates", ...more], folders }
  }
  const helper = (name: string): BundleItem => ({ kind: "helper", helper: name })
  const items: BundleItem[] = [
    { kind: "image", references: [debian] },
    ...usedToolchains(catalogue).flatMap((toolchain) => toolchain.bundleItems(debian, catalogue)),
    onDebian([]),
    // Sources of the caller's own may come from a git server within reach.
    onDebian(["git"]),
    ...toolItems(layoutTool, onDebian),
    ...tools.filter((tool) => !ofSources.includes(tool)).flatMap((tool) => toolItems(tool, onDebian)),
    ...onBases.flatMap(({ name, on }) => componentItems(catalogue, imageOf(catalogue, name), on, onDebian, own)),
    ...packaged.flatMap(({ packages, tool, java }): BundleItem[] => [
      ...(java === undefined ? [onDebian(packages)] : Object.values(javaPackages).map((more) => onDebian(more, javaFolders))),
      ...(tool === undefined ? [] : [{ kind: "tool", tool } as const]),
      ...(java === undefined ? [] : [{ kind: "java", java } as const]),
    ]),
    // What supervises each service of a stack.
    ...(parts.length === 0 ? [] : [{ kind: "tool", tool: supervisorTool } as const, helper("stackctl")]),
  ]
  const unique = new Map(items.map((item) => [itemTitle(catalogue, item), item]))
  return [...unique.values()]
}

type OnDebian = (more: string[], folders?: string[]) => PackagesItem

function toolItems(tool: string, onDebian: OnDebian): BundleItem[] {
  return [{ kind: "tool", tool }, ...(toolPackages[tool] ? [onDebian(toolPackages[tool])] : [])]
}

function componentItems(catalogue: Catalogue, entry: ImageEntry, baseName: string, onDebian: OnDebian, own?: OwnSource): BundleItem[] {
  const base = baseOf(catalogue, baseName)
  const references = [base.image, ...base.alternatives]
  const onBase = (more: WantedPackage[], rhythm?: string, folders?: string[]): BundleItem[] => [
    { kind: "image", references },
    { kind: "packages", references, distribution: base.distribution, want: [...base.packages, ...more], rhythm, folders, final: true },
  ]
  if (entry.kind !== "installed") {
    const { source } = entry
    const mine = own?.source === source
    const [, ...builders] = toolchainOf(sourceEntry(catalogue, source)).builders
    // A stack without a pin of one does not build by it, and some are packages of the distribution.
    const pinned = builders.filter((name) => Object.hasOwn(catalogue.pins.tools, name))
    const tools = [...pinned, ...(entry.kind === "group" ? [supervisorTool] : [])]
    return [
      ...onBase([]),
      ...(mine && !own.onPinned ? [] : [{ kind: "source", source } as const]),
      ...(mine ? [{ kind: "modules", source, digest: own.digest } as const] : []),
      ...tools.map((tool): BundleItem => ({ kind: "tool", tool, source })),
      { kind: "helper", helper: launchHelper },
    ]
  }
  const install = installOf(catalogue, entry, base)
  const archive: BundleItem[] =
    install.archive === undefined ? [] : [onDebian(["curl"]), { kind: "archive", component: entry.name, build: install.archive }]
  const helper: BundleItem[] = entry.helper === undefined ? [] : [{ kind: "helper", helper: entry.helper }]
  const { java } = install
  const tool = toolsOf(install).map((one): BundleItem => ({ kind: "tool", tool: one }))
  const program: BundleItem[] = java === undefined ? [] : [onDebian(javaPackages.maven, javaFolders), { kind: "java", java }]
  const packages = onBase(packagesOf(install, base), entry.rhythm, java === undefined ? undefined : javaFolders)
  const { content } = entry
  const mine = content !== undefined && own?.source === content.source
  const files: BundleItem[] = [
    ...(content === undefined || (mine && !own.onPinned) ? [] : [{ kind: "source", source: content.source } as const]),
    ...(content !== undefined && mine ? [{ kind: "modules", source: content.source, digest: own.digest } as const] : []),
  ]
  return [...packages, ...archive, ...tool, ...program, ...helper, ...files]
}

function dependenciesOf(entry: SourceEntry, whose = ""): string {
  return `${toolchainOf(entry).dependencies} of ${whose}${entry.title}`
}

/** What people read; different items have different titles. */
export function itemTitle(catalogue: Catalogue, item: BundleItem): string {
  const { pins } = catalogue
  switch (item.kind) {
    case "image":
      return `image ${shortName(firstIn(item.references, "image"))}`
    case "packages":
      return `packages ${packageSet(firstIn(item.references, "image"), item.want)}`
    case "source":
      return `${dependenciesOf(sourceEntry(catalogue, item.source))} ${pinnedSource(catalogue, item.source).version}`
    case "modules":
      return `${dependenciesOf(sourceEntry(catalogue, item.source), "your own ")} (${item.digest})`
    case "tool":
      return `${helperToolchain.dependencies} of ${item.tool} ${pins.tools[item.tool]?.version ?? ""}`.trim()
    case "helper":
      return `${helperToolchain.dependencies} of ${helperToolchain.helperFolder(item.helper)}`
    case "java":
      return `Maven artifacts of java/${item.java}`
    case "archive":
      return `archive of ${item.component} ${pinnedArchive(catalogue, item.component).version} for ${item.build}`
  }
}

/**
 * The name of an item's files in a bundle. It changes with what is pinned and decides about them, so that a bundle of other pins lacks
 * it; `text` is that of the files that say what one of this project's own programs or folders takes.
 */
export function itemName(catalogue: Catalogue, item: BundleItem, text = ""): string {
  const { pins } = catalogue
  const digest = (...content: unknown[]) => shortDigest(content).slice(0, 8)
  switch (item.kind) {
    case "image":
      return imageName(firstIn(item.references, "image"))
    case "packages":
      return plain(`packages-${shortName(firstIn(item.references, "image"))}-${digest(item.distribution, namesOf(item.want))}`)
    case "source": {
      const { version, commit, sum } = pinnedSource(catalogue, item.source)
      return plain(`source-${item.source}-${version}-${text === "" ? digest(commit, sum) : digest(commit, sum, text)}`)
    }
    case "modules":
      return plain(`modules-${item.source}-${item.digest}`)
    case "tool": {
      const { version, ...rest } = pins.tools[item.tool] ?? { version: "" }
      return plain(`tool-${item.tool}-${version}-${digest(rest)}`)
    }
    case "helper":
      return plain(`helper-${item.helper}-${digest(text, helperVersion(catalogue))}`)
    case "java":
      return plain(`java-${item.java}-${digest(text)}`)
    case "archive":
      // Its checksum may be recorded later: the record says it.
      return plain(`archive-${item.component}-${pinnedArchive(catalogue, item.component).version}-${item.build}`)
  }
}

export function imageName(reference: string): string {
  return plain(`image-${shortName(reference)}`)
}

/** What versions.yaml calls packages that are installed together. */
export function packageSet(image: string, want: (string | WantedPackage)[]): string {
  return `${namesOf(want).join(", ")} for ${shortName(image)}`
}

function namesOf(want: (string | WantedPackage)[]): string[] {
  return want.map((one) => (typeof one === "string" ? one : one.name))
}

/** Docker Hub's own prefixes say nothing. */
export function shortName(reference: string): string {
  return reference.replace(/@.*$/, "").replace(/^docker\.io\/(library\/)?/, "")
}

/** As the name of a file. */
function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, "-")
}

/** The name of the list of what a call of prewarm wanted. */
export function requestName({ components, base, tools, services }: BundleRequest): string {
  const rest = shortDigest([base, [...tools].sort(), [...services].sort()]).slice(0, 8)
  return `${plain([...components].sort().join(",")).slice(0, 80)}-${rest}`
}

/** What a bundle says about one of its items. */
export interface BundleRecord {
  kind: BundleItem["kind"]
  title: string
  bytes: number
  /** How many there are. */
  files: number
  /** Of an image: its name with the digest of what was pulled. */
  reference?: string
  /** Of an image: whether it was pulled from a registry, so that others can pull it by its digest. */
  pulled?: boolean
  /** Of packages: the image that they were resolved on, as `reference`; what versions.yaml calls them; and the version of each. */
  image?: string
  set?: string
  packages?: Record<string, string>
  /** Of an archive: which one, and the checksum that it was compared with. */
  archive?: { component: string; build: string; version: string; sha256: string }
}

/** The checksum that an archive in a bundle was compared with. */
export function recordedSum(records: Record<string, BundleRecord>, component: string, build: string, version: string): string | undefined {
  const archives = Object.values(records).flatMap(({ archive }) => (archive === undefined ? [] : [archive]))
  return archives.find((one) => one.component === component && one.build === build && one.version === version)?.sha256
}

export function readBundleRecord(name: string, text: string): BundleRecord {
  try {
    return JSON.parse(text) as BundleRecord
  } catch {
    throw new Error(`the bundle is damaged: items/${name}.json cannot be read. Copy it again, or make it again with prewarm`)
  }
}

/** Why something in a bundle is not what this catalogue pins, or does not fit the image in it; undefined where it will do. */
export function unfitRecord(
  catalogue: Catalogue,
  records: Record<string, BundleRecord>,
  { kind, reference, pulled, image, set, packages, archive }: BundleRecord,
): string | undefined {
  const { digests, packages: locked } = catalogue.pins
  const [name, digest] = reference?.split("@") ?? []
  const pin = name === undefined ? undefined : digests[name]
  if (pulled && pin !== undefined && digest !== undefined && pin !== digest)
    return `versions.yaml pins ${pin.slice(0, 19)}, the bundle has ${digest.slice(0, 19)}`
  const sum = archive && catalogue.pins.archives[archive.component]?.builds[archive.build]?.sha256
  if (archive && sum !== undefined && sum !== archive.sha256)
    return `versions.yaml pins checksum ${sum.slice(0, 12)}, the bundle has ${archive.sha256.slice(0, 12)}`
  if (kind !== "packages" || image === undefined) return undefined
  const base = records[imageName(image)]?.reference
  if (base !== undefined && base !== image) return `they were chosen for ${image}, but the bundle has ${base}`
  const lock = set === undefined ? undefined : locked[set]
  const other = Object.keys(lock ?? {}).find((one) => lock![one] !== packages?.[one])
  return other === undefined ? undefined : `versions.yaml locks ${other} ${lock![other]}, the bundle has ${packages?.[other] ?? "none"}`
}

/** The call cannot go on without these. */
export function missingItems(titles: string[], has: string[]): Error {
  const list = titles.length > 5 ? [...titles.slice(0, 5), `${titles.length - 5} more`] : titles
  return new Problem(
    `the bundle has no ${list.join("; no ")}. It has: ${has.length > 0 ? has.join("; ") : "nothing"}`,
    "where there is a network, with these sources and options, ./daggerw call --bundle=BUNDLE prewarm --components=… export --path=BUNDLE",
  )
}
