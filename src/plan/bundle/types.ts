// What builds take from outside, as items.

import type { WantedPackage } from "../packages/types.js"

/** Packages with all that they need and the image does not have; `folders` must be there before. `final`: for an image that is handed out. */
export interface PackagesItem {
  kind: "packages"
  /** One image, by its references in order. */
  references: string[]
  distribution: string
  want: (string | WantedPackage)[]
  rhythm?: string
  folders?: string[]
  final?: boolean
}

/** One thing that is fetched as a whole. */
export type BundleItem =
  | { kind: "image"; references: string[] }
  | PackagesItem
  /** A product's source, all that it names from outside, and its version of its toolchain. */
  | { kind: "source"; source: string }
  /** What the caller's own source imports; `digest` is of its lock files. */
  | { kind: "modules"; source: string; digest: string }
  /** A tool of versions.yaml; `source` names the one whose version of the toolchain builds it, where that is new enough. */
  | { kind: "tool"; tool: string; source?: string }
  /** What one of this project's own programs imports. */
  | { kind: "helper"; helper: string }
  /** The libraries of a program below java/, and what builds it. */
  | { kind: "java"; java: string }
  | { kind: "archive"; component: string; build: string }
