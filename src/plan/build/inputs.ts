// What decides an image's content, input by input: two images with the same inputs are the same.

import { createHash } from "node:crypto"

/** Each input in a few characters: what people recognise (a version, a reference), or a digest. */
export interface ImageInputs {
  /** The files that its programs and its configuration are made from. */
  source: string
  go: string
  base: string
  /** The versions of all packages in the base after the image's own were added. */
  packages: string
  /** How it is put together: settings of the image, supervisor, tools. */
  recipe: string
}

/** An image carries its inputs, so that the registry knows what was published last. */
export const inputsLabel = "io.openim.build.inputs"

/** Raise this when the same inputs give another image than before. */
export const recipeRevision = 2

export function shortDigest(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16)
}

/** Says in words what is different; undefined when nothing is. */
export function changedInputs(before: Partial<ImageInputs>, now: ImageInputs): string | undefined {
  const changed = (Object.keys(now) as (keyof ImageInputs)[]).filter((name) => before[name] !== now[name])
  if (changed.length === 0) return undefined
  return changed.map((name) => words[name](before[name] ?? "unknown", now[name])).join(", ")
}

const words: Record<keyof ImageInputs, (before: string, now: string) => string> = {
  source: () => "source or configuration changed",
  go: (before, now) => `Go ${before} → ${now}`,
  base: (before, now) => `base image ${shortReference(before)} → ${shortReference(now)}`,
  packages: () => "packages of the base distribution moved on",
  recipe: () => "the recipe changed",
}

/** docker.io/library/debian:trixie-slim@sha256:8b77fb2c5cbc… as debian:trixie-slim@8b77fb2c5cbc. */
export function shortReference(reference: string): string {
  const [name, digest] = reference.split("@sha256:")
  const short = name.split("/").at(-1) ?? name
  return digest === undefined ? short : `${short}@${digest.slice(0, 12)}`
}

/** The label's text as inputs; undefined for an image without them. */
export function readInputs(text: string | undefined): Partial<ImageInputs> | undefined {
  if (text === undefined || text.trim() === "") return undefined
  try {
    const value = JSON.parse(text)
    return typeof value === "object" && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
