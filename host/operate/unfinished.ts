// An update that has begun: finished where the new containers have the connections, undone where they have not.
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { readJson, writeJson } from "../files"
import { type Engine, siteOf } from "./engine"
import { writeEnv } from "./envVerb"
import { type Folder, makeOwn, openFolder, readEnv, readState, settingsOf, writeState } from "./folder"
import { backToOld, keepOnce, retire, severalOf } from "./handover"
import { say } from "./print"
import { installKit, releasePath } from "./releases"
import { finishRotation } from "./rotate"
import { profilesOr, startStages } from "./start"
import { prepareFiles } from "./tls"

/** An update that has begun. Whoever comes next finishes it, or goes back. */
export interface Pending {
  phase: "starting" | "switched"
  /** The kept files of the kit that it began with. */
  from: string
  fromRelease: string
  toRelease: string
  /** Service → the containers that it had. */
  old: Record<string, string[]>
  drainSeconds: number
  /** The text of .env before, where the newer kit has added secrets to it. */
  env?: string
}

const pendingFile = ({ own }: Folder): string => join(own, "update.json")

/** What interrupted calls have left. Whoever makes the next change finishes it first, or undoes it. */
export async function finishUnfinished(folder: Folder, engine: Engine): Promise<void> {
  await finishRotation(folder, engine)
  await finishUpdate(folder, engine)
}

export function note(folder: Folder, pending: Pending): void {
  makeOwn(folder)
  writeJson(pendingFile(folder), pending)
}

/** After the files of the kit have changed. Callers hold this object. */
export function reopen(folder: Folder): void {
  Object.assign(folder, openFolder(folder.path, folder.path))
}

/** What an interrupted update has left. */
async function finishUpdate(folder: Folder, engine: Engine): Promise<void> {
  const pending = readJson<Pending>(pendingFile(folder))
  if (!pending) {
    rmSync(pendingFile(folder), { force: true })
    return
  }
  reopen(folder)
  if (pending.phase === "switched") {
    say(`finishing the update to ${pending.toRelease}, which was interrupted`)
    await finishSwitched(folder, engine, pending)
    return
  }
  say(`undoing the update to ${pending.toRelease}, which was interrupted`)
  await goBack(folder, engine, pending)
}

export async function finishSwitched(folder: Folder, engine: Engine, pending: Pending): Promise<void> {
  const site = siteOf(folder, engine, settingsOf(folder))
  await retire(site, pending.old, pending.drainSeconds)
  const state = readState(folder)
  await keepOnce(site, severalOf(state.scale))
  writeState(folder, { ...state, release: folder.deployment.release })
  rmSync(pendingFile(folder), { force: true })
}

export async function goBack(folder: Folder, engine: Engine, pending: Pending): Promise<void> {
  await backToOld(siteOf(folder, engine, settingsOf(folder)), pending.old)
  if (pending.env !== undefined && pending.env !== readEnv(folder)) writeEnv(folder, pending.env)
  installKit(folder, releasePath(folder, pending.from))
  reopen(folder)
  const site = siteOf(folder, engine, settingsOf(folder))
  const state = readState(folder)
  await prepareFiles(folder, site.settings)
  const profiles = profilesOr(folder, site.settings, state, [])
  await startStages(site, { profiles, scale: state.scale, recreate: new Set() })
  await keepOnce(site, severalOf(state.scale))
  rmSync(pendingFile(folder), { force: true })
}

/** For status and doctor. */
export function unfinishedUpdate(folder: Folder): string | undefined {
  if (!existsSync(pendingFile(folder))) return undefined
  const pending = readJson<Pending>(pendingFile(folder))
  return (
    pending &&
    `an update to ${pending.toRelease} was interrupted; the next change ${pending.phase === "switched" ? "finishes" : "undoes"} it`
  )
}
