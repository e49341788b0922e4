// What the version watch decides about each pinned version, and how it reports that.

import { entryOf } from "../../base/entries.js"
import { unknownName } from "../../base/nearest.js"
import { table } from "../../base/table.js"
import { pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import type { Catalogue, ReferenceEntry } from "../../catalogue/types.js"
import { componentOf, referenceOf, sourceOf } from "../build/components.js"
import { type Channel, compareReleases, inChannel, newestOf, type Release, readRelease } from "./order.js"

/** What has one version: a source with all that is built from it, a referenced image, or a component from an archive. */
export interface Watched {
  name: string
  kind: "source" | "reference" | "archive"
  pinned: string
  /** The commit of a source, the digest of a referenced image where it is known: what a tag must not move away from. */
  content?: string
  /** What was pinned before, the last one first. */
  previous: string[]
}

/** What upstream has: its tags, each with its commit or digest where that is known. */
export interface UpstreamTags {
  by: string
  tags: Map<string, string | undefined>
  /** The list is complete: a tag that is missing does not exist any more. */
  complete: boolean
}

export interface WatchRow {
  component: string
  pinned: string
  newest: string | null
  decision: "current" | "update" | "moved" | "unknown"
  reason: string
  /** How the pinned tag is not what it was: pinned stays what it is, whatever the tag does. */
  moved: string | null
  /** Who answered. */
  by: string | null
}

export function watchedOf(catalogue: Catalogue): Watched[] {
  const { pins, components, sources } = catalogue
  // A folder of this project has the version that it has.
  const elsewhere = Object.keys(sources).filter((name) => sources[name]?.folder === undefined)
  const built = elsewhere.map((name): Watched => {
    const { version, commit, previous } = pinnedSource(catalogue, name)
    return { name, kind: "source", pinned: version, content: commit, previous: previous.map((pin) => pin.version) }
  })
  const referenced = Object.values(components).filter((component) => component.kind === "reference")
  const digestOf = (component: ReferenceEntry) => pins.digests[referenceOf(catalogue, component)]
  const archives = Object.values(components).flatMap(({ kind, name }): Watched[] => {
    const pin = kind === "installed" ? pins.archives[name] : undefined
    return pin === undefined ? [] : [{ name, kind: "archive", pinned: pin.version, previous: pin.previous.map((old) => old.version) }]
  })
  return [
    ...built,
    ...archives,
    ...referenced.map((component): Watched => {
      const { name } = component
      const previous = pins.previousReferences[name] ?? []
      return { name, kind: "reference", pinned: entryOf("pinned reference", pins.references, name), content: digestOf(component), previous }
    }),
  ]
}

/** By its own name, or by that of a component that is built from it. */
export function watchedNamed(catalogue: Catalogue, name: string): Watched {
  const all = watchedOf(catalogue)
  const component = Object.hasOwn(catalogue.components, name) ? catalogue.components[name] : undefined
  const group = (component && sourceOf(component)) ?? name
  const found = all.find((watched) => watched.name === group)
  if (found === undefined && component !== undefined) {
    throw new Error(`${name} has no pinned version: it is what the base distribution's packages have`)
  }
  if (found === undefined)
    throw unknownName(
      "component",
      name,
      all.map((watched) => watched.name),
    )
  return found
}

export function decide(watched: Watched, channel: Channel, upstream: UpstreamTags): WatchRow {
  const row = { component: watched.name, pinned: watched.pinned, newest: null, moved: null, by: upstream.by }
  const pinned = readRelease(watched.pinned)
  if (pinned === undefined) {
    return { ...row, decision: "unknown", reason: `${watched.pinned} is not a version such as v3.8.3, so nothing can be newer` }
  }
  const releases = [...upstream.tags.keys()].map(readRelease).filter((release) => release !== undefined)
  const newest = newestOf((releases as Release[]).filter((release) => inLine(watched, pinned, release) && inChannel(channel, release)))
  const moved = movedTag(watched, upstream)
  const common = { ...row, newest: newest?.tag ?? null, moved }
  if (newest !== undefined && compareReleases(newest, newestKnown(watched, pinned)) > 0) {
    return { ...common, decision: "update", reason: `${newest.tag} is out${moved === null ? "" : `, and ${moved}`}` }
  }
  if (moved !== null) return { ...common, decision: "moved", reason: `${moved}; the pin stays` }
  if (newest === undefined) return { ...common, decision: "unknown", reason: `upstream has no version in channel ${channel}` }
  return { ...common, decision: "current", reason: currentReason(pinned, newest, channel) }
}

/** An archive stays in its line, such as 7.0: the next one is a migration of somebody's data. */
function inLine({ kind }: Watched, pinned: Release, { prefix, version }: Release): boolean {
  const { major, minor } = pinned.version
  return prefix === pinned.prefix && (kind !== "archive" || (version.major === major && version.minor === minor))
}

/** Who went back to an earlier version does not want to be moved forward again by the next watch. */
function newestKnown(watched: Watched, pinned: Release): Release {
  const before = watched.previous.map(readRelease).filter((release) => release?.prefix === pinned.prefix)
  return newestOf([pinned, ...(before as Release[])]) as Release
}

function currentReason(pinned: Release, newest: Release, channel: Channel): string {
  const order = compareReleases(newest, pinned)
  if (order > 0) return `${newest.tag} was pinned before and left for ${pinned.tag}; bump --version=${newest.tag} goes back to it`
  if (order < 0) return `newer than ${newest.tag}, the newest of channel ${channel}`
  return `the newest of channel ${channel}`
}

function movedTag(watched: Watched, { tags, complete }: UpstreamTags): string | null {
  if (!tags.has(watched.pinned)) return complete ? `tag ${watched.pinned} is gone` : null
  const now = tags.get(watched.pinned)
  if (now === undefined || watched.content === undefined || now === watched.content) return null
  return `tag ${watched.pinned} moved from ${short(watched.content)} (pinned) to ${short(now)}`
}

function short(content: string): string {
  return content.replace(/^sha256:/, "").slice(0, 8)
}

export function unknownRow(watched: Watched, reason: string): WatchRow {
  const { name, pinned } = watched
  return { component: name, pinned, newest: null, decision: "unknown", reason, moved: null, by: null }
}

export function watchTable(rows: WatchRow[]): string {
  const reason = (row: WatchRow) => (row.by === null ? "could not be asked, see below" : row.reason)
  const lines = table(
    ["COMPONENT", "PINNED", "NEWEST", "DECISION", "REASON"],
    rows.map((row) => [row.component, row.pinned, row.newest ?? "?", row.decision, reason(row)]),
  )
  return lines + silence(rows) + warnings(rows)
}

function silence(rows: WatchRow[]): string {
  return rows
    .filter((row) => row.by === null)
    .map((row) => `${row.component}: unknown: ${row.reason}\n`)
    .join("")
}

/** Moved tags stand apart: they are what somebody has to look into. */
function warnings(rows: WatchRow[]): string {
  const moved = rows.filter((row) => row.moved !== null)
  return moved
    .map((row) => `WARNING: ${row.component}: ${row.moved}, says ${row.by}. The pin stays what it was; find out why it moved\n`)
    .join("")
}

export function updatesOf(rows: WatchRow[]): WatchRow[] {
  return rows.filter((row) => row.decision === "update")
}

export function updatesText(rows: WatchRow[]): string {
  const updates = updatesOf(rows).map((row) => `${row.component}: ${row.pinned} → ${row.newest}\n`)
  const silent = silence(rows)
  const head = updates.length > 0 ? "" : `nothing new${silent === "" ? "" : " where upstream could be asked"}\n`
  return head + updates.join("") + silent + warnings(rows)
}

/** NAME=VALUE lines for $GITHUB_OUTPUT. Tags got here by being versions, so none holds a line break. */
export function githubLines(rows: WatchRow[]): string {
  const updates = updatesOf(rows)
  const names = (list: WatchRow[]) => JSON.stringify(list.map((row) => row.component))
  return [
    ...rows.map((row) => `${row.component}=${row.decision === "update" ? row.newest : ""}`),
    `any=${updates.length > 0}`,
    `components=${names(updates)}`,
    `moved=${names(rows.filter((row) => row.moved !== null))}`,
    `unknown=${names(rows.filter((row) => row.decision === "unknown"))}`,
    "",
  ].join("\n")
}

/** Where a watched thing's versions are asked for: the catalogue's address, or the caller's. */
export function upstreamAddress(catalogue: Catalogue, watched: Watched, given: Record<string, string>): string {
  const own = given[watched.name]
  if (own !== undefined) return own
  if (watched.kind === "source") return sourceEntry(catalogue, watched.name).url
  const component = componentOf(catalogue, watched.name)
  switch (component.kind) {
    case "reference":
      return referenceOf(catalogue, component).replace(/:[^:/]*$/, "")
    case "installed":
      return component.url
    default:
      return sourceEntry(catalogue, component.source).url
  }
}

/** What must be watched for these components: their sources, and themselves where they have a version. */
export function watchedFor(catalogue: Catalogue, components: string[]): string[] {
  const made = components.map((name) => sourceOf(componentOf(catalogue, name)) ?? name)
  const watched = watchedOf(catalogue).map(({ name }) => name)
  return [...new Set(made)].filter((name) => watched.includes(name))
}
