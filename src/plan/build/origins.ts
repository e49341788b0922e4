// Where sources, Go and base images come from, in the order in which that is tried.

import type { Catalogue } from "../../catalogue/types.js"
import { referenceOf } from "./components.js"

export type BytesFrom = "registry" | "packages"

/** "auto" is settled by the engine: one that was built from packages says so. Nothing probes the network here. */
export function bytesFrom(bases: string, engineSays: string | undefined): BytesFrom {
  switch (bases) {
    case "registry":
    case "packages":
      return bases
    case "auto":
      return engineSays === "packages" ? "packages" : "registry"
    default:
      throw new Error(`unknown value "${bases}" for --bases. Known: auto, registry, packages`)
  }
}

export type SourceOrigin = "git" | "module"

/** A machine with a registry mostly has GitHub too; one without has the Go module proxy. */
export function sourceOrigins(from: BytesFrom, bundled = false): SourceOrigin[] {
  if (bundled) return ["module"]
  return from === "registry" ? ["git", "module"] : ["module", "git"]
}

export type GoOrigin = "image" | "distribution"

/** The same version has the same bytes everywhere: an official image or Go's toolchain module. */
export function goOrigins(from: BytesFrom, bundled = false): GoOrigin[] {
  if (bundled) return ["distribution"]
  return from === "registry" ? ["image", "distribution"] : ["distribution", "image"]
}

/** The images that an engine from packages is made with (host/build/base-images.ts): it never has to fetch these. */
export const engineImages = [
  "docker.io/library/debian:bookworm-slim",
  "docker.io/library/debian:trixie-slim",
  "docker.io/library/node:24-trixie-slim",
]

/** Every base image that builds may pull, with each of these versions of Go, and the images that are only referenced. */
export function baseReferences(catalogue: Catalogue, goVersions: string[]): string[] {
  const { bases, components, pins } = catalogue
  const { golang, ...others } = pins.images
  const referenced = Object.values(components).flatMap((entry) => (entry.kind === "reference" ? [referenceOf(catalogue, entry)] : []))
  const own = Object.values(bases).flatMap((base) => [base.image, ...base.alternatives])
  const go = goVersions.map((version) => golang.replace("{version}", version))
  return [...new Set([...own, ...Object.values(others), ...go, ...referenced])].filter((reference) => !reference.includes("@"))
}

/**
 * References by their pinned digest. An engine from packages has built these images by itself: their digests are its own, and
 * the packages' versions in the plan say what is in them.
 */
export function pinnedReferences(from: BytesFrom, digests: Record<string, string>, references: string[]): string[] {
  return references.map((reference) => {
    const digest = from === "registry" ? digests[reference] : undefined
    return digest === undefined ? reference : `${reference}@${digest}`
  })
}
