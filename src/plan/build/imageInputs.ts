// The inputs of one image, from what is known of its source and base.

import type { BaseEntry, BuiltEntry, Catalogue } from "../../catalogue/types.js"
import { programsOf } from "./components.js"
import { imagePlan, type SourceFacts } from "./image.js"
import { type ImageInputs, recipeRevision, shortDigest, type ToolchainVersion } from "./inputs.js"
import { launchPlan } from "./launch.js"
import { supervisorLayer } from "./supervisor.js"

/** What the files of a source come to. */
export interface SourceDigests {
  /** By program: only the packages that it imports. */
  programs: Record<string, string>
  /** By program: why it has no digest, and cannot be built either. */
  failures: Record<string, string>
  config: string
}

export interface BaseFacts {
  /** With the digest of what was pulled. */
  reference: string
  /** A digest of all packages' versions. */
  packages: string
}

export interface InputsOf {
  component: BuiltEntry
  base: BaseEntry
  facts: SourceFacts
  toolchain: ToolchainVersion
  digests: SourceDigests
  layout: string
  builder: string
  /** What the program that starts the image is made from. */
  launcher: string[]
}

/** The layout of images whose programs were to be one binary, but could not. */
export const fallbackLayout = "separate, because they cannot be one"

/** Raise this when the same programs give another merged binary: 2 keeps pages for debugging to the programs that import them. */
const mergeRevision = 2

/** What an image's inputs say about the layout of its programs. */
function layoutInput(layout: string): string {
  return layout === "multicall" ? `${layout} ${mergeRevision}` : layout
}

export function imageInputs(catalogue: Catalogue, of: InputsOf, base: BaseFacts): ImageInputs {
  const { component, digests } = of
  const entries = programsOf(catalogue, component)
  const failed = entries.filter(({ program }) => Object.hasOwn(digests.failures, program))
  if (failed.length > 0) {
    const list = failed.map((entry) => `${entry.program}: ${digests.failures[entry.program]}`).join("; ")
    throw new Error(`${component.name} cannot be built from this source: ${list}`)
  }
  const programs = entries.map((entry) => [entry.program, digests.programs[entry.program]])
  const image = imagePlan(catalogue, component, of.base, of.facts)
  const start = [launchPlan(catalogue, component), of.launcher]
  const supervisor = component.kind === "group" && [supervisorLayer(catalogue, component), catalogue.pins.tools.pebble]
  return {
    source: shortDigest([programs, digests.config]),
    toolchain: of.toolchain,
    base: base.reference,
    packages: base.packages,
    recipe: shortDigest([
      recipeRevision,
      withoutIdentity(image),
      start,
      supervisor,
      layoutInput(of.layout),
      of.builder,
      of.base.probe,
      catalogue.user,
    ]),
  }
}

/** A new version whose files are the same needs no new image, so what only names the version stays out. */
export function withoutIdentity(image: { labels: Record<string, string> }): object {
  const identity = ["version", "revision", "created"].map((name) => `org.opencontainers.image.${name}`)
  return { ...image, labels: Object.entries(image.labels).filter(([name]) => !identity.includes(name)) }
}
