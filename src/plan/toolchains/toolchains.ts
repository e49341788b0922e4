// The toolchains by name.

import { entryOf } from "../../base/entries.js"
import { unknownName } from "../../base/nearest.js"
import type { Catalogue, InstalledEntry, SourceEntry } from "../../catalogue/types.js"
import { go } from "./go/toolchain.js"
import { helperToolchain } from "./helpers.js"
import { node } from "./node/toolchain.js"
import { python } from "./python/toolchain.js"
import { rust } from "./rust/toolchain.js"
import type { ToolchainPlan } from "./toolchain.js"

export const toolchains: Record<string, ToolchainPlan> = { go, node, python, rust }

export function toolchainNamed(name: string): ToolchainPlan {
  return entryOf("toolchain", toolchains, name)
}

export function toolchainOf(entry: SourceEntry): ToolchainPlan {
  return toolchainNamed(entry.toolchain)
}

/** One that makes programs. */
export function programsBy(entry: SourceEntry): ToolchainPlan & Required<Pick<ToolchainPlan, "dockerfileStages">> {
  const found = toolchainOf(entry)
  if (found.dockerfileStages === undefined)
    throw new Error(`${found.title} makes no programs: ${entry.title} can be the content of a component alone`)
  return { ...found, dockerfileStages: found.dockerfileStages }
}

/** One that makes files. */
export function contentBy(entry: SourceEntry): ToolchainPlan & Required<Pick<ToolchainPlan, "contentStages">> {
  const found = toolchainOf(entry)
  if (found.contentStages === undefined)
    throw new Error(`${found.title} makes no files: ${entry.title} cannot be the content of a component`)
  return { ...found, contentStages: found.contentStages }
}

/** Where the toolchain of a component's content has the program that runs it. */
export function runtimeOf({ sources }: Pick<Catalogue, "sources">, { content }: InstalledEntry): string {
  if (content === undefined) throw new Error("a runtime runs content, and this component has none")
  const { title, runtime } = toolchainOf(sources[content.source]!)
  if (runtime === undefined) throw new Error(`${title} has no runtime that goes into an image: name packages that bring one`)
  return runtime
}

/** What a component wants of its content, the toolchain must be able to give. */
function checkContent(catalogue: Pick<Catalogue, "sources">, component: InstalledEntry): void {
  const { content, install } = component
  if (Object.values(install).some(({ runtime }) => runtime)) runtimeOf(catalogue, component)
  if (content === undefined) return
  const { title, separatesPackages } = contentBy(catalogue.sources[content.source]!)
  if (content.packages && !separatesPackages) throw new Error(`${title} brings its packages anyway: remove content.packages`)
}

/** Before anything is built: each source must name a toolchain that there is. */
export function checkToolchains({ stack, sources, components, pins }: Catalogue): void {
  for (const [name, { toolchain }] of Object.entries(sources)) {
    let image: string
    try {
      image = toolchainNamed(toolchain).image
    } catch (error) {
      throw new Error(`stack ${stack}: stack.yaml: sources.${name}.toolchain: ${(error as Error).message}`)
    }
    if (pins.images[image] === undefined)
      throw new Error(
        `stack ${stack}: versions.yaml has no images.${image}, which source ${name} is built with: docs/stacks.md has an example`,
      )
  }
  for (const component of Object.values(components)) {
    const { kind, name } = component
    try {
      if (kind === "program") programsBy(sources[component.source]!)
      if (kind === "installed") checkContent({ sources }, component)
    } catch (error) {
      throw new Error(`stack ${stack}: stack.yaml: components.${name}: ${(error as Error).message}`)
    }
  }
}

/** Those that a stack's builds use: for its sources, and for this project's own programs. */
export function usedToolchains({ sources }: Catalogue): ToolchainPlan[] {
  return [...new Set([helperToolchain, ...Object.values(sources).map(toolchainOf)])]
}

/** How programs lie in an image: several can be one file only where the toolchain merges them. */
export function layoutOf<Layout extends string>({ merges }: Pick<ToolchainPlan, "merges">, given: Layout): Layout | "separate" {
  return merges ? given : "separate"
}

/** How a source's programs are built: as the caller says it, else in the toolchain's own way. */
export function builderOf({ builders }: ToolchainPlan, given = builders[0]): string {
  if (!builders.includes(given)) throw unknownName("value of --builder", given, builders)
  return given
}

/** Before it is known what is built: the name must be one that some toolchain has. */
export function knownBuilder(given?: string | null): string | undefined {
  const known = Object.values(toolchains).flatMap(({ builders }) => builders)
  if (!given || known.includes(given)) return given || undefined
  throw unknownName("value of --builder", given, known)
}
