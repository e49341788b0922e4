// restore: puts the data of a backup in the place of what is there. What is replaced is printed first, and asked for.
import { existsSync, mkdirSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { durationText } from "../../src/base/measures"
import { Problem } from "../../src/base/problem"
import { backupOf, configPart, otherRelease, type RestoreStep, type Run, restoreCommand, restoreSteps } from "../../src/plan/deploy/backup"
import { chosenProfiles } from "../../src/plan/deploy/stages"
import { readJson, writeJson } from "../files"
import { placeOf, readablePlaces } from "./backup"
import { importBackup } from "./backupFile"
import { type Place, perform, resticWords } from "./backupPlaces"
import { composeOrFail, type Engine, type Site, siteOf, volumesOf } from "./engine"
import { nameTyped } from "./envVerb"
import { type Folder, makeOwn, readState, settingsOf } from "./folder"
import { recorded } from "./history"
import { locked } from "./lock"
import { notified } from "./notify"
import { EXIT, Refusal, say } from "./print"
import { testRestore } from "./restoreTest"
import { profilesOr } from "./start"
import { prepareFiles } from "./tls"
import { everyProfile, startChosen, stopStages } from "./verbs"

export interface RestoreOptions {
  only: string[]
  force: boolean
  dryRun: boolean
  confirm?: string | undefined
  ignore: string[]
  /** Into a scratch project, which is removed again. */
  test: boolean
}

const markFile = ({ own }: Folder): string => join(own, "restore.json")

/** A restore that did not come to its end. */
export const brokenRestore = (folder: Folder): string | undefined => readJson<{ run: string }>(markFile(folder))?.run

export async function restore(folder: Folder, engine: Engine, words: string[], options: RestoreOptions): Promise<number> {
  const backup = backupOf(folder.deployment)
  const [name] = words.length === 0 && options.test ? ["latest"] : words
  if (name === undefined)
    throw new Refusal("restore needs the name of a backup, latest, or a file of backup export", EXIT.usage, "openimctl backup list")
  const site = siteOf(folder, engine, settingsOf(folder))
  await locked(folder, `restore ${name}`, async () => {
    const wanted = existsSync(name) ? await importBackup(site, resolve(name)) : name
    const { place, run } = placeOf(site, await readablePlaces(site), wanted, options.only)
    const steps = restoreSteps(backup, run, options.only)
    const config = options.only.includes(configPart)
    const other = steps.length > 0 && !options.ignore.includes("version") ? otherRelease(run, folder.deployment.release) : undefined
    if (other) throw new Refusal(other.what, EXIT.refused, other.next)
    if (options.test) {
      if (config) throw new Refusal("the configuration is only written, so there is nothing to test", EXIT.usage, "leave out --only=config")
      const title = `restore ${run.run} --test`
      await recorded(folder, title, () => notified(folder, title, () => testRestore(site, place, run, steps, restorePart)))
      return
    }
    announce(site, run, place, steps, config)
    if (options.dryRun) return
    if (steps.length > 0 && !options.force)
      await nameTyped(site.project, options.confirm, `nothing was changed; without a terminal: --confirm=${site.project}, or --force`)
    await recorded(folder, `restore ${run.run}`, async () => {
      const began = Date.now()
      if (config) await restoreConfig(site, place, run)
      if (steps.length > 0) await replace(site, place, run, steps)
      return `${[...steps.map(({ part }) => part.name), ...(config ? [configPart] : [])].join(", ")} in ${durationText((Date.now() - began) / 1000)}`
    })
  })
  return EXIT.fine
}

function announce({ project, folder }: Site, run: Run, place: Place, steps: RestoreStep[], config: boolean): void {
  say(`${run.run} of ${run.time.slice(0, 16).replace("T", " ")} UTC, saved by ${run.release}, from ${place.address}`)
  for (const { part } of steps)
    say(
      `  replaces ${part.name} (${part.purpose}) of the project ${project}: ${part.volume ? `the volume ${project}_${part.volume}` : `what ${part.service} holds`}`,
    )
  if (config) say(`  writes the configuration beside what is there: ${configFolder(folder, run)}`)
  if (steps.length > 0) say("  everything is stopped meanwhile; what was sent since this backup is lost")
}

/** Once begun it is marked, so that a call that was killed is not taken for a restored one. */
async function replace(site: Site, place: Place, run: Run, steps: RestoreStep[]): Promise<void> {
  const { folder } = site
  makeOwn(folder)
  writeJson(markFile(folder), { run: run.run })
  const profiles = chosenProfiles(folder.deployment, profilesOr(folder, site.settings, readState(folder), []))
  await stopStages(site, chosenProfiles(folder.deployment, everyProfile(folder)), [])
  await makeVolumes(site, profiles, steps)
  const answering = steps.filter(({ part }) => part.volume === undefined)
  // Volumes while nothing runs; then what the stores themselves read.
  for (const step of steps) if (step.part.volume !== undefined) await restorePart(site, place, run, step)
  const services = answering.map(({ part }) => part.service)
  if (services.length > 0) await startChosen(folder, site, profiles, services)
  for (const step of answering) await restorePart(site, place, run, step)
  await startChosen(folder, site, profiles, [])
  rmSync(markFile(folder), { force: true })
  say(`${run.run} is restored: ${steps.map(({ part }) => part.name).join(", ")}`)
}

/** On a new machine nothing was started yet. */
async function makeVolumes(site: Site, profiles: string[], steps: RestoreStep[]): Promise<void> {
  const volumes = await volumesOf(site)
  if (steps.every(({ part: { volume } }) => volume === undefined || volumes.some(({ name }) => name === volume))) return
  await prepareFiles(site.folder, site.settings)
  await composeOrFail(site, profiles, ["up", "--no-start"], "making the volumes")
}

async function restorePart(site: Site, place: Place, run: Run, { part, snapshot }: RestoreStep): Promise<void> {
  say(`restoring ${part.name}`)
  const mounts = part.volume === undefined ? [] : [{ from: `${site.project}_${part.volume}`, to: `/volumes/${part.volume}`, write: true }]
  try {
    await perform(site, { command: restoreCommand(part, snapshot), place, part, mounts })
  } catch (error) {
    throw new Problem(
      `${part.name} could not be restored: ${(error as Problem).what ?? error}`,
      `the rest is not started. Correct that, then the same command again: openimctl restore ${run.run}`,
    )
  }
}

const configFolder = ({ path }: Folder, run: Run): string => join(path, `restored-${run.run}`)

/** Beside what is there: which of it is still right, only its owner knows. */
async function restoreConfig(site: Site, place: Place, run: Run): Promise<void> {
  const target = configFolder(site.folder, run)
  if (existsSync(target)) throw new Refusal(`${target} is there already`, EXIT.refused, "remove it, or read it")
  mkdirSync(target, { mode: 0o700 })
  await perform(site, {
    command: resticWords(["restore", `${run.parts[configPart]}:/config`, "--target", "/out"]),
    place,
    mounts: [{ from: target, to: "/out", write: true }],
  })
  say(`the configuration is in ${target}: compare, and copy back what you need (.env first, then openimctl deploy)`)
}
