// What a backup saves and by which commands, which backups there are, which of them are kept, and what a restore replaces.

import { unknownName } from "../../base/nearest.js"
import { Problem } from "../../base/problem.js"
import type { Backup, BackupPart, Deployment } from "./model.js"

/** Besides the stores: .env, certificates and what the kit describes. */
export const configPart = "config"

export function backupOf({ backup, title }: Deployment): Backup {
  if (backup === undefined)
    throw new Problem(`this kit of ${title} does not say how it is backed up`, "add `backup` to deployment.yaml, and make the kit again")
  return backup
}

/** full, or one part. */
export function chosenParts(backup: Backup, kind: string): string[] {
  const all = [...backup.parts.map(({ name }) => name), configPart]
  if (kind === "full") return all
  if (!all.includes(kind)) throw unknownName("kind of backup", kind, ["full", ...all])
  return [kind]
}

/** As the files of exports are called, too; in the time of this machine. */
export function runName(at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0")
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  return `backup_${day}_${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
}

export interface RunFacts {
  run: string
  kind: string
  release: string
}

/** Restic splits tags at commas. */
const plain = (text: string): string => text.replaceAll(",", ";")

export function resticTags({ run, kind, release }: RunFacts, part: string): string[] {
  return [`run=${run}`, `kind=${kind}`, `part=${part}`, `release=${plain(release)}`].flatMap((tag) => ["--tag", tag])
}

/** Restic runs the dump itself: one that fails leaves no snapshot. */
export function saveWords(part: BackupPart, facts: RunFacts): string[] {
  const words = ["backup", "--no-scan", ...resticTags(facts, part.name)]
  if (part.dump === undefined) return [...words, `/volumes/${part.volume}`]
  return [...words, "--stdin-filename", part.file!, "--stdin-from-command", "--", ...part.dump]
}

export function saveConfigWords(files: string[], facts: RunFacts): string[] {
  return ["backup", "--no-scan", ...resticTags(facts, configPart), ...files.map((file) => `/config/${file}`)]
}

/** What of a kit's folder is worth saving: the user's, and what says which kit it is. */
export const configFiles = [
  ".env",
  "docker-compose.prod.yml",
  "deployment.json",
  "haproxy.cfg",
  "monitoring",
  "tls",
  "ca",
  ".openimctl/state.json",
  ".openimctl/history.jsonl",
]

/** Puts a part of a snapshot in the place of what is there. */
export function restoreCommand(part: BackupPart, snapshot: string): string[] {
  if (part.restore !== undefined) return ["start-backup", "load", snapshot, `/${part.file}`, ...part.restore]
  const path = `/volumes/${part.volume}`
  return ["restic", "--no-cache", "restore", `${snapshot}:${path}`, "--target", path, "--delete"]
}

export interface Mount {
  from: string
  to: string
  write?: boolean
}

export interface Job {
  name: string
  image: string
  /** The first one is there from the start; others are connected to the container before it runs. */
  network: string
  environment: Record<string, string>
  mounts: Mount[]
  command: string[]
}

/** As root without what root can do beyond files: volumes belong to different users. Everything else is read-only. */
export function jobWords({ name, image, network, environment, mounts, command }: Job): string[] {
  return [
    ...["create", "--name", name, "--hostname", name, "--network", network, "--user", "0", "--read-only"],
    ...["--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...["CHOWN", "DAC_OVERRIDE", "FOWNER"].flatMap((capability) => ["--cap-add", capability]),
    ...Object.entries({ HOME: "/tmp", ...environment }).flatMap(([variable, value]) => ["-e", `${variable}=${value}`]),
    ...mounts.flatMap(({ from, to, write }) => ["-v", `${from}:${to}${write ? "" : ":ro"}`]),
    image,
    ...command,
  ]
}

/** As `restic snapshots --json` lists it. */
export interface Snapshot {
  id: string
  time: string
  tags?: string[] | null
  summary?: { total_bytes_processed?: number }
}

export interface Run extends RunFacts {
  /** Of its last snapshot. */
  time: string
  /** Part → its snapshot. */
  parts: Record<string, string>
  bytes: number
}

/** The backups of a repository, oldest first. */
export function runsOf(snapshots: Snapshot[]): Run[] {
  const runs = new Map<string, Run>()
  for (const { id, time, tags, summary } of [...snapshots].sort((one, other) => one.time.localeCompare(other.time))) {
    const tag = Object.fromEntries((tags ?? []).map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]))
    const { run, part, kind = "", release = "" } = tag
    if (run === undefined || part === undefined) continue
    const found = runs.get(run) ?? { run, kind, release, time, parts: {}, bytes: 0 }
    runs.set(run, {
      ...found,
      time,
      parts: { ...found.parts, [part]: id },
      bytes: found.bytes + (summary?.total_bytes_processed ?? 0),
    })
  }
  return [...runs.values()]
}

/** Whether everything is there that was to be saved. */
export function isComplete(backup: Backup, { kind, parts }: Run): boolean {
  const wanted = kind === "full" ? chosenParts(backup, kind) : [kind]
  return wanted.every((part) => parts[part] !== undefined)
}

/**
 * The runs that are removed: of each kind all complete ones of the newest day are kept, and the last one of each of the days before.
 * What is not complete goes once a complete one followed it.
 */
export function expiredRuns(backup: Backup, runs: Run[], days: number): Run[] {
  const kept = new Set<Run>()
  for (const kind of new Set(runs.map(({ kind }) => kind))) {
    const own = runs.filter((run) => run.kind === kind).reverse()
    const complete = own.filter((run) => isComplete(backup, run))
    const seen = new Set<string>()
    for (const run of complete) {
      const day = run.run.slice("backup_".length, "backup_YYYYMMDD".length)
      const newest = seen.size === 1 && seen.has(day)
      if (!newest && (seen.has(day) || seen.size === days)) continue
      seen.add(day)
      kept.add(run)
    }
    for (const run of own.slice(0, complete[0] === undefined ? own.length : own.indexOf(complete[0]))) kept.add(run)
  }
  return runs.filter((run) => !kept.has(run))
}

/**
 * Never the last one where nothing is named: an empty list must not restore anything. `latest` is the last complete backup that has
 * these parts; without any, the last one of everything. A backup of Redis alone, made since, must not hide that of MongoDB.
 */
export function namedRun(backup: Backup, runs: Run[], name: string, only: string[] = []): Run {
  const wanted = only.length > 0 ? only : chosenParts(backup, "full")
  const whole = (run: Run): boolean => isComplete(backup, run) && wanted.every((part) => run.parts[part] !== undefined)
  const found = name === "latest" ? (runs.filter(whole).at(-1) ?? runs.at(-1)) : runs.find(({ run }) => run === name)
  if (found) return found
  if (runs.length === 0) throw new Problem("there is no backup", "openimctl backup makes one")
  throw unknownName(
    "backup",
    name,
    runs.map(({ run }) => run),
  )
}

export interface RestoreStep {
  part: BackupPart
  snapshot: string
}

/** What is restored, in the order of the kit; without a choice everything but the configuration, which replaces nothing. */
export function restoreSteps(backup: Backup, run: Run, only: string[]): RestoreStep[] {
  for (const name of only) chosenParts(backup, name)
  const wanted = only.length > 0 ? only : backup.parts.map(({ name }) => name).filter((name) => run.parts[name] !== undefined)
  const missing = wanted.filter((name) => run.parts[name] === undefined)
  if (missing.length > 0 || (only.length === 0 && !isComplete(backup, run)))
    throw new Problem(
      `${run.run} is not complete: it has ${Object.keys(run.parts).join(", ")}`,
      `choose another one (openimctl backup list), or a part that it has: --only=${Object.keys(run.parts).join(",")}`,
    )
  return backup.parts.flatMap((part) => (wanted.includes(part.name) ? [{ part, snapshot: run.parts[part.name]! }] : []))
}

/** Data of another version is not restored: programs would change it, or not understand it. */
export function otherRelease({ run, release }: Run, current: string): Problem | undefined {
  if (release === plain(current)) return undefined
  return new Problem(
    `${run} is of ${release || "an unknown version"}, and this kit is ${current}: data is restored by the version that saved it`,
    `deploy the kit of ${release || "that version"}, restore there, and update after that; or, if you know that both store alike: --ignore=version`,
  )
}

export interface BackupRecord {
  /** The last run: when it ended, and what failed. */
  run: string
  time: number
  failed: Record<string, string>
  /** Place → when the last good backup of everything was made. */
  good: Record<string, number>
}

/** A day, and two hours for a machine that was asleep. */
const freshHours = 26

/** One line for `status`; a warning where the last good backup is too old, or missing in a place. */
export function backupNote(record: BackupRecord | undefined, places: string[], now: number): { text: string; warning: boolean } {
  if (record === undefined) return { text: "no backup yet: openimctl backup", warning: true }
  const parts = places.map((place) => {
    const good = record.good[place]
    const hours = good === undefined ? Number.POSITIVE_INFINITY : (now - good) / 3_600_000
    const failed = record.failed[place]
    const age = good === undefined ? "none" : hours < 1 ? "less than an hour ago" : `${Math.floor(hours)} h ago`
    return { old: hours > freshHours, text: `${place} ${age}${failed === undefined ? "" : ` (the last one failed: ${failed})`}`, failed }
  })
  const old = parts.some(({ old }) => old)
  return {
    text: `last good backup: ${parts.map(({ text }) => text).join("; ")}${old ? `. It should be less than ${freshHours} h old: openimctl backup` : ""}`,
    warning: old || parts.some(({ failed }) => failed !== undefined),
  }
}
