// What decides an image's content, input by input: two images with the same inputs are the same.

import { createHash } from "node:crypto"
import { toolchains } from "../toolchains/toolchains.js"

/** A toolchain by its name, and the version of it that compiled the programs; the version is empty where there are none. */
export interface ToolchainVersion {
  name: string
  version: string
}

/** Each input in a few characters: what people recognise (a version, a reference), or a digest. */
export interface ImageInputs {
  /** The files that its programs and its configuration are made from. */
  source: string
  toolchain: ToolchainVersion
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
  const changed = (Object.keys(now) as (keyof ImageInputs)[]).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
  return changed.length === 0 ? undefined : changed.map((name) => changes[name](before, now)).join(", ")
}

const changes: Record<keyof ImageInputs, (before: Partial<ImageInputs>, now: ImageInputs) => string> = {
  source: () => "source or configuration changed",
  toolchain: ({ toolchain: before }, { toolchain: now }) =>
    before !== undefined && before.name !== now.name
      ? `${toolchainWords(before)} → ${toolchainWords(now)}`
      : `${toolchainWords({ ...now, version: before?.version ?? "unknown" })} → ${now.version}`,
  base: ({ base: before = "unknown" }, { base: now }) => `base image ${shortReference(before)} → ${shortReference(now)}`,
  packages: () => "packages of the base distribution moved on",
  recipe: () => "the recipe changed",
}

/** Its title and its version, for people. */
export function toolchainWords({ name, version }: ToolchainVersion): string {
  return `${toolchains[name]?.title ?? name} ${version}`
}

/** docker.io/library/debian:trixie-slim@sha256:8b77fb2c5cbc… as debian:trixie-slim@8b77fb2c5cbc. */
export function shortReference(reference: string): string {
  const [name = "", digest] = reference.split("@sha256:")
  const short = name.split("/").at(-1) ?? name
  return digest === undefined ? short : `${short}@${digest.slice(0, 12)}`
}

/** As labels, records and statements have them: the version of the toolchain under the toolchain's own name. */
export function recordedInputs({ source, toolchain, ...others }: Partial<ImageInputs>): Record<string, string> {
  return {
    ...(source === undefined ? {} : { source }),
    ...(toolchain === undefined ? {} : { [toolchain.name]: toolchain.version }),
    ...others,
  }
}

/** The other way round. What an older or a newer version of this module has recorded beside them is left out. */
export function inputsOfRecord(value: Record<string, unknown>): Partial<ImageInputs> {
  const found: Partial<ImageInputs> = {}
  const name = Object.keys(toolchains).find((one) => typeof value[one] === "string")
  for (const key of ["source", "base", "packages", "recipe"] as const) if (typeof value[key] === "string") found[key] = value[key]
  return name === undefined ? found : { ...found, toolchain: { name, version: value[name] as string } }
}

/** The label's text as inputs; undefined for an image without them. */
export function readInputs(text: string | undefined): Partial<ImageInputs> | undefined {
  if (text === undefined || text.trim() === "") return undefined
  try {
    const value = JSON.parse(text)
    return typeof value === "object" && value !== null ? inputsOfRecord(value) : undefined
  } catch {
    return undefined
  }
}
