// restore --test: a backup is restored into a scratch project beside the one that runs, and read again there. What runs is not touched.
import { join } from "node:path"
import { durationText, sizeText } from "../../src/base/measures"
import { Problem } from "../../src/base/problem"
import type { RestoreStep, Run } from "../../src/plan/deploy/backup"
import { chosenProfiles } from "../../src/plan/deploy/stages"
import { readJson, writeJson } from "../files"
import { attempt } from "../run"
import { type Place, perform, resticWords } from "./backupPlaces"
import { compose, composeOrFail, type Site } from "./engine"
import { type Folder, makeOwn, readState } from "./folder"
import { say } from "./print"
import { profilesOr, startStages } from "./start"
import { prepareFiles } from "./tls"

const recordFile = ({ own }: Folder): string => join(own, "restore-test.json")

/** A restored store that dumps less than this share of what was saved lacks something. */
const LEAST_SHARE = 0.5

type RestorePart = (site: Site, place: Place, run: Run, step: RestoreStep) => Promise<void>

export async function testRestore(site: Site, place: Place, run: Run, steps: RestoreStep[], restorePart: RestorePart): Promise<string> {
  const { folder } = site
  const began = Date.now()
  const record = (failed?: string): void => {
    makeOwn(folder)
    writeJson(recordFile(folder), { run: run.run, time: began, ...(failed === undefined ? {} : { failed }) })
  }
  const scratch = { ...site, project: `${site.project}-restore-test` }
  const profiles = chosenProfiles(folder.deployment, profilesOr(folder, site.settings, readState(folder), []))
  const services = [...new Set(steps.map(({ part }) => part.service))]
  say(`restoring ${run.run} from ${place.address} into the scratch project ${scratch.project}; what runs is not touched`)
  try {
    await remove(scratch, profiles)
    await prepareFiles(folder, site.settings)
    await composeOrFail(scratch, profiles, ["up", "--no-start", "--no-deps", ...services], "making the scratch project")
    for (const step of steps) if (step.part.volume !== undefined) await restorePart(scratch, place, run, step)
    await startStages(scratch, { profiles, scale: {}, recreate: new Set(), only: services })
    for (const step of steps) if (step.part.volume === undefined) await restorePart(scratch, place, run, step)
    for (const step of steps) if (step.part.dump !== undefined) await compareDump(scratch, place, step)
  } catch (error) {
    const what = error instanceof Problem ? error.what : String(error)
    record(what.split("\n")[0])
    throw new Problem(
      `${run.run} cannot be restored: ${what}`,
      "make a new backup now (openimctl backup), then test that one: openimctl restore latest --test",
    )
  } finally {
    await remove(scratch, profiles)
  }
  record()
  const names = steps.map(({ part }) => part.name).join(", ")
  say(`${run.run} can be restored: ${names} in ${durationText((Date.now() - began) / 1000)}`)
  return names
}

/** Everything of the scratch project, its volumes as well. */
async function remove(scratch: Site, profiles: string[]): Promise<void> {
  await attempt([scratch.engine.name, "rm", "-f", `${scratch.project}-backup`], { limitSeconds: 60 })
  await compose(scratch, profiles, ["down", "-v", "--remove-orphans"])
}

/** What the restored store dumps, against what was saved. */
async function compareDump(scratch: Site, place: Place, { part, snapshot }: RestoreStep): Promise<void> {
  const size = async (words: string[]): Promise<number> =>
    Number(await perform(scratch, { command: ["bash", "-c", 'set -o pipefail; "$@" | wc -c', "size", ...words], place, part }))
  const saved = await size(["start-backup", ...resticWords(["dump", snapshot, `/${part.file}`])])
  const restored = await size(part.dump!)
  say(`  ${part.name}: ${sizeText(restored)} after the restore, ${sizeText(saved)} in the backup`)
  if (!(restored >= saved * LEAST_SHARE))
    throw new Problem(`${part.name} holds ${sizeText(restored)} after the restore, and the backup ${sizeText(saved)}`)
}

/** For `status`: the last test, where there was one. */
export function restoreTestNote(folder: Folder): { text: string; warning: boolean } | undefined {
  const last = readJson<{ run: string; time: number; failed?: string }>(recordFile(folder))
  if (!last) return undefined
  const age = durationText((Date.now() - last.time) / 1000)
  return last.failed === undefined
    ? { text: `last restore test: ${last.run}, ${age} ago`, warning: false }
    : { text: `the last restore test failed ${age} ago: ${last.failed}`, warning: true }
}
