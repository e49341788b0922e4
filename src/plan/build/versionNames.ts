// Versions as callers write them.

import type { Catalogue } from "../../catalogue/types.js"
import { pinnedVersion } from "../publish/publishedAs.js"

/** Tags mostly begin with a v, and people mostly leave it out. What name stands for is a component, a source, an archive or an image. */
export function checkVersionName(catalogue: Catalogue, name: string, version: string): void {
  const { sources, archives, references } = catalogue.pins
  const component = Object.hasOwn(catalogue.components, name) ? catalogue.components[name] : undefined
  const pinned = sources[name]?.version ?? archives[name]?.version ?? references[name] ?? (component && pinnedVersion(catalogue, component))
  if (pinned === undefined) return
  if (/^v\d/.test(pinned) && /^\d/.test(version))
    throw new Error(`--version=${version}: the versions of ${name} begin with a v: --version=v${version}`)
  if (/^\d/.test(pinned) && /^v\d/.test(version))
    throw new Error(`--version=${version}: the versions of ${name} have no v: --version=${version.slice(1)}`)
}

/** For functions that never build another version. */
export function checkPinned(version?: string): void {
  if (!version) return
  throw new Error(
    `--version=${version}: only functions that build one component take another version: build, archive, digest, binaries, publish, sbom, provenance and scan. ` +
      "bump pins another version for all functions",
  )
}
