// A source as it was found: its files, what is known of them, and where they come from.

import type { Directory } from "@dagger.io/dagger"
import type { SourceFacts } from "../../plan/build/image.js"
import type { ToolchainVersion } from "../../plan/build/inputs.js"

export interface FoundSource {
  directory: Directory
  facts: SourceFacts
  /** Where it came from, for the plan. */
  origin: string
  /** Its files have modes as git keeps them already. */
  plainModes?: true
  /** The repository, and the folder of its manifest there, where that is not the top one. */
  within?: { root: Directory; path: string }
}

/** All that a build may read, and the folder of the manifest in it. */
export function wholeOf({ directory, within }: FoundSource): { root: Directory; path: string } {
  return within ?? { root: directory, path: "." }
}

export interface ResolvedSource extends FoundSource {
  toolchain: ToolchainVersion
}

/** What reproducible builds put where a source has no time. */
export const unknownTime = "1970-01-01T00:00:00Z"
