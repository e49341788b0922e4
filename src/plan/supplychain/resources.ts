// What an image's provenance is made of.

import type { SourceFacts } from "../build/image.js"

export interface ProvenanceSource extends SourceFacts {
  url: string
  module: string
  /** The checksum of the source in its toolchain's registry, where it is pinned by one. */
  sum?: string
  /** Of the caller's own: its commit says nothing about edits in a folder or an overlay. */
  custom: boolean
}

/** A ResourceDescriptor of in-toto's. */
export interface ProvenanceResource {
  uri: string
  digest?: Record<string, string>
  annotations?: Record<string, unknown>
}
