// The images whose digests are pinned.

import type { Catalogue } from "../../catalogue/types.js"
import { referenceOf } from "../build/components.js"
import { compilerImageNames, compilerImages } from "../toolchains/images.js"

/** Every image that builds may pull, with each version of a compiler, and the images that are only referenced. */
export function baseReferences(catalogue: Catalogue, sourceVersions: Record<string, string>): string[] {
  const { bases, components, pins } = catalogue
  const ofCompilers = compilerImageNames(catalogue)
  const others = Object.entries(pins.images).flatMap(([name, reference]) => (ofCompilers.includes(name) ? [] : [reference]))
  const referenced = Object.values(components).flatMap((entry) => (entry.kind === "reference" ? [referenceOf(catalogue, entry)] : []))
  const own = Object.values(bases).flatMap((base) => [base.image, ...base.alternatives])
  const compilers = compilerImages(catalogue, sourceVersions)
    .map(({ reference }) => reference)
    .sort()
  return [...new Set([...own, ...others, ...compilers, ...referenced])].filter((reference) => !reference.includes("@"))
}
