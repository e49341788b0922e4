// Changes versions.yaml as a person would: comments, order and blank lines stay.

import { type Document, isMap, isScalar, parseDocument, Scalar, type YAMLMap } from "yaml"
import type { ArchivePin, ArchiveVersion, PinnedSource, SourcePin } from "../../catalogue/types.js"

/** Pins another version of a source; the one before is kept at the head of its previous ones. */
export function withSourcePin(text: string, name: string, before: PinnedSource, pin: SourcePin): string {
  const { previous, ...current } = before
  const kept = [current, ...previous.filter((old) => !samePin(old, pin) && !samePin(old, current))]
  return edited(text, (document) => {
    const map = mappingAt(document, ["sources", name])
    for (const [key, value] of Object.entries(ordered(pin))) setText(map, key, value)
    if (pin.sum === undefined) map.delete("sum")
    map.set("previous", document.createNode(kept.map((old) => pinNode(document, old))))
    map.items.sort((a, b) => keys.indexOf(String(a.key)) - keys.indexOf(String(b.key)))
  })
}

const keys = ["version", "commit", "sum", "created", "previous"]

/** The pin of this version, the present one or an earlier one. */
export function pinOf({ previous, ...current }: PinnedSource, version: string): SourcePin | undefined {
  return [current, ...previous].find((pin) => pin.version === version)
}

export function samePin(a: SourcePin, b: SourcePin): boolean {
  return a.version === b.version && a.commit === b.commit
}

export function withReferenceTag(text: string, name: string, before: string, previous: string[], tag: string): string {
  return edited(text, (document) => {
    setText(mappingAt(document, ["references"]), name, tag)
    const kept = [before, ...previous.filter((old) => old !== tag && old !== before)]
    document.setIn(["previousReferences", name], document.createNode(kept, { flow: true }))
  })
}

/** Another version of a component's archives, with the checksums of its builds. */
export function withArchive(text: string, name: string, before: ArchivePin, to: ArchiveVersion): string {
  const sha256 = Object.entries(before.builds).flatMap(([build, { sha256 }]) => (sha256 === undefined ? [] : [[build, sha256]]))
  const left: ArchiveVersion = { version: before.version, sha256: Object.fromEntries(sha256) }
  const kept = [left, ...before.previous.filter((old) => old.version !== to.version && old.version !== left.version)]
  return edited(text, (document) => {
    const map = mappingAt(document, ["archives", name])
    setText(map, "version", to.version)
    for (const build of Object.keys(before.builds)) {
      const entry = mappingAt(document, ["archives", name, "builds", build])
      const sum = to.sha256[build]
      if (sum === undefined) entry.delete("sha256")
      else setText(entry, "sha256", sum)
    }
    map.set("previous", document.createNode(kept))
  })
}

/** Records the checksums of builds; those of other builds stay. */
export function withArchiveChecksums(text: string, name: string, sha256: Record<string, string>): string {
  return edited(text, (document) => {
    for (const [build, sum] of Object.entries(sha256)) setText(mappingAt(document, ["archives", name, "builds", build]), "sha256", sum)
  })
}

export function withDigests(text: string, digests: Record<string, string>): string {
  return edited(text, (document) => {
    for (const [reference, digest] of Object.entries(digests)) document.setIn(["digests", reference], digest)
  })
}

/** Locks the packages of these sets; those of other sets stay. */
export function withPackageVersions(text: string, sets: Record<string, Record<string, string>>): string {
  return edited(text, (document) => {
    for (const [set, versions] of Object.entries(sets)) {
      const node = document.createNode(versions) as YAMLMap
      // A version such as 20250419 is not a number.
      for (const { value } of node.items) if (isScalar(value)) value.type = Scalar.QUOTE_DOUBLE
      document.setIn(["packages", set], node)
    }
  })
}

function edited(text: string, change: (document: Document) => void): string {
  const document = parseDocument(text)
  change(document)
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function mappingAt(document: Document, path: string[]): YAMLMap {
  const node = document.getIn(path)
  if (!isMap(node)) throw new Error(`versions.yaml: ${path.join(".")}: expected a mapping`)
  return node
}

/** In place, so that the value's quotes and the comment behind it stay. */
function setText(map: YAMLMap, key: string, value: string): void {
  const node = map.get(key, true)
  if (isScalar(node)) node.value = value
  else map.set(key, value)
}

function ordered({ version, commit, sum, created }: SourcePin): Record<string, string> {
  return { version, ...(commit === undefined ? {} : { commit }), ...(sum === undefined ? {} : { sum }), created }
}

function pinNode(document: Document, pin: SourcePin): YAMLMap {
  const node = document.createNode(ordered(pin)) as YAMLMap
  const created = node.get("created", true)
  // Other readers of YAML would take it for a time.
  if (isScalar(created)) created.type = Scalar.QUOTE_DOUBLE
  return node
}
