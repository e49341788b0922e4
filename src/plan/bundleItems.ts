// What builds take from outside, item by item: what prewarm fetches, and what an offline bundle must hold. In a bundle everything is
// made from packages, whatever the machine that filled it can reach: base images are the only images in it.

import { unknownName } from "../catalogue/nearest.js"
import type { Catalogue, ImageEntry } from "../catalogue/types.js"
import { baseOf, imageOf } from "./components.js"
import { shortDigest } from "./inputs.js"
import { installOf, packagesOf } from "./packaged.js"
import type { WantedPackage } from "./packageTypes.js"
import { runnableSuites, serviceOf, startOrder } from "./services.js"

/** One thing that is fetched as a whole. */
export type BundleItem =
  | { kind: "image"; references: string[] }
  /** With all that they need and the image does not have; `folders` must be there before. */
  | { kind: "packages"; image: string; distribution: string; want: (string | WantedPackage)[]; rhythm?: string; folders?: string[] }
  /** A product's source, all modules that it names, and its version of Go. */
  | { kind: "source"; source: string }
  /** A tool of versions.yaml; `source` names the one whose Go builds it, where that is new enough. */
  | { kind: "tool"; tool: string; source?: string }
  /** What a program below go/ imports. */
  | { kind: "helper"; helper: string }
  /** The libraries of a program below java/, and what builds it. */
  | { kind: "java"; java: string }
  | { kind: "archive"; component: string; build: string }

export interface BundleWish {
  components: string[]
  base: string
  /** Tools of versions.yaml beside those that components need. */
  tools: string[]
  /** Services that take the place of official images. */
  services: string[]
}

/** What prewarm is asked for; without names all that can be built. A single program needs nothing more than its suite. */
export function prewarmWish(catalogue: Catalogue, asked: Omit<BundleWish, "services"> & { services: boolean }): BundleWish {
  const odd = asked.tools.find((tool) => !Object.hasOwn(catalogue.pins.tools, tool))
  if (odd !== undefined) throw unknownName("tool", odd, Object.keys(catalogue.pins.tools))
  const all = Object.values(catalogue.components).filter(({ kind }) => kind === "suite" || kind === "packaged")
  const components = asked.components.length > 0 ? asked.components : all.map(({ name }) => name)
  const suites = runnableSuites(catalogue).map(({ name }) => name)
  return { ...asked, components, services: asked.services ? stackServices(catalogue, suites) : [] }
}

/** The services that run with these suites, and the one that shows them to the machine. */
export function stackServices(catalogue: Catalogue, suites: string[]): string[] {
  const { services } = startOrder(catalogue, suites)
  return [...new Set([...services, ...(catalogue.front ? [catalogue.front.service] : [])])]
}

/** What rewrites images, so that every component has its digest. */
export const layoutTool = "regctl"

/** What builds by a source's own magefile. */
const magefileTool = "mage"

/** Go of the distribution, which fetches any other version by itself. */
export const goPackages = ["ca-certificates", "golang-go"]

/** Everything that these builds ask for, each item once, the larger kinds last. */
export function bundleItems(catalogue: Catalogue, { components, base, tools, services }: BundleWish): BundleItem[] {
  const parts = services.map((name) => serviceOf(catalogue, name))
  const ofServices = parts.flatMap(({ origin }) => ("component" in origin ? [origin.component] : []))
  const entries = [...new Set([...components, ...ofServices])].map((name) => imageOf(catalogue, name))
  const packaged = parts.flatMap(({ origin }) => ("component" in origin ? [] : [origin.packaged]))
  const debian = catalogue.pins.images.debian
  const onDebian = (want: string[], folders?: string[]): BundleItem => ({ kind: "packages", image: debian, distribution: "debian", want, folders })
  const items: BundleItem[] = [
    { kind: "image", references: [debian] },
    onDebian(goPackages),
    onDebian(["ca-certificates"]),
    { kind: "tool", tool: layoutTool },
    ...tools.filter((tool) => tool !== magefileTool).map((tool): BundleItem => ({ kind: "tool", tool })),
    ...entries.flatMap((entry) => componentItems(catalogue, entry, base, tools.includes(magefileTool))),
    ...packaged.flatMap(({ packages, tool, helper, java }): BundleItem[] => [
      ...(java === undefined ? [onDebian(["ca-certificates", ...packages])] : javaPackages.map((more) => onDebian(["ca-certificates", ...more], javaFolders))),
      ...(tool === undefined ? [] : [{ kind: "tool", tool } as const]),
      ...(helper === undefined ? [] : [{ kind: "helper", helper } as const]),
      ...(java === undefined ? [] : [{ kind: "java", java } as const]),
    ]),
    // What supervises each service of a stack.
    ...(parts.length === 0 ? [] : [{ kind: "tool", tool: "pebble" } as const, { kind: "helper", helper: "stackctl" } as const]),
  ]
  const unique = new Map(items.map((item) => [itemTitle(catalogue, item), item]))
  return [...unique.values()]
}

/** What runs Java, and what builds it. */
export const javaPackages = [["openjdk-21-jre-headless"], ["maven", "openjdk-21-jdk-headless"]]

/** Its packages link their manuals into this folder, which slim images do not have. */
export const javaFolders = ["/usr/share/man/man1"]

function componentItems(catalogue: Catalogue, entry: ImageEntry, baseName: string, magefile: boolean): BundleItem[] {
  const base = baseOf(catalogue, baseName)
  const onBase = (more: WantedPackage[], rhythm?: string): BundleItem[] => [
    { kind: "image", references: [base.image, ...base.alternatives] },
    { kind: "packages", image: base.image, distribution: base.distribution, want: [...base.packages, ...more], rhythm },
  ]
  if (entry.kind !== "packaged") {
    // Compiled by the source's own Go.
    const tools = [...(entry.kind === "suite" ? ["pebble"] : []), ...(magefile ? [magefileTool] : [])]
    return [...onBase([]), { kind: "source", source: entry.source }, ...tools.map((tool): BundleItem => ({ kind: "tool", tool, source: entry.source }))]
  }
  const install = installOf(catalogue, entry, base)
  const archive: BundleItem[] = install.archive === undefined ? [] : [
    { kind: "packages", image: catalogue.pins.images.debian, distribution: "debian", want: ["ca-certificates", "curl"] },
    { kind: "archive", component: entry.name, build: install.archive },
  ]
  const helper: BundleItem[] = entry.helper === undefined ? [] : [{ kind: "helper", helper: entry.helper }]
  return [...onBase(packagesOf(install, base), entry.rhythm), ...archive, ...helper]
}

/** What people read; different items have different titles. */
export function itemTitle(catalogue: Catalogue, item: BundleItem): string {
  const { pins, sources } = catalogue
  switch (item.kind) {
    case "image":
      return `image ${shortName(item.references[0])}`
    case "packages":
      return `packages ${packageSet(item.image, item.want)}`
    case "source":
      return `Go modules of ${sources[item.source].title} ${pins.sources[item.source].version}`
    case "tool":
      return `Go modules of ${item.tool} ${pins.tools[item.tool]?.version ?? ""}`.trim()
    case "helper":
      return `Go modules of go/${item.helper}`
    case "java":
      return `Maven artifacts of java/${item.java}`
    case "archive":
      return `archive of ${item.component} ${pins.archives[item.component].version} for ${item.build}`
  }
}

/**
 * The name of an item's files in a bundle. It changes with all that decides what must be in them, so that a bundle of other pins lacks
 * it; `text` is that of the file with a program's own checksums (go.sum, libs.sha256).
 */
export function itemName(catalogue: Catalogue, item: BundleItem, text = ""): string {
  const { pins } = catalogue
  const digest = (content: unknown) => shortDigest(content).slice(0, 8)
  switch (item.kind) {
    case "image":
      return plain(`image-${shortName(item.references[0])}`)
    case "packages":
      return plain(`packages-${shortName(item.image)}-${digest([item.distribution, namesOf(item.want)])}`)
    case "source": {
      const { version, commit, sum } = pins.sources[item.source]
      return plain(`source-${item.source}-${version}-${digest([commit, sum])}`)
    }
    case "tool":
      return plain(`tool-${item.tool}-${pins.tools[item.tool].version}`)
    case "helper":
      return plain(`helper-${item.helper}-${digest(text)}`)
    case "java":
      return plain(`java-${item.java}-${digest(text)}`)
    case "archive": {
      const { version, builds } = pins.archives[item.component]
      return plain(`archive-${item.component}-${version}-${item.build}-${digest(builds[item.build].sha256)}`)
    }
  }
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
export function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, "-")
}

/** What a bundle says about one of its items. */
export interface BundleRecord {
  kind: BundleItem["kind"]
  title: string
  bytes: number
  /** Of an image: its name with the digest of what was pulled. */
  reference?: string
  /** Of an image: whether it was pulled from a registry, so that others can pull it by its digest. */
  pulled?: boolean
  /** Of packages: the image that they were resolved on, as `reference`, and the version of each. */
  image?: string
  packages?: Record<string, string>
}

export function readBundleRecord(name: string, text: string): BundleRecord {
  try {
    return JSON.parse(text) as BundleRecord
  } catch {
    throw new Error(`the bundle is damaged: items/${name}.json cannot be read. Copy it again, or make it again with prewarm`)
  }
}

/** The call cannot go on without these. */
export function missingItems(titles: string[], has: string[]): Error {
  const list = titles.length > 5 ? [...titles.slice(0, 5), `${titles.length - 5} more`] : titles
  return new Error(
    `the bundle has no ${list.join("; no ")}. It has: ${has.length > 0 ? has.join("; ") : "nothing"}. ` +
      "Next: where there is a network, with these sources and options, ./daggerw call prewarm --components=… export --path=BUNDLE",
  )
}
