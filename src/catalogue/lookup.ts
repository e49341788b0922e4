// Entries of the catalogue by name. Names are checked when it is read, so a missing one is a fault of the caller.

import { entryOf } from "../base/entries.js"
import type { ArchiveBuild, ArchivePin, Catalogue, PinnedSource, SourceEntry } from "./types.js"

export function sourceEntry({ sources }: Pick<Catalogue, "sources">, name: string): SourceEntry {
  return entryOf("source", sources, name)
}

export function pinnedSource({ pins }: Pick<Catalogue, "pins">, name: string): PinnedSource {
  return entryOf("pinned source", pins.sources, name)
}

export function pinnedArchive({ pins }: Pick<Catalogue, "pins">, component: string): ArchivePin {
  return entryOf("pinned archive", pins.archives, component)
}

export function archiveBuild(catalogue: Pick<Catalogue, "pins">, component: string, build: string): ArchiveBuild {
  return entryOf(`build of ${component}`, pinnedArchive(catalogue, component).builds, build)
}

export function pinnedImage({ pins }: Pick<Catalogue, "pins">, name: string): string {
  return entryOf("pinned image", pins.images, name)
}
