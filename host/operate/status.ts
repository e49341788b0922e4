// status: what runs, in two calls to the engine.
import { jsonText } from "../../src/base/format"
import { durationText as duration } from "../../src/base/measures"
import { table } from "../../src/base/table"
import { allHealthy, chosenProfiles, type StatusRow, statusRows } from "../../src/plan/deploy/stages"
import { backupState } from "./backup"
import { containersOf, type Engine } from "./engine"
import { type Folder, projectName, readEnv, readState, settingsOf } from "./folder"
import { lockOf } from "./lock"
import { colour, EXIT, result, say } from "./print"
import { brokenRestore } from "./restore"
import { restoreTestNote } from "./restoreTest"
import { profilesOr } from "./start"
import { unfinishedUpdate } from "./unfinished"

export async function statusOf(folder: Folder, engine: Engine, named: string[]): Promise<StatusRow[]> {
  const settings = readEnv(folder) === undefined ? undefined : settingsOf(folder)
  const state = readState(folder)
  const profiles = chosenProfiles(folder.deployment, profilesOr(folder, settings ?? {}, state, named))
  return statusRows(folder.deployment, profiles, await containersOf({ engine, project: projectName(folder, settings) }), state.scale)
}

export async function status(folder: Folder, engine: Engine, named: string[], json: boolean): Promise<number> {
  const rows = await statusOf(folder, engine, named)
  const fine = allHealthy(rows)
  const lock = lockOf(folder)
  const saved = backupState(folder, readEnv(folder) === undefined ? undefined : settingsOf(folder))
  if (json)
    result(
      jsonText({
        ok: fine,
        release: folder.deployment.release,
        services: rows,
        ...(saved ? { backup: saved } : {}),
        ...(lock?.owner ? { lock: lock.owner } : {}),
      }),
    )
  else {
    const lines = table(
      ["service", "state", "instances", "restarts", "for", "image", "note"],
      rows.map(({ service, state, instances, wanted, restarts, since, image, note }) => [
        service,
        state,
        `${instances}/${wanted}`,
        String(restarts),
        age(since),
        image.replace(/^docker\.io\//, ""),
        note,
      ]),
    )
    result(lines.replace(/\b(unhealthy|restarting|stopped|missing)\b/g, (word) => colour("red", word, process.stdout)))
    if (lock?.alive && lock.owner)
      say(`${lock.owner.user}@${lock.owner.host} is changing it now: ${lock.owner.verb}, since ${duration(lock.age / 1000)}`)
    if (saved) say(saved.warning ? colour("yellow", saved.text) : saved.text)
    const tested = restoreTestNote(folder)
    if (tested) say(tested.warning ? colour("yellow", tested.text) : tested.text)
    const broken = brokenRestore(folder)
    if (broken) say(colour("red", `a restore did not come to its end: openimctl restore ${broken}`))
    const unfinished = unfinishedUpdate(folder)
    if (unfinished !== undefined) say(unfinished)
    if (!fine) say("not everything is healthy: openimctl logs SERVICE, openimctl doctor, or openimctl deploy to start what is missing")
  }
  return fine ? EXIT.fine : EXIT.unhealthy
}

function age(since: string): string {
  const began = Date.parse(since)
  return Number.isNaN(began) || began <= 0 ? "" : duration((Date.now() - began) / 1000)
}
