// backup: saves what the stores hold, encrypted, in one or two places; list and verify.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { jsonText } from "../../src/base/format"
import { lastWords } from "../../src/base/lastWords"
import { durationText, sizeText } from "../../src/base/measures"
import { Problem, whatOf } from "../../src/base/problem"
import { table } from "../../src/base/table"
import {
  type BackupRecord,
  backupNote,
  backupOf,
  chosenParts,
  configFiles,
  configPart,
  expiredRuns,
  isComplete,
  namedRun,
  type Run,
  type RunFacts,
  runName,
  saveConfigWords,
  saveWords,
} from "../../src/plan/deploy/backup"
import { readJson, writeJson } from "../files"
import { attempt } from "../run"
import { checkParts, from, keyFile, openPlace, type Place, placesOf, ready, restic, runsIn } from "./backupPlaces"
import { type Engine, runningContainer, type Site, siteOf } from "./engine"
import { type Folder, makeOwn, settingsOf } from "./folder"
import { recorded } from "./history"
import { locked } from "./lock"
import { notified } from "./notify"
import { EXIT, result, say } from "./print"

const recordFile = ({ own }: Folder): string => join(own, "backup.json")

export async function backup(folder: Folder, engine: Engine, kind = "full"): Promise<number> {
  const parts = chosenParts(backupOf(folder.deployment), kind)
  const site = siteOf(folder, engine, settingsOf(folder))
  await locked(folder, `backup ${kind}`, () =>
    recorded(folder, `backup ${kind}`, () =>
      notified(folder, `backup ${kind}`, async () => {
        const { run, detail } = await save(site, kind, parts)
        result(run)
        return detail
      }),
    ),
  )
  return EXIT.fine
}

/** Backups have been made here: there is a key of theirs. */
export const hasBackups = (folder: Folder): boolean => existsSync(keyFile({ folder }))

/** A full backup, within another change. */
export const saveAll = (site: Site): Promise<unknown> => save(site, "full", chosenParts(backupOf(site.folder.deployment), "full"))

async function save(site: Site, kind: string, parts: string[]): Promise<{ run: string; detail: string }> {
  const { folder } = site
  const description = backupOf(folder.deployment)
  await checkParts(
    site,
    description.parts.filter(({ name }) => parts.includes(name)),
  )
  await ready(site, true)
  await gate(site)
  const began = Date.now()
  const facts = { run: runName(new Date(began)), kind, release: folder.deployment.release }
  const failed: Record<string, string> = {}
  const next = new Set<string>()
  const places = placesOf(site)
  for (const place of places) {
    try {
      await openPlace(site, place, true)
      const local = places[0]!
      if (place === local || failed[local.name] !== undefined) await saveParts(site, place, facts, parts)
      else {
        say(`copying ${facts.run} to ${place.address}`)
        await restic(site, place, ["copy", ...from(local), "--tag", `run=${facts.run}`], { mounts: local.mounts })
      }
      await removeOld(site, place)
    } catch (error) {
      failed[place.name] = whatOf(error)
      if (error instanceof Problem && error.next) next.add(error.next)
      say(`${place.name}: ${failed[place.name]}`)
    }
  }
  note(folder, facts, failed, places, began)
  if (Object.keys(failed).length > 0) {
    const good = places.filter(({ name }) => failed[name] === undefined).map(({ name }) => name)
    const list = Object.entries(failed).map(([name, why]) => `${name}: ${why}`)
    throw new Problem(
      `${facts.run} ${good.length > 0 ? `is in the place ${good.join(", ")} only` : "is not complete"}. ${list.join("; ")}`,
      `${[...next].join("; ") || "correct that"}; then the same command again`,
    )
  }
  return { run: facts.run, detail: `${facts.run} in ${durationText((Date.now() - began) / 1000)}: ${parts.join(", ")}` }
}

/** In the order of the kit; the first part that fails ends it. */
export async function saveParts(site: Site, place: Place, facts: RunFacts, parts: string[]): Promise<void> {
  const { folder, project } = site
  for (const part of backupOf(folder.deployment).parts) {
    if (!parts.includes(part.name)) continue
    say(`saving ${part.name}`)
    const mounts =
      part.volume !== undefined && part.dump === undefined ? [{ from: `${project}_${part.volume}`, to: `/volumes/${part.volume}` }] : []
    try {
      await restic(site, place, saveWords(part, facts), { part, mounts })
    } catch (error) {
      throw new Problem(`${part.name} could not be saved: ${whatOf(error)}`, error instanceof Problem ? error.next : undefined)
    }
  }
  if (!parts.includes(configPart)) return
  say(`saving ${configPart}`)
  const files = configFiles.filter((name) => existsSync(join(folder.path, name)))
  await restic(site, place, saveConfigWords(files, facts), { mounts: [{ from: folder.path, to: "/config" }] })
}

/** Messages that are still on their way would be in no store. */
async function gate(site: Site): Promise<void> {
  const { gate: wanted } = backupOf(site.folder.deployment)
  if (!wanted) return
  const container = await runningContainer(site, wanted.service)
  if (!container) return
  const until = Date.now() + wanted.seconds * 1000
  for (;;) {
    const asked = await attempt([site.engine.name, "exec", container.id, ...wanted.command], { limitSeconds: wanted.seconds })
    if (asked.code === 0) return
    if (Date.now() > until) {
      say(
        `after ${wanted.seconds} s there is still something on its way (${lastWords(asked.tail, 1)}); the backup goes on, and may lack it`,
      )
      return
    }
    await sleep(1000)
  }
}

/** What restic says is not enough: it ends well although it could not delete. */
async function removeOld(site: Site, place: Place): Promise<void> {
  const description = backupOf(site.folder.deployment)
  const days = Number(site.settings["BACKUP_DAYS"]) || 7
  const expired = expiredRuns(description, await runsIn(site, place), days)
  if (expired.length > 0) {
    say(`removing ${expired.length} old backups in ${place.address}`)
    const ids = expired.flatMap(({ parts }) => Object.values(parts))
    await restic(site, place, ["forget", "--prune", ...ids])
    const left = new Set((await runsIn(site, place)).map(({ run }) => run))
    const still = expired.filter(({ run }) => left.has(run))
    if (still.length > 0) throw new Problem(`old backups could not be removed: ${still.map(({ run }) => run).join(", ")}`)
  }
  await restic(site, place, ["check"])
}

function note(folder: Folder, { run, kind }: RunFacts, failed: Record<string, string>, places: Place[], time: number): void {
  const before = backupRecord(folder)
  const good = places.filter(({ name }) => failed[name] === undefined && kind === "full").map(({ name }) => [name, time] as const)
  makeOwn(folder)
  writeJson(recordFile(folder), { run, time, failed, good: { ...before?.good, ...Object.fromEntries(good) } })
}

const backupRecord = (folder: Folder): BackupRecord | undefined => readJson<BackupRecord>(recordFile(folder))

/** Place → when its last good backup began, 0 for none. */
export function backupTimes(folder: Folder, settings: Record<string, string>): { backups: Record<string, number>; backupFailed: boolean } {
  if (folder.deployment.backup === undefined) return { backups: {}, backupFailed: false }
  const record = backupRecord(folder)
  const places = ["local", ...(settings["BACKUP_REMOTE"] ? ["remote"] : [])]
  return {
    backups: Object.fromEntries(places.map((name) => [name, record?.good[name] ?? 0])),
    backupFailed: Object.keys(record?.failed ?? {}).length > 0,
  }
}

/** For `status`; nothing where the kit has no backups, or nothing was deployed. */
export function backupState(folder: Folder, settings: Record<string, string> | undefined): ReturnType<typeof backupNote> | undefined {
  if (folder.deployment.backup === undefined || settings === undefined) return undefined
  return backupNote(backupRecord(folder), ["local", ...(settings["BACKUP_REMOTE"] ? ["remote"] : [])], Date.now())
}

/** The places that can be read, and their backups; a place that cannot be read is a line. */
export async function readablePlaces(site: Site): Promise<{ place: Place; runs: Run[] }[]> {
  await ready(site, false)
  const found: { place: Place; runs: Run[] }[] = []
  const refused: Problem[] = []
  for (const place of placesOf(site)) {
    try {
      await openPlace(site, place, false)
      found.push({ place, runs: await runsIn(site, place) })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      refused.push(error)
    }
  }
  if (found.length === 0 && refused[0]) throw refused[0]
  for (const { what, next } of refused) say(next === undefined ? what : `${what}. Next: ${next}`)
  return found
}

/** The first place that has the backup. */
export function placeOf(
  { folder }: Site,
  places: { place: Place; runs: Run[] }[],
  name: string,
  only: string[] = [],
): { place: Place; run: Run } {
  const all = [...new Map(places.flatMap(({ runs }) => runs).map((run) => [run.run, run])).values()].sort((one, other) =>
    one.run.localeCompare(other.run),
  )
  const wanted = namedRun(backupOf(folder.deployment), all, name, only).run
  for (const { place, runs } of places) {
    const run = runs.find(({ run }) => run === wanted)
    if (run) return { place, run }
  }
  throw new Problem(`${name} is in no place`)
}

export async function listBackups(folder: Folder, engine: Engine, json: boolean): Promise<number> {
  const site = siteOf(folder, engine, settingsOf(folder))
  const places = await locked(folder, "backup list", () => readablePlaces(site))
  const rows = places.flatMap(({ place, runs }) =>
    runs.map((run) => ({
      run: run.run,
      kind: run.kind,
      complete: isComplete(backupOf(folder.deployment), run),
      parts: Object.keys(run.parts),
      bytes: run.bytes,
      release: run.release,
      place: place.name,
    })),
  )
  if (json) result(jsonText(rows))
  else
    result(
      table(
        ["backup", "kind", "state", "place", "size", "holds", "release"],
        rows.map(({ run, kind, complete, place, bytes, parts, release }) => [
          run,
          kind,
          complete ? "complete" : "incomplete",
          place,
          sizeText(bytes),
          parts.join(","),
          release,
        ]),
      ),
    )
  return EXIT.fine
}

/** Reads all that is stored, and compares it with its checksums. */
export async function verifyBackups(folder: Folder, engine: Engine): Promise<number> {
  const site = siteOf(folder, engine, settingsOf(folder))
  await locked(folder, "backup verify", async () => {
    const damaged: string[] = []
    for (const { place, runs } of await readablePlaces(site)) {
      say(`reading all of ${place.address}: ${runs.length} backups`)
      try {
        await restic(site, place, ["check", "--read-data"])
      } catch (error) {
        damaged.push(`${place.address} is damaged: ${(error as Problem).what}`)
      }
    }
    if (damaged.length > 0)
      throw new Problem(damaged.join("; "), "make a new backup now; a second place may be whole: openimctl backup list")
  })
  say("every backup was read and is whole")
  return EXIT.fine
}
