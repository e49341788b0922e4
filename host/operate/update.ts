// update and rollback: a kit takes the place of another one while users stay connected. New containers start beside the old ones, are
// checked, get the connections, and only then the old ones end. Until that moment every failure goes back to where it began.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { jsonText } from "../../src/base/format"
import { durationText as duration } from "../../src/base/measures"
import { unknownName } from "../../src/base/nearest"
import { Problem, whatOf } from "../../src/base/problem"
import { compareVersions } from "../../src/base/versionNumbers"
import { type Change, handovers, readsAny, type Strategy } from "../../src/plan/deploy/handover"
import type { Deployment } from "../../src/plan/deploy/model"
import { withNewSecrets } from "../../src/plan/deploy/newSettings"
import { otherImages, withImages, withOtherVersions } from "../../src/plan/deploy/otherVersions"
import { blocking } from "../../src/plan/deploy/preflight"
import { hasBackups, saveAll } from "./backup"
import { changesOf, judged, noteStarted, refused } from "./deploy"
import { configHashes, containersOf, type Engine, findEngine, type Site, siteOf } from "./engine"
import { addSettings, generate } from "./envVerb"
import { type Folder, openFolder, readEnv, readState, settingsOf } from "./folder"
import { checkDirectly, giveConnections, startBeside } from "./handover"
import { publicFault } from "./health"
import { recorded } from "./history"
import { hooksOf } from "./hooks"
import { damagedFiles, provideImages } from "./images"
import { locked } from "./lock"
import { notified } from "./notify"
import { EXIT, findingLines, Refusal, refusing, result, say } from "./print"
import { differingFiles, installKit, keepRelease, kitId, kitWith, type Release, releasePath, releases } from "./releases"
import { startStages } from "./start"
import { prepareFiles } from "./tls"
import { finishSwitched, finishUnfinished, goBack, note, type Pending, reopen } from "./unfinished"

export interface UpdateOptions {
  strategy: Strategy
  /** Shares of new connections, rising to 100. */
  shares: number[]
  /** Seconds that each share is watched. */
  watchSeconds: number
  /** Seconds in which the connections of the old containers are closed, slice by slice. */
  drainSeconds: number
  plan: boolean
  ignore: string[]
  accept: string[]
  /** Before an update: true and false are the user's word; undefined: where backups have been made here. */
  backup?: boolean | undefined
  json: boolean
  limitSeconds?: number | undefined
}

/** To a newer kit, or to other versions of some services in this one. */
export async function update(
  folder: Folder,
  to: { kit?: string | undefined; version?: string | undefined },
  options: UpdateOptions,
): Promise<number> {
  const { kit, version } = to
  if (kit !== undefined && version !== undefined)
    throw new Refusal("update takes --kit or --version, not both", EXIT.usage, "a newer kit has its versions: --kit=../NEWER")
  if (version !== undefined) return updateVersions(folder, version, options)
  const source = newerKit(folder, kit)
  return replaced(folder, "update", options, () => source)
}

/** The folder of a kit that may take the place of this one. */
export function newerKit(folder: Folder, kit: string | undefined): string {
  if (kit === undefined)
    throw new Refusal(
      "update needs the folder of a newer kit",
      EXIT.usage,
      "unpack it beside this one: openimctl update --kit=../NEWER; or, for another image in this kit: --version=SERVICE=VERSION",
    )
  const source = resolve(kit)
  const next = openFolder(source, source)
  if (next.deployment.stack !== folder.deployment.stack)
    throw new Refusal(`${source} is a kit of ${next.deployment.stack}, this is one of ${folder.deployment.stack}`, EXIT.refused)
  if (kitId(source) === kitId(folder.path))
    throw new Refusal(`${source} is the kit that is deployed here: ${next.deployment.release}`, EXIT.refused, "nothing to update")
  if (older(next.deployment, folder.deployment))
    throw new Refusal(
      `${next.deployment.release} is older than ${folder.deployment.release}`,
      EXIT.refused,
      "openimctl rollback goes back to a release that ran here",
    )
  return source
}

/** The kit that runs with other images is a kit like any other, so rollback knows the way back. */
async function updateVersions(folder: Folder, version: string, options: UpdateOptions): Promise<number> {
  const images = refusing(EXIT.refused, () => otherImages(folder.deployment, settingsOf(folder), version))
  const source = mkdtempSync(join(tmpdir(), "openimctl-"))
  try {
    const deployment = withOtherVersions(folder.deployment, images)
    kitWith(folder, source, (name, text) => (name === "deployment.json" ? jsonText(deployment) : withImages(text, images)))
    return await replaced(folder, "update", options, () => source)
  } finally {
    rmSync(source, { recursive: true, force: true })
  }
}

export async function rollback(folder: Folder, name: string | undefined, options: UpdateOptions): Promise<number> {
  return replaced(folder, "rollback", options, () => releasePath(folder, chosenRelease(folder, name).id))
}

function chosenRelease(folder: Folder, name: string | undefined): Release {
  const others = releases(folder).filter(({ id }) => !id.endsWith(kitId(folder.path)))
  if (others.length === 0) throw new Refusal("no earlier release is kept here: only an update keeps one", EXIT.refused, "openimctl history")
  const found = name === undefined ? others[0] : others.find(({ id, release }) => id === name || release === name)
  if (found) return found
  throw unknownName(
    "release",
    name!,
    others.map(({ id }) => id),
  )
}

/** By the first version that a release is called by. */
function older(one: Deployment, other: Deployment): boolean {
  const version = ({ release }: Deployment): string => /\d+(\.\d+)+/.exec(release)?.[0] ?? "0"
  return compareVersions(version(one), version(other)) < 0
}

async function replaced(folder: Folder, verb: "update" | "rollback", options: UpdateOptions, sourceOf: () => string): Promise<number> {
  const engine = await findEngine()
  if (options.plan) return replace(folder, engine, sourceOf(), options)
  await locked(folder, verb, async () => {
    await finishUnfinished(folder, engine)
    const source = sourceOf()
    await recorded(folder, verb, () =>
      notified(folder, verb, async () => {
        const before = folder.deployment.release
        const hooks = hooksOf(folder, verb, before, openFolder(source, source).deployment.release)
        await hooks.around(() =>
          replace(folder, engine, source, options, async () => {
            await backupBefore(folder, engine, verb === "update" ? options.backup : false)
            await hooks.before()
          }),
        )
        return `${before} → ${folder.deployment.release}`
      }),
    )
  })
  if (options.json) result(jsonText({ ok: true, release: folder.deployment.release }))
  return EXIT.fine
}

/** An update of a store cannot be undone without one. */
async function backupBefore(folder: Folder, engine: Engine, chosen: boolean | undefined): Promise<void> {
  const { backup } = folder.deployment
  if (backup === undefined || !(chosen ?? hasBackups(folder))) return
  say("making a backup before the update")
  try {
    await saveAll(siteOf(folder, engine, settingsOf(folder)))
  } catch (error) {
    throw new Refusal(
      `the backup before the update failed: ${whatOf(error)}; nothing was changed`,
      EXIT.refused,
      "correct that, or update without one: --no-backup",
    )
  }
}

/** The same user's files, with the kit of another folder. */
export function withKit(folder: Folder, source: string): Folder {
  const { deployment, composeFile, images } = openFolder(source, source)
  return { ...folder, deployment, composeFile, images }
}

/** Before anything is taken from it. */
export async function refuseDamaged(next: Folder, source: string): Promise<void> {
  const damaged = await damagedFiles({ ...next, path: source })
  if (damaged.length === 0) return
  process.stderr.write(findingLines(damaged))
  throw new Refusal(`the kit in ${source} is damaged (above)`, EXIT.refused, "unpack it again; nothing was changed")
}

/** `before` runs when all is known and there, and nothing has changed. */
async function replace(
  folder: Folder,
  engine: Engine,
  source: string,
  options: UpdateOptions,
  before: () => Promise<void> = async () => {},
): Promise<number> {
  const began = Date.now()
  const next = withKit(folder, source)
  await refuseDamaged(next, source)
  const all = { profiles: [], environment: undefined, deployOnly: false, accept: options.accept }
  const env = withNewSecrets(folder.deployment, next.deployment, readEnv(folder) ?? "", generate)
  const { site, state, profiles, findings, images } = await judged(next, engine, all, false, env.names.length > 0 ? env.text : undefined)
  const stopping = blocking(findings, options.ignore)
  if (stopping.length > 0) throw refused(stopping, options)
  const containers = await containersOf(site)
  if (containers.length === 0)
    throw new Refusal("nothing is deployed here yet", EXIT.refused, "openimctl deploy, in the folder of the newer kit")
  if (options.plan) {
    // Which images differ is known once they are here: a plan loads none.
    const changes = await changesWith(site, profiles, source, await configHashes(site, profiles))
    return printPlan(folder, next, changes, images, options)
  }
  const provided = await provideImages(site, images)
  if (provided.loaded + provided.pulled > 0) say(`images: ${provided.loaded} loaded, ${provided.pulled} pulled; nothing is stopped yet`)
  const hashes = await configHashes(site, profiles)
  const changes = await changesWith(site, profiles, source, hashes)
  const { first, beside } = handovers(next.deployment, changes, options.strategy)
  const wanted = Object.fromEntries(beside.map(({ service }) => [service.name, state.scale[service.name] ?? 1]))
  for (const { service } of beside) roomFor(next.deployment, service.name, wanted[service.name]!)
  for (const line of planLines(first, beside, options)) say(line)
  await before()

  const kept = keepRelease(folder)
  const pending: Pending = {
    phase: "starting",
    from: kept.id,
    fromRelease: kept.release,
    toRelease: next.deployment.release,
    old: Object.fromEntries(
      beside.map(({ service }) => [service.name, containers.filter((one) => one.service === service.name).map(({ id }) => id)]),
    ),
    drainSeconds: options.drainSeconds,
  }
  if (env.names.length > 0) pending.env = readEnv(folder) ?? ""
  note(folder, pending)
  try {
    addSettings(folder, env)
    installKit(folder, source)
    reopen(folder)
    const now = siteOf(folder, engine, settingsOf(folder))
    await prepareFiles(folder, now.settings)
    const limit = options.limitSeconds === undefined ? {} : { limitSeconds: options.limitSeconds }
    if (first.length > 0)
      await startStages(now, {
        profiles,
        scale: state.scale,
        recreate: new Set(first.filter(({ why }) => why === FILES).map(({ service }) => service.name)),
        only: first.map(({ service }) => service.name),
        ...limit,
      })
    for (const { service } of beside) await startBeside(now, profiles, service, pending.old[service.name]!, wanted[service.name]!, limit)
    if (beside.length > 0) {
      await checkDirectly(now, pending.old)
      await giveConnections(now, pending.old, options)
    }
    const fault = await publicFault(folder, now.settings)
    if (fault !== undefined) throw new Problem(`the check through the public address failed: ${fault}`)
  } catch (error) {
    throw await wentBack(folder, engine, pending, error)
  }
  pending.phase = "switched"
  note(folder, pending)
  await finishSwitched(folder, engine, pending)
  noteStarted(siteOf(folder, engine, settingsOf(folder)), folder.deployment.services, hashes)
  say(`${kept.release} → ${folder.deployment.release} in ${duration((Date.now() - began) / 1000)}; openimctl rollback goes back`)
  return EXIT.fine
}

const FILES = "its files have changed"

/** Service → why it is made again, with the files that the new kit has for it. */
async function changesWith(site: Site, profiles: string[], source: string, hashes: Record<string, string>): Promise<Change[]> {
  const { folder } = site
  const differing = differingFiles(folder.path, source)
  const changes = await changesOf(site, profiles, readState(folder), hashes)
  return folder.deployment.services
    .filter(({ profiles: own }) => own.some((name) => profiles.includes(name)))
    .flatMap((service): Change[] => {
      const why = changes.get(service.name)
      const files = readsAny(service, differing)
      return files ? [{ service, why: FILES }] : why === undefined ? [] : [{ service, why }]
    })
}

function roomFor({ edge }: Deployment, name: string, wanted: number): void {
  if (wanted * 2 <= edge.instances) return
  throw new Refusal(
    `two sets of ${wanted} containers of ${name} do not fit: the edge finds at most ${edge.instances}`,
    EXIT.refused,
    `openimctl scale ${name}=${Math.floor(edge.instances / 2)} first, or --strategy=recreate`,
  )
}

function planLines(first: Change[], beside: Change[], { shares, watchSeconds, drainSeconds }: UpdateOptions): string[] {
  const names = beside.map(({ service }) => service.name).join(", ")
  return [
    ...first.map(({ service, why }) => `will stop ${service.name} and start it again: ${why}`),
    ...beside.map(({ service, why }) => `will start new containers of ${service.name} beside the old ones: ${why}`),
    ...(beside.length > 0
      ? [
          `will give ${names} ${shares.map((share) => `${share} %`).join(", ")} of new connections, watching each for ${watchSeconds} s`,
          `will close the connections of the old ${names} within ${drainSeconds} s, then stop them`,
        ]
      : []),
  ]
}

function printPlan(
  folder: Folder,
  next: Folder,
  changes: Change[],
  images: Awaited<ReturnType<typeof judged>>["images"],
  options: UpdateOptions,
): number {
  const { first, beside } = handovers(next.deployment, changes, options.strategy)
  const loads = images.filter(({ state }) => state === "archive" || state === "registry")
  const lines = [
    ...loads.map(({ image, state, detail }) => (state === "archive" ? `will load ${image} from ${detail}` : `will pull ${image}`)),
    ...planLines(first, beside, options),
  ]
  if (options.json) result(jsonText({ from: folder.deployment.release, to: next.deployment.release, steps: lines }))
  else
    result(
      `${folder.deployment.release} → ${next.deployment.release}\n${lines.map((line) => `${line}\n`).join("")}nothing was changed (--plan)\n`,
    )
  return EXIT.fine
}

/** Back where it began; the error says so, or what is left to do. */
async function wentBack(folder: Folder, engine: Engine, pending: Pending, error: unknown): Promise<Problem> {
  const began = Date.now()
  const { message: what, next } = error as Problem
  const failed = `the update to ${pending.toRelease} failed: ${error instanceof Problem ? error.what : what}`
  say(`${failed.split("\n")[0]}; going back to ${pending.fromRelease}`)
  try {
    await goBack(folder, engine, pending)
  } catch (second) {
    return new Problem(
      `${failed}\nand going back did not end: ${(second as Error).message}`,
      "the old containers still run where they did; any later change, such as openimctl deploy, goes on with it",
    )
  }
  return new Problem(
    `${failed}\nthe deployment is back at ${pending.fromRelease} since ${duration((Date.now() - began) / 1000)} after the failure`,
    next ?? "openimctl status; correct the newer kit, then update again",
  )
}
