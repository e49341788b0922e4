// A source as it was found: its files, what is known of them, and where they come from.

import { type Directory, dag } from "@dagger.io/dagger"
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

/** Where the manifest's folder lies in a container, below the folder with the whole of it. */
export function folderIn(path: string, top = "/src"): string {
  return path === "." ? top : `${top}/${path}`
}

/** The texts of those of these files that a folder has. */
export async function textsOf(folder: Directory, names: string[]): Promise<string[]> {
  const found = (await folder.entries()).filter((name) => names.includes(name))
  return Promise.all(found.map((name) => folder.file(name).contents()))
}

export interface ResolvedSource extends FoundSource {
  toolchain: ToolchainVersion
}

/** What reproducible builds put where a source has no time. */
export const unknownTime = "1970-01-01T00:00:00Z"

/**
 * The same text files as a directory that is known by them alone. The engine takes a part of a folder for another one whenever something
 * else in the folder changes, and would run every step again that is based on it.
 */
export async function byContent(directory: Directory): Promise<Directory> {
  const files = (await directory.glob("**")).filter((path) => !path.endsWith("/")).sort()
  const texts = await Promise.all(files.map((file) => directory.file(file).contents()))
  return files.reduce((made, file, index) => made.withNewFile(file, texts[index] ?? "", { permissions: 0o644 }), dag.directory())
}
