// Where Rust comes from, in the order in which that is tried.

import type { BytesFrom } from "../../build/origins.js"

export type RustOrigin = "image" | "distribution"

export function rustOrigins(from: BytesFrom, bundled = false): RustOrigin[] {
  if (bundled) return ["distribution"]
  return from === "registry" ? ["image", "distribution"] : ["distribution", "image"]
}

/**
 * The newest Rust of Debian stable is the one that its browsers are built with; it brings a linker. Newer Rust compiles older code.
 * cargo-auditable writes the list of crates into programs.
 */
export const rustPackages = ["ca-certificates", "cargo-web", "cargo-auditable"]
