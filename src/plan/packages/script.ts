// Renders a package plan as calls of the functions in shell/install-packages.sh, and reads what they log.

import type { Refusal } from "../../base/attempts.js"
import { shellWord } from "../../base/shellWords.js"
import type { PackagePlan, PackageStep } from "./types.js"

export interface PackageScriptOptions {
  /** Folder that keeps apt's downloads, for a cache volume. */
  aptArchives?: string
  /** Fetches the files of the packages into this folder, instead of installing them. */
  fetchTo?: string
  /** For images that are handed out: takes the setuid and setgid bits from all files, those of the base as well. */
  withoutSetuid?: boolean
  /** Holds the system's release, caches and files: for tests on a machine that must not change. */
  root?: string
}

/** `library` is the text of shell/install-packages.sh for a script that stands alone, or the line that reads it in. */
export function packageScript(library: string, plan: PackagePlan, options: PackageScriptOptions = {}): string {
  const lines = [library.trimEnd()]
  if (options.aptArchives) lines.push(`apt_archives=${shellWord(options.aptArchives)}`)
  if (options.fetchTo) lines.push(`fetch_to=${shellWord(options.fetchTo)}`)
  if (options.root) lines.push(`root=${shellWord(options.root)}`)
  if (plan.asOf !== undefined) lines.push(`# As of ${plan.asOf}.`)
  const steps = [
    call("begin", plan.subject, String(plan.limitSeconds)),
    ...plan.steps.flatMap(managerLines),
    ...manualLines(plan),
    "give_up",
  ]
  const after = options.fetchTo ? [] : [...removal(plan.without ?? [], options.root ?? ""), ...(options.withoutSetuid ? dropSetuid : [])]
  lines.push(...(after.length > 0 ? ["(", ...steps, ") || exit", ...after] : steps), "")
  return lines.join("\n")
}

/** And the links to what is gone, such as those that name a certificate by its hash. */
function removal(paths: string[], root: string): string[] {
  if (paths.length === 0) return []
  const words = paths.map((path) => shellWord(`${root}${path}`)).join(" ")
  return [
    `for path in ${words}; do`,
    '  rm -rf "$path"',
    '  for link in "${path%/*}"/*; do if [ -L "$link" ] && ! [ -e "$link" ]; then rm "$link"; fi; done',
    "done",
  ]
}

/** Not every image has find. What may be run is only in these folders. */
const dropSetuid = [
  "drop_setuid() {",
  '  for entry in "$1"/*; do',
  '    if [ -L "$entry" ]; then continue',
  '    elif [ -d "$entry" ]; then drop_setuid "$entry"',
  '    elif [ -u "$entry" ] || [ -g "$entry" ]; then chmod u-s,g-s "$entry"',
  "    fi",
  "  done",
  "}",
  "if command -v find >/dev/null; then",
  "  find \"${root:-/}\" -xdev -type f '(' -perm -4000 -o -perm -2000 ')' -exec chmod u-s,g-s {} +",
  'else for folder in bin sbin lib lib64 usr opt; do drop_setuid "$root/$folder"; done',
  "fi",
]

function managerLines({ manager, packages, wanted, files, sources }: PackageStep): string[] {
  if (sources.length === 0) return []
  return [
    `if ${call("has_manager", manager, packages.join(" "), files.join(" "), ...(wanted ? [wanted.join(" ")] : []))}; then`,
    ...sources.map((source) => {
      if (source === "own") return "  via_own_sources"
      return `  ${call("via_mirror", source.url, source.unsigned ? "unsigned" : "signed", ...source.repositories)}`
    }),
    "fi",
  ]
}

/** Everything is fetched before anything is put into place. */
function manualLines({ downloads, withoutDownload }: PackagePlan): string[] {
  if (withoutDownload.length > 0) return [call("no_download", withoutDownload.join(", "))]
  const fetches = downloads.map(({ name, sha256, urls }, number) => call("fetch", name, String(number), sha256, ...urls))
  const places = downloads.map(({ unpack, to, stripTop, mode }, number) =>
    unpack ? call("unpack", String(number), to, stripTop ? "1" : "0") : call("place", String(number), to, mode!),
  )
  return [`if ${["can_download", ...fetches, ...places].join(" &&\n  ")}`, "then succeed manual; fi"]
}

function call(name: string, ...args: string[]): string {
  return [name, ...args.map(shellWord)].join(" ")
}

/** What a script's log says: which attempt did it, and who refused before. */
export interface PackageOutcome {
  /** Absent when nothing worked. */
  by?: string
  refusals: Refusal[]
}

export function readPackageLog(subject: string, log: string): PackageOutcome {
  const outcome: PackageOutcome = { refusals: [] }
  for (const line of log.split("\n")) {
    if (!line.startsWith(`${subject}: `)) continue
    const text = line.slice(subject.length + 2)
    const [, name, reason = ""] = /^(.*?) refused: (.*)$/.exec(text) ?? []
    if (name !== undefined) outcome.refusals.push({ name, reason })
    outcome.by = /^done by (.*)$/.exec(text)?.[1] ?? outcome.by
  }
  return outcome
}
