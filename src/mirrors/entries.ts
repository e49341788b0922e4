// Mirrors as a caller writes them, in order: the name of a preset, or FAMILY=ADDRESS.

import { address, withoutCredentials } from "../base/addresses.js"
import { mirrorPresets } from "./presets.js"

export const mirrorFamilies = ["apt", "dnf", "zypper", "apk", "docker", "go", "npm", "maven", "pypi", "cargo", "archive"] as const

export type MirrorFamily = (typeof mirrorFamilies)[number]

/** Distributions whose packages presets have, with the family of their package managers. */
export const distributionFamilies: Record<string, MirrorFamily> = {
  debian: "apt",
  ubuntu: "apt",
  anolis: "dnf",
  openeuler: "dnf",
  opensuse: "zypper",
  alpine: "apk",
}

export interface MirrorEntry {
  family: MirrorFamily
  address: string
  /** The one distribution whose packages it has; a caller's own is taken for what each image needs. */
  distribution?: string
  /** Which preset has it; absent for a caller's own. */
  preset?: string
}

interface MirrorPreset {
  [key: string]: string | string[] | undefined
  then?: string[]
}

const presets: Record<string, MirrorPreset> = mirrorPresets

export const presetNames = Object.keys(presets)

/** How a name that is none is answered. */
export type UnknownName = (kind: string, name: string, known: string[]) => Error

const plainly: UnknownName = (kind, name, known) => new Error(`unknown ${kind} "${name}". Known: ${known.join(", ")}`)

export function readMirrorEntries(given: string[], unknown = plainly, setting = "--mirrors"): MirrorEntry[] {
  const entries = given.flatMap((text) => entriesOf(text, unknown, setting))
  const keys = entries.map(({ family, address, distribution }) => [family, address, distribution].join(" "))
  return entries.filter((_, place) => keys.indexOf(keys[place]!) === place)
}

/** As readMirrorEntries, for what the engine is going to ask: it speaks HTTP without TLS to this machine alone. */
export function checkCallMirrors(given: string[], setting: string, unknown = plainly): void {
  for (const { family, address } of readMirrorEntries(given, unknown, setting)) {
    const [, host] = family === "docker" ? (/^http:\/\/([^/:]+)/.exec(address) ?? []) : []
    if (host === undefined || host === "localhost" || host.startsWith("127.")) continue
    throw new Error(
      `${setting} "docker=${address}": the engine pulls images by HTTPS: name a registry with TLS, ` +
        `or for one without start the engine with OPENIM_REGISTRY_MIRRORS=${address} (./daggerw engine stop first)`,
    )
  }
}

function entriesOf(text: string, unknown: UnknownName, setting: string): MirrorEntry[] {
  const [, name, value] = /^([a-z]+)=(\S+)$/.exec(text) ?? []
  if (value !== undefined) {
    const family = mirrorFamilies.find((known) => known === name)
    if (family === undefined) throw unknown("mirror family", name!, [...mirrorFamilies])
    return [{ family, address: mirrorAddress(family, value, setting) }]
  }
  if (/^[a-z][a-z0-9-]*$/.test(text)) return presetEntries(text, unknown)
  throw new Error(
    `${setting} "${withoutCredentials(text)}": expected FAMILY=ADDRESS, such as apt=https://mirror.example/debian, ` +
      `or a preset: ${presetNames.join(", ")}`,
  )
}

function presetEntries(name: string, unknown: UnknownName): MirrorEntry[] {
  if (!Object.hasOwn(presets, name)) throw unknown("preset of mirrors", name, presetNames)
  const { then = [], ...own } = presets[name]!
  const entries = Object.entries(own).flatMap(([key, addresses]) =>
    [addresses ?? []].flat().map((address): MirrorEntry => {
      const distribution = Object.hasOwn(distributionFamilies, key) ? key : undefined
      const family = distribution === undefined ? (key as MirrorFamily) : distributionFamilies[distribution]!
      return { family, address, ...(distribution === undefined ? {} : { distribution }), preset: name }
    }),
  )
  return [...entries, ...then.flatMap((other) => presetEntries(other, unknown))]
}

/** As tools want it: a registry without https://, Cargo's index without what says how it is read. */
function mirrorAddress(family: MirrorFamily, value: string, setting: string): string {
  if (family === "cargo") return address(value.replace(/^sparse\+/, ""), setting)
  if (family !== "docker") return address(value, setting)
  const registry = value.replace(/^https:\/\//, "").replace(/\/+$/, "")
  if (/^(http:\/\/)?[A-Za-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]+)?$/.test(registry)) return registry
  throw new Error(`${setting} "docker=${withoutCredentials(value)}": expected the registry as HOST or HOST/PATH`)
}
