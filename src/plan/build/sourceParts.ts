// What a source consists of for those who run it: programs, configuration files, ports. What the catalogue does not know of it, and
// what another version has more or less of.

import { textBefore } from "../../base/text.js"
import { sourceEntry } from "../../catalogue/lookup.js"
import type { Catalogue, ProgramEntry, SourceEntry } from "../../catalogue/types.js"
import { toolchainOf } from "../toolchains/toolchains.js"
import { programsOfSource } from "./components.js"

export interface SourceParts {
  /** Folders of main packages. */
  programs: string[]
  /** Files below the folder of the configuration. */
  configs: string[]
  /** Port numbers that these files set. */
  ports: number[]
}

/** What the catalogue and a source do not agree about. */
export interface ProgramGaps {
  /** Folders of main packages that no image gets. */
  unknown: string[]
  /** Programs of the catalogue that the source does not have. */
  missing: ProgramEntry[]
}

/**
 * Prints the parts of the source in the folder $1 with its configuration in $2: a line each. Further arguments are the folders to look
 * for programs in. Of configuration files only the numbers of ports are printed: a caller's own may hold passwords.
 */
export function partsScript(entry: SourceEntry): string {
  return `
cd "$1" && config=$2 && shift 2
${toolchainOf(entry).programSearch}
${configScript}`
}

const configScript = String.raw`
[ -z "$config" ] || find "$config" -type f 2>/dev/null | while IFS= read -r file; do
  echo "config $file"
  case $file in
    *.yml | *.yaml)
      sed -E -e "s/^[[:space:]]*[\"']?([A-Za-z0-9_-]*[_-]p|[A-Za-z0-9_-]*P|p)orts?[\"']?:([][[:space:]0-9,\"']*)(#.*)?$/port \2/" \
        -e t -e "s/^([][[:space:]0-9,\"'-]*)(#.*)?$/more \1/" -e t -e 's/.*/end/' "$file"
      echo
      ;;
  esac
done
`

/** The arguments of the script behind the source's folder. */
export function partsArguments(catalogue: Catalogue, source: string): string[] {
  const tops = programsOfSource(catalogue, source).map((program) => textBefore(program.package, "/"))
  return [sourceEntry(catalogue, source).config ?? "", ...new Set(tops)]
}

/** Reads what the script printed. A list of ports may go on over further lines. */
export function readParts(text: string): SourceParts {
  const programs = new Set<string>()
  const configs = new Set<string>()
  const ports = new Set<number>()
  let open = false
  for (const line of text.split("\n")) {
    const [, kind, rest = ""] = /^(program|config|port|more|end) ?(.*)$/.exec(line) ?? []
    if (kind === "program") programs.add(rest.includes("/") ? rest.replace(/^\.\//, "").replace(/\/?[^/]*$/, "") || "." : ".")
    if (kind === "config") configs.add(rest)
    const value = rest.trim()
    if (kind === "port" || (kind === "more" && open)) for (const port of numbers(value)) ports.add(port)
    // After a key whose value ends in its own line, numbers belong to another one.
    if (kind !== "more") open = kind === "port" && (value === "" || (value.startsWith("[") && !value.endsWith("]")))
  }
  return { programs: [...programs].sort(), configs: [...configs].sort(), ports: [...ports].sort((a, b) => a - b) }
}

function numbers(value: string): number[] {
  const words = value.split(/[[\],\s"'-]+/).filter((word) => /^\d{1,5}$/.test(word))
  return words.map(Number).filter((port) => port > 0 && port < 65536)
}

export function programGaps(catalogue: Catalogue, source: string, { programs }: SourceParts): ProgramGaps {
  const built = programsOfSource(catalogue, source)
  const known = new Set([...built.map((program) => program.package), ...sourceEntry(catalogue, source).otherPrograms])
  return {
    unknown: programs.filter((folder) => !known.has(folder)),
    missing: built.filter((program) => !programs.includes(program.package)),
  }
}

/** One line for each kind; none where source and catalogue agree. */
export function gapLines(catalogue: Catalogue, source: string, version: string, { unknown, missing }: ProgramGaps): string[] {
  const what = `WARNING: ${sourceEntry(catalogue, source).title} ${version}`
  const next = `Add them to stack.yaml as components, or to sources.${source}.otherPrograms if they belong in none`
  return [
    ...(unknown.length > 0 ? [`${what} has programs that are in no image: ${unknown.join(", ")}. ${next}`] : []),
    ...(missing.length > 0 ? [`${what} does not have these programs of stack.yaml: ${missing.map(describe).join(", ")}`] : []),
  ]
}

function describe(program: ProgramEntry): string {
  return `${program.package} (${program.name})`
}

interface Change<T> {
  came: T[]
  went: T[]
}

/** What another version of a source has more and less. */
export interface PartsChanges {
  programs: Change<string>
  ports: Change<number>
  configuration: Change<string>
  /** Programs of the other version that no image gets. */
  unknown: string[]
}

export function partsChanges(catalogue: Catalogue, source: string, before: SourceParts, after: SourceParts): PartsChanges {
  return {
    programs: change(before.programs, after.programs),
    ports: change(before.ports, after.ports),
    configuration: change(before.configs, after.configs),
    unknown: programGaps(catalogue, source, after).unknown,
  }
}

function change<T>(before: T[], after: T[]): Change<T> {
  return { came: after.filter((one) => !before.includes(one)), went: before.filter((one) => !after.includes(one)) }
}

/** Between two versions of a source. */
export type SourceChanges = { source: string; from: string; to: string } & (PartsChanges | { notCompared: string })

export function changeLine(changes: SourceChanges): string {
  return `${changes.source}: ${changes.from} → ${changes.to}: ${changesWords(changes)}`
}

export function changesWords(changes: SourceChanges): string {
  if ("notCompared" in changes) return `programs, ports and configuration files are not compared: ${changes.notCompared}`
  return changesText(changes)
}

/** For one line of a table, a log or a changelog: programs +cmd/bot (in no image), ports +10010, configuration -config/old.yml. */
function changesText({ programs, ports, configuration, unknown }: PartsChanges): string {
  const parts = [
    ["programs", signs(programs, (name) => (unknown.includes(name) ? `${name} (in no image)` : name))],
    ["ports", signs({ came: ranges(ports.came), went: ranges(ports.went) }, String)],
    ["configuration", signs(configuration, String)],
  ]
  const found = parts.filter(([, text]) => text !== "").map(([kind, text]) => `${kind} ${text}`)
  const old = unknown.filter((name) => !programs.came.includes(name))
  const still = old.length > 0 ? [`in no image, as before: ${old.join(" ")}`] : []
  return [...(found.length > 0 ? found : ["the same programs, ports and configuration files"]), ...still].join(", ")
}

/** Neighbours as one: some programs have a port for each of their copies. */
function ranges(ports: number[]): string[] {
  const found: [number, number][] = []
  for (const port of ports) {
    const last = found.at(-1)
    if (last?.[1] === port - 1) last[1] = port
    else found.push([port, port])
  }
  return found.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`))
}

function signs<T>({ came, went }: Change<T>, text: (one: T) => string): string {
  return [...came.map((one) => `+${text(one)}`), ...went.map((one) => `-${one}`)].join(" ")
}
