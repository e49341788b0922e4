// Where Go itself comes from, in the order in which that is tried.

import type { BytesFrom } from "../../build/origins.js"

export type GoOrigin = "image" | "distribution"

/** The same version has the same bytes everywhere: an official image or Go's toolchain module. */
export function goOrigins(from: BytesFrom, bundled = false): GoOrigin[] {
  if (bundled) return ["distribution"]
  return from === "registry" ? ["image", "distribution"] : ["distribution", "image"]
}

/** Go of the distribution, which fetches any other version itself. */
export const goPackages = ["ca-certificates", "golang-go"]
