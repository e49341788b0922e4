// Where sources and base images come from, in the order in which that is tried.

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

/** A machine with a registry mostly has GitHub too; one without has the toolchain's package registry. */
export function sourceOrigins(from: BytesFrom, bundled = false): SourceOrigin[] {
  if (bundled) return ["module"]
  return from === "registry" ? ["git", "module"] : ["module", "git"]
}

/** Of a compiler. */
export type CompilerOrigin = "image" | "distribution"

export function compilerOrigins(from: BytesFrom, bundled = false): CompilerOrigin[] {
  if (bundled) return ["distribution"]
  return from === "registry" ? ["image", "distribution"] : ["distribution", "image"]
}

/** The images that an engine from packages is made with (host/build/base-images.ts): it never has to fetch these. */
export const engineImages = [
  "docker.io/library/debian:bookworm-slim",
  "docker.io/library/debian:trixie-slim",
  "docker.io/library/node:24-trixie-slim",
]

/**
 * References by their pinned digest. An engine from packages has built these images itself: their digests are its own, and
 * the packages' versions in the plan say what is in them.
 */
export function pinnedReferences(from: BytesFrom, digests: Record<string, string>, references: string[]): string[] {
  return references.map((reference) => {
    const digest = from === "registry" ? digests[reference] : undefined
    return digest === undefined ? reference : `${reference}@${digest}`
  })
}
