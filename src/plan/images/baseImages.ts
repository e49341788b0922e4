// What is known of each image that is needed, and how it is reported.

import { sizeText } from "../../base/measures.js"
import { fullReference, readReference } from "../../base/references.js"
import { table } from "../../base/table.js"
import { type ImageUse, isNeeded, type WantedImage } from "./wantedImages.js"

/** An image that a bundle has. */
export interface BundledImage {
  digest: string
  /** Bytes. */
  size: number
}

/** What an engine and a registry say about an image. */
export interface RemoteFacts {
  /** What a pull would get now. */
  digest?: string
  /** Bytes that a pull downloads. */
  size?: number
  /** The engine has it, so that nothing is downloaded. */
  kept?: boolean
  /** Why it is not available. */
  refused?: string
}

export type ImageStatus = "present" | "cached" | "missing" | "moved"

export interface ImageRow {
  reference: string
  name: string
  version: string
  /** Absent where nobody was asked. */
  status?: ImageStatus
  reason?: string
  digest?: string
  /** Bytes; absent where nobody knows. */
  size?: number
  /** With this call's options. */
  needed: boolean
  uses: ImageUse[]
}

export interface ImageKnowledge {
  /** By full reference; absent where nobody was asked. */
  facts?: Record<string, RemoteFacts>
  /** By reference. */
  bundle?: Record<string, BundledImage>
  /** Pinned digests by reference, where they hold. */
  digests: Record<string, string>
}

export function imageRows(images: WantedImage[], { facts, bundle = {}, digests }: ImageKnowledge): ImageRow[] {
  const inFull = <T>(entries: Record<string, T>) => new Map(Object.entries(entries).map(([key, value]) => [fullReference(key), value]))
  const [bundled, pinned] = [inFull(bundle), inFull(digests)]
  return images.map((image): ImageRow => {
    const { reference, uses } = image
    const { name, tag, digest } = readReference(reference)
    const version = [tag, digest === undefined ? undefined : short(digest)].filter((text) => text !== undefined).join("@")
    const row = { reference, name, version, needed: isNeeded(image), uses }
    if (facts === undefined) return row
    const found = facts[reference] ?? {}
    return { ...row, ...decided(found, pinned.get(reference) ?? digest, bundled.get(reference)) }
  })
}

type Decision = Pick<ImageRow, "status" | "reason" | "digest" | "size">

function decided({ digest, size, kept, refused }: RemoteFacts, pin?: string, bundled?: BundledImage): Decision {
  if (bundled !== undefined && (pin === undefined || pin === bundled.digest)) {
    return { status: "present", reason: "in the bundle", ...bundled }
  }
  const known = { digest, size }
  if (kept) return { ...known, status: "cached", reason: refused === undefined ? "the engine's own" : `kept by the engine; ${refused}` }
  if (refused !== undefined) return { ...known, status: "missing", reason: refused }
  if (pin !== undefined && digest !== undefined && pin !== digest) {
    const reason = `pinned is ${short(pin)}, the registry has ${short(digest)}; bump --bases pins that`
    return { ...known, status: "moved", reason }
  }
  return { ...known, status: "missing", reason: "can be fetched" }
}

function short(digest: string): string {
  return digest.slice(0, "sha256:".length + 12)
}

/** Is this what an engine says of a registry that it does not reach, so that asking it again fetches nothing? */
export function isOutOfReach(message: string): boolean {
  return /no such host|connection refused|timeout|timed out|no result within|unreachable|dial tcp|server misbehaving/i.test(message)
}

/** What an engine says when it cannot resolve an image, as one short reason. */
export function refusalReason(reference: string, message: string): string {
  const registry = reference.split("/")[0]
  const words = message.trim().split("\n").at(-1)?.trim() ?? ""
  const last = words
    .split(": ")
    .slice(-2)
    .join(": ")
    .replace(/^lookup \S+( on \S+)?: /, "")
  if (isOutOfReach(message)) return `${registry} cannot be reached: ${last}`
  if (/not found$/i.test(words)) return "no registry that the engine reaches has it"
  if (/unauthorized|denied|forbidden|\b40[13]\b/i.test(words)) {
    return `${registry} does not give it without a login, if it has it: docker login ${registry}`
  }
  return `${registry} does not give it: ${last}`
}

interface ManifestSizes {
  config?: { size: number }
  layers?: { size: number }[]
}

/** What a pull downloads, by an image's manifest. */
export function pullSize(manifest: string): number {
  const { config, layers } = JSON.parse(manifest) as ManifestSizes
  if (layers === undefined) throw new Error("no manifest of an image")
  return layers.reduce((sum, { size }) => sum + size, config?.size ?? 0)
}

export function imagesTable(rows: ImageRow[], notes: string[] = []): string {
  const asked = rows.some(({ status }) => status !== undefined)
  const conditional = rows.some(({ needed }) => !needed)
  const head = ["NAME", "VERSION", "PURPOSE", "STAGE", "SIZE", ...(conditional ? ["NEEDED"] : []), "STATUS"]
  const lines = rows.map((row) => [
    row.name,
    row.version,
    joined(usesNow(row).map(({ purpose }) => purpose)),
    placesOf(usesNow(row)),
    sizeText(row.size),
    ...(conditional ? [row.needed ? "yes" : `only with ${joined(row.uses.map(({ only }) => only ?? ""))}`] : []),
    row.status === undefined ? "not asked" : `${row.status}${row.reason === undefined ? "" : ` (${row.reason})`}`,
  ])
  return table(head, lines) + totals(rows, asked) + notes.map((note) => `${note}\n`).join("")
}

export function imagesData(rows: ImageRow[], notes: string[] = []) {
  return { images: rows, ...counts(rows), notes }
}

/** What an image is needed for with other options does not belong to a row that says yes. */
function usesNow({ needed, uses }: ImageRow): ImageUse[] {
  return needed ? uses.filter(({ only }) => only === undefined) : uses
}

/** Places with a stage of the same name stand together. */
function placesOf(uses: ImageUse[]): string {
  const stages = [...new Set(uses.map(({ stage }) => stage))]
  return stages.map((stage) => `${joined(uses.filter((use) => use.stage === stage).map(({ where }) => where))}: ${stage}`).join("; ")
}

function joined(texts: string[]): string {
  return [...new Set(texts)].join(", ")
}

function counts(rows: ImageRow[]) {
  const needed = rows.filter((row) => row.needed)
  const ready = needed.filter(({ status }) => status === "present" || status === "cached")
  const sized = needed.filter(({ size }) => size !== undefined)
  return {
    needed: needed.length,
    ready: ready.length,
    percent: needed.length === 0 ? 100 : Math.round((ready.length / needed.length) * 100),
    totalSize: sized.reduce((sum, { size }) => sum + (size ?? 0), 0),
    unknownSizes: needed.length - sized.length,
  }
}

function totals(rows: ImageRow[], asked: boolean): string {
  const { needed, ready, percent, totalSize, unknownSizes } = counts(rows)
  const others = rows.length - needed
  const which = `${needed} ${needed === 1 ? "image" : "images"}${others === 0 ? "" : ` needed, ${others} more with other options`}`
  if (!asked) return `total: ${which}\n`
  const known = unknownSizes === needed && needed > 0 ? "size unknown" : sizeText(totalSize)
  const lacking = unknownSizes === 0 || unknownSizes === needed ? "" : ` and ${unknownSizes} of unknown size`
  return `total: ${which}: ${known}${lacking}\n${ready} of ${needed} present or cached (${percent} %)\n`
}
