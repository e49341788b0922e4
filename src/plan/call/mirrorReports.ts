// The mirrors of a call as people, programs, environments and other tools read them.

import { withoutCredentials } from "../../base/addresses.js"
import { entryOf } from "../../base/entries.js"
import { checkFormat, jsonText } from "../../base/format.js"
import { table } from "../../base/table.js"
import { textBefore } from "../../base/text.js"
import { type AskedMirror, goproxyLine } from "../../mirrors/choice.js"
import { type MirrorFamily, presetNames } from "../../mirrors/entries.js"

/** What a plan says about the places that things come from; empty where they are the usual ones. */
export interface FetchedFrom {
  mirrors?: Partial<Record<MirrorFamily, string[]>>
  proxy?: string
}

/** Families whose mirrors all refused are left out, as are those that were not needed. */
export function inUse(asked: AskedMirror[]): FetchedFrom["mirrors"] {
  const used: NonNullable<FetchedFrom["mirrors"]> = {}
  for (const { family, address, refused } of asked) {
    if (refused === undefined) used[family] = [...new Set([...(used[family] ?? []), address])]
  }
  return Object.keys(used).length === 0 ? undefined : used
}

export function fetchedLines({ mirrors = {}, proxy }: FetchedFrom): string {
  const lines = Object.entries(mirrors).map(([family, addresses]) => `${family} mirrors: ${addresses.join(", ")}`)
  const all = proxy === undefined ? lines : [...lines, `HTTP proxy: ${proxy}`]
  return all.length === 0 ? "" : `\n${all.join("\n")}\n`
}

export interface MirrorFacts {
  asked: AskedMirror[]
  /** --goproxy, which goes before all mirrors. */
  goproxy?: string
  /** Without its password. */
  proxy?: string
}

const formats: Record<string, (facts: MirrorFacts) => string> = {
  table: mirrorTable,
  json: (facts) => jsonText({ ...facts, environment: environmentOf(facts) }),
  env: (facts) =>
    Object.entries(environmentOf(facts))
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  docker: (facts) => jsonText({ "registry-mirrors": daemonMirrors(facts) }),
  cargo: cargoLines,
}

export function checkMirrorFormat(format: string): void {
  checkFormat(format, Object.keys(formats))
}

/** A password in --goproxy is not printed in any format: the caller has it. */
export function mirrorReport(format: string, facts: MirrorFacts): string {
  const { goproxy } = facts
  return entryOf("value of --format", formats, format)(goproxy === undefined ? facts : { ...facts, goproxy: withoutCredentials(goproxy) })
}

function mirrorTable({ asked, goproxy, proxy }: MirrorFacts): string {
  const places: Partial<Record<string, number>> = {}
  const rows = asked.map(({ family, distribution, address, milliseconds, refused }) => {
    const name = distribution === undefined ? family : `${family} (${distribution})`
    if (refused !== undefined) return [name, address, "-", `refused: ${refused}`]
    const overruled = family === "go" && goproxy !== undefined
    places[name] = (places[name] ?? 0) + 1
    return [name, address, `${milliseconds} ms`, overruled ? "answers, but --goproxy goes first" : `used, number ${places[name]}`]
  })
  // A caller's own packages are taken for every distribution.
  const without = (name: string) => places[name] === undefined && places[textBefore(name, " ")] === undefined
  const names = [...new Set(rows.map(([name = ""]) => name))].filter(without)
  const lines = [
    ...(rows.length > 0 ? [table(["FAMILY", "ADDRESS", "ANSWER", "USE"], rows).trimEnd()] : []),
    ...(rows.length === 0 ? [`no mirrors are set: --mirrors takes presets (${presetNames.join(", ")}) and FAMILY=ADDRESS`] : []),
    ...names.map((name) => `${name}: none can be used, so the usual addresses are asked`),
    ...(goproxy === undefined ? [] : [`--goproxy: ${goproxy}`]),
    `HTTP proxy: ${proxy ?? "none"}`,
  ]
  return `${lines.join("\n")}\n`
}

/** Variables of Go, npm, pip, and of ./daggerw. Where a tool takes one mirror it is the first that answers. */
function environmentOf({ asked, goproxy }: MirrorFacts): Record<string, string> {
  const first = (family: MirrorFamily, distribution?: string) => usable(asked, family, distribution)[0]
  const found = {
    GOPROXY: goproxy ?? goproxyLine(usable(asked, "go")),
    npm_config_registry: first("npm"),
    PIP_INDEX_URL: first("pypi"),
    OPENIM_DEBIAN_MIRROR: first("apt", "debian"),
    OPENIM_REGISTRY_MIRRORS: usable(asked, "docker").join(",") || undefined,
  }
  return Object.fromEntries(Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** The daemon refuses mirrors with a path. */
function daemonMirrors({ asked }: MirrorFacts): string[] {
  const addresses = usable(asked, "docker").map((address) => (address.startsWith("http://") ? address : `https://${address}`))
  return addresses.filter((address) => new URL(address).pathname === "/")
}

/** For $CARGO_HOME/config.toml: no variable can put another source in the place of crates.io. */
function cargoLines({ asked }: MirrorFacts): string {
  const [first] = usable(asked, "cargo")
  if (first === undefined) return ""
  return `[source.crates-io]\nreplace-with = "mirror"\n\n[source.mirror]\nregistry = "sparse+${first}/"\n`
}

function usable(asked: AskedMirror[], family: MirrorFamily, distribution?: string): string[] {
  const found = asked.filter((mirror) => mirror.family === family && mirror.refused === undefined)
  const suited = found.filter((mirror) => distribution === undefined || (mirror.distribution ?? distribution) === distribution)
  return [...new Set(suited.map(({ address }) => address))]
}
