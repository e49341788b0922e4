// The remote images that a catalogue's builds, tests and running stack need.

import { pinnedImage } from "../../catalogue/lookup.js"
import type { BaseEntry, Catalogue } from "../../catalogue/types.js"
import { baseOf, readBase, referenceOf } from "../build/components.js"
import type { BytesFrom } from "../build/origins.js"
import { serviceOf } from "../stack/services.js"
import { compilerImageNames, compilerImages } from "../toolchains/images.js"
import type { FoundImage } from "./wantedImages.js"

/** What decides which of them are pulled. */
export interface ImageChoice {
  from: BytesFrom
  /** --base. */
  base: string
  /** The versions of their toolchains that sources ask for, by source; those that could not be asked are missing. */
  sourceVersions: Record<string, string>
}

/** Where packages take the place of an image. */
const registryOnly = "--bases=registry"

export function catalogueImages(catalogue: Catalogue, choice: ImageChoice): FoundImage[] {
  const { bases, components, services } = catalogue
  const only = choice.from === "packages" ? registryOnly : undefined
  const tools = choice.from === "packages" ? "compilers, tools and services, from Debian's packages" : "tools that publish, list and sign"
  const found: FoundImage[] = [
    ...Object.keys(bases).flatMap((name) => {
      const chosen = readBase(choice.base).name === name ? choice.base : undefined
      return baseImages(name, baseOf(catalogue, chosen ?? name), chosen)
    }),
    [pinnedImage(catalogue, "debian"), { where: "builds", stage: "build", purpose: tools }],
    ...buildImages(catalogue, choice, only),
    [pinnedImage(catalogue, "node"), { where: "unit tests, tests on a stack", stage: "test", purpose: "Node" }],
  ]
  for (const { name, purpose, origin } of Object.keys(services).map((service) => serviceOf(catalogue, service))) {
    if ("image" in origin) found.push([pinnedImage(catalogue, origin.image), { where: `service ${name}`, stage: "run", purpose, only }])
  }
  for (const component of Object.values(components)) {
    if (component.kind !== "reference") continue
    found.push([referenceOf(catalogue, component), { where: component.name, stage: "run", purpose: component.purpose }])
  }
  return [...found, ...otherImages(catalogue)]
}

function baseImages(name: string, { image, alternatives }: BaseEntry, chosen?: string): FoundImage[] {
  const where = `base ${name}`
  const only = chosen === undefined ? `--base=${name}` : undefined
  const use = { where, stage: "final", purpose: "base of final images", only }
  const instead = { ...use, purpose: "the same base elsewhere", only: `--base=${chosen ?? name}, where the one before is refused` }
  return [[image, use], ...alternatives.map((alternative): FoundImage => [alternative, instead])]
}

/** Every version of a compiler that something asks for. */
function buildImages(catalogue: Catalogue, { sourceVersions }: ImageChoice, only?: string): FoundImage[] {
  const { services } = catalogue
  const standIns = new Map<string, string>()
  for (const { origin } of Object.values(services)) {
    if ("image" in origin && origin.packaged.tool !== undefined) standIns.set(origin.packaged.tool, pinnedImage(catalogue, origin.image))
  }
  return compilerImages(catalogue, sourceVersions).map(({ reference, purpose, where, tool }) => {
    const instead = tool === undefined ? undefined : standIns.get(tool)
    const lacking = instead === undefined ? undefined : `where ${instead} is refused`
    return [reference, { where, stage: "build", purpose, only: only ?? lacking }]
  })
}

/** Images that versions.yaml pins for nothing that is known here are needed all the same: somebody has written them down. */
function otherImages(catalogue: Catalogue): FoundImage[] {
  const { pins, services } = catalogue
  const used = new Set([...compilerImageNames(catalogue), "debian", "node"])
  for (const { origin } of Object.values(services)) if ("image" in origin) used.add(origin.image)
  const others = Object.entries(pins.images).filter(([name]) => !used.has(name))
  return others.map(([name, reference]) => [reference, { where: `images.${name}`, stage: "build", purpose: "pinned in versions.yaml" }])
}
