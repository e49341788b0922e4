// What one call has settled before it builds anything.

import { type Directory } from "@dagger.io/dagger"
import type { Catalogue } from "../catalogue/types.js"
import type { BytesFrom } from "../plan/origins.js"
import type { PackageRequest } from "../plan/packageTypes.js"

export interface Settings {
  catalogue: Catalogue
  from: BytesFrom
  /** A checkout that replaces the pinned source. */
  checkout?: Directory
  /** Another version than the pinned one. */
  version?: string
  goproxy?: string
  mirrors: PackageRequest["mirrors"]
  /** Other addresses of git repositories and referenced images than the catalogue's, by name. */
  upstreams: Record<string, string>
  /** No step's earlier result is used, and no compiler's cache: for comparing two builds. */
  fresh?: string
}

/** Refused attempts are worth a line in the log of the call. */
export function log(line: string): void {
  console.error(line)
}
