// Where an artefact comes from: made here, or brought by an offline bundle. Nobody here has seen how a bundle's were made, so they are
// kept apart by name and are never taken without the bundle, nor with another one.
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { bundleDir } from "./paths"
import type { Origin } from "./records"

/** The list of a bundle's archives with their checksums, as sha256sum reads it. */
export const CHECKSUMS = "items/host.sha256"

let known: Origin | undefined | null = null

/** The call's bundle, where it has archives for this wrapper. Its mark stands for just these archives; daggerw derives the same. */
export function bundleOrigin(): Origin | undefined {
  if (known === null) {
    const list = bundleDir && join(bundleDir, CHECKSUMS)
    known =
      list && existsSync(list)
        ? { mark: createHash("sha256").update(readFileSync(list)).digest("hex").slice(0, 16), folder: bundleDir! }
        : undefined
  }
  return known
}

/** The name of what a bundle brought. */
export const marked = (name: string, origin: Origin | undefined): string => (origin ? `${name}-bundle-${origin.mark}` : name)

/** May it be taken in this call? */
export const usable = (origin: Origin | undefined): boolean => origin === undefined || origin.mark === bundleOrigin()?.mark

/** The bundle that a path below the cache folder came with, by its name. */
export function originOf(path: string): Origin | undefined {
  const mark = /-bundle-([0-9a-f]{16})(?:\/|$)/.exec(path)?.[1]
  return mark === undefined ? undefined : { mark, folder: bundleDir ?? "" }
}
