// Where backups are kept, and the containers that restic runs in: one task, one container, whose name shows what a killed call has left.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { backupOf, type Job, jobWords, type Mount, type Run, runsOf, type Snapshot } from "../../src/plan/deploy/backup"
import { filled } from "../../src/plan/deploy/checkSteps"
import type { BackupPart } from "../../src/plan/deploy/model"
import { lacksBucket, missingOf, type PlaceFault, placeFault, unansweredFault, withoutReason } from "../../src/plan/deploy/placeFault"
import { attempt } from "../run"
import { ask, containersOf, type Site, volumesOf } from "./engine"
import { makeOwn } from "./folder"
import { imageFactsOf, provideImages } from "./images"
import { hide, result, say } from "./print"

export interface Place {
  name: "local" | "remote"
  /** As a reader knows it. */
  address: string
  repository: string
  mounts: Mount[]
  environment: Record<string, string>
  /** It is reached over the network. */
  outside: boolean
}

/** A place that does not answer must not hold up the other one. */
const PROBE_SECONDS = Number(process.env["OPENIMCTL_PROBE_SECONDS"] ?? 30)
const HOUR = 3600
/** What restic answers where there is no repository, or another key, and timeout where it ended a command. */
const NO_REPOSITORY = 10
const WRONG_KEY = 12
const TIMED_OUT = 124
/** The engine's own network: the project's may not be there yet. */
const OUTSIDE = { docker: "bridge", podman: "podman" }

export const keyFile = ({ folder }: Pick<Site, "folder">): string => join(folder.path, "backup.key")
const sshFolder = ({ path }: Pick<Site["folder"], "path">): string => join(path, "backup-ssh")
const remotePassword = ({ folder }: Site): string => join(folder.own, "backup-remote")

/** The folder beside .env, and the second place, where one is set. */
export function placesOf(site: Site): Place[] {
  const { folder, settings } = site
  const local = join(resolve(folder.path, settings["BACKUP_FOLDER"] || "./backup"), "repository")
  const places: Place[] = [
    {
      name: "local",
      address: local,
      repository: "/repository",
      mounts: [{ from: local, to: "/repository", write: true }],
      environment: {},
      outside: false,
    },
  ]
  const address = settings["BACKUP_REMOTE"]
  if (!address) return places
  const user = settings["BACKUP_REMOTE_USER"] ?? ""
  const ssh = sshFolder(folder)
  const mounted = address.startsWith("/")
  places.push({
    name: "remote",
    address,
    repository: mounted ? "/remote" : address,
    outside: !mounted,
    mounts: mounted
      ? [{ from: address, to: "/remote", write: true }]
      : [
          { from: remotePassword(site), to: "/run/secrets/backup_remote" },
          ...(existsSync(ssh) ? [{ from: ssh, to: "/run/backup/ssh" }] : []),
        ],
    environment: mounted
      ? {}
      : {
          RESTIC_REMOTE_PASSWORD_FILE: "/run/secrets/backup_remote",
          ...(user ? { AWS_ACCESS_KEY_ID: user, RESTIC_REST_USERNAME: user } : {}),
        },
  })
  return places
}

export interface Task {
  command: string[]
  place?: Place
  /** The part whose commands run: they get its variables, its secrets and its network. */
  part?: BackupPart
  mounts?: Mount[]
  environment?: Record<string, string>
  limitSeconds?: number
  /** For restic: it is ended then, so that its last words say what it waited for. */
  withinSeconds?: number
}

/** Runs a task to its end; what it printed. Its exit code and last words are in the problem. */
export async function perform(
  site: Site,
  { command, place, part, mounts = [], environment = {}, limitSeconds = 12 * HOUR, withinSeconds }: Task,
): Promise<string> {
  const { folder, engine, project } = site
  const backup = backupOf(folder.deployment)
  const networks = [...(part?.dump ? [`${project}_${backup.network}`] : []), ...(place?.outside ? [OUTSIDE[engine.name]] : [])]
  const secrets = part?.secrets ?? []
  if (place?.outside) {
    makeOwn(folder)
    writeFileSync(remotePassword(site), site.settings["BACKUP_REMOTE_PASSWORD"] ?? "", { mode: 0o600 })
  }
  const job: Job = {
    name: `${project}-backup`,
    image: site.settings[backup.imageSetting]!,
    network: networks[0] ?? "none",
    environment: {
      ...(place ? { RESTIC_REPOSITORY: place.repository, RESTIC_PASSWORD_FILE: "/run/backup/key", ...place.environment } : {}),
      ...Object.fromEntries(Object.entries(part?.environment ?? {}).map(([name, text]) => [name, filled(text, site.settings)])),
      ...environment,
    },
    mounts: [
      { from: keyFile(site), to: "/run/backup/key" },
      ...secrets.map((name) => ({ from: join(folder.secrets, name), to: `/run/secrets/${name}` })),
      ...(place?.mounts ?? []),
    ]
      .filter(({ from }) => existsSync(from))
      .concat(mounts),
    command,
  }
  try {
    await ask(site, jobWords(job))
    for (const network of networks.slice(1)) await ask(site, ["network", "connect", network, job.name])
    const done = await attempt([engine.name, "start", "-a", job.name], { limitSeconds })
    if (done.code === 0) return done.stdout
    const late = withinSeconds !== undefined && done.code === TIMED_OUT
    const fault = late ? unansweredFault(done.tail, withinSeconds) : place?.outside ? placeFault(done.tail) : undefined
    throw new TaskProblem(done.code, done.tail, place && fault && { place: place.address, ...fault })
  } finally {
    await attempt([engine.name, "rm", "-f", job.name], { limitSeconds: 60 })
    rmSync(remotePassword(site), { force: true })
  }
}

export class TaskProblem extends Problem {
  constructor(
    readonly code: number,
    readonly output: string,
    /** Known reasons. */
    readonly fault?: PlaceFault & { place: string },
  ) {
    super(fault ? `${fault.place}: ${fault.what}` : lastWords(output), fault?.next)
  }
}

export const resticWords = (words: string[]): string[] => ["restic", "--no-cache", "--retry-lock=2m", ...words]

export async function restic(site: Site, place: Place, words: string[], more: Partial<Task> = {}): Promise<string> {
  try {
    return await resticOnce(site, place, words, more)
  } catch (error) {
    if (!(error instanceof TaskProblem && withoutReason(error.output))) throw error
    return resticOnce(site, place, words, more)
  }
}

function resticOnce(site: Site, place: Place, words: string[], more: Partial<Task>): Promise<string> {
  const { withinSeconds: within } = more
  if (within === undefined) return perform(site, { ...more, command: resticWords(words), place })
  // The container's start and end are not restic's time.
  const command = ["start-backup", "within", String(within), ...resticWords(words)]
  return perform(site, { ...more, command, place, limitSeconds: within + 60 })
}

/** Before the first task: the image, a container that a killed call has left, and the key. */
export async function ready(site: Site, mayMakeKey: boolean): Promise<void> {
  const { folder, engine, project, settings } = site
  const image = settings[backupOf(folder.deployment).imageSetting]
  if (!image) throw new Problem(`${backupOf(folder.deployment).imageSetting} is not set`, "name the image of the backup in .env")
  const facts = await imageFactsOf(site, new Map([[image, ["backup"]]]), true)
  const missing = facts.find(({ state }) => state === "missing")
  if (missing) throw new Problem(`the image ${image} is missing: ${missing.detail}`, "load it, or set another one in .env")
  await provideImages(site, facts)
  const left = await attempt([engine.name, "rm", "-f", `${project}-backup`], { limitSeconds: 60 })
  const broken = left.code === 0 && left.stdout.includes(`${project}-backup`)
  makeKey(site, existsSync(keyFile(site)) || !mayMakeKey ? undefined : await newKey(site))
  // The call that held the lock is gone, and nobody else uses the repositories.
  if (broken) {
    say("an earlier backup or restore was killed: what it left is removed")
    const [local, remote] = placesOf(site)
    const unlock = (place: Place) => restic(site, place, ["unlock", "--remove-all"], { withinSeconds: PROBE_SECONDS })
    if (existsSync(join(local!.address, "config"))) await unlock(local!)
    // One that does not answer is reported when it is used.
    if (remote && missingOf(remote.address, givenFor(site)) === undefined) await unlock(remote).catch(() => undefined)
  }
}

async function newKey(site: Site): Promise<string> {
  const [local] = placesOf(site)
  if (existsSync(join(local!.address, "config")))
    throw new Problem(
      `${keyFile(site)} is missing, and there are backups that only this key opens`,
      `put it back from where you keep it; or move ${local!.address} away to begin with a new key`,
    )
  return (await perform(site, { command: ["start-backup", "new-key"], limitSeconds: 60 })).trim()
}

function makeKey(site: Site, key: string | undefined): void {
  const file = keyFile(site)
  if (key === undefined) {
    if (existsSync(file)) return
    throw new Problem(`${file} is missing: without the key no backup can be read`, "put it back from where you keep it")
  }
  if (!/^AGE-SECRET-KEY-\w+$/.test(key)) throw new Problem("the image of the backup made no key", "is it the image of this kit?")
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: "wx" })
  say(
    `the key of all backups is made: ${file}. Keep a copy of it elsewhere, now: without it no backup can be read, and it is not printed again`,
  )
  result(key)
  hide([key])
}

/** Makes the repository at its first use. A wrong key, or a place that cannot be reached, is said as such. */
export async function openPlace(site: Site, place: Place, make: boolean): Promise<void> {
  const folder = place.mounts.find(({ write }) => write)?.from
  if (make && folder) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw new Problem(
        `${folder} cannot be made: ${(error as Error).message}`,
        "name another folder in .env: BACKUP_FOLDER or BACKUP_REMOTE",
      )
    }
  }
  const missing = missingOf(place.address, givenFor(site))
  if (place.outside && missing) throw new Problem(`${place.address} cannot be used: ${missing.what}`, missing.next)
  try {
    await restic(site, place, ["cat", "config", "--no-lock"], { withinSeconds: PROBE_SECONDS })
  } catch (error) {
    if (!(error instanceof TaskProblem)) throw error
    const { code, output, fault } = error
    if (code === WRONG_KEY)
      throw new Problem(
        `the key in ${keyFile(site)} is not the one of the backups in ${place.address}`,
        "put back the key that they were made with",
      )
    if (code !== NO_REPOSITORY && !lacksBucket(output))
      throw new Problem(
        `${place.address} cannot be used: ${fault?.what ?? lastWords(output)}`,
        fault?.next ?? "check the place and its settings BACKUP_… in .env",
      )
    if (!make) throw new Problem(`there are no backups in ${place.address}`, "openimctl backup makes one")
    const [local] = placesOf(site)
    const like = place.name === "remote" && existsSync(join(local!.address, "config")) ? ["--copy-chunker-params", ...from(local!)] : []
    await restic(site, place, ["init", ...like], { mounts: like.length > 0 ? local!.mounts : [], withinSeconds: 120 })
  }
}

function givenFor({ folder, settings }: Site): Parameters<typeof missingOf>[1] {
  return {
    user: Boolean(settings["BACKUP_REMOTE_USER"]),
    password: Boolean(settings["BACKUP_REMOTE_PASSWORD"]),
    sshKey: existsSync(join(sshFolder(folder), "id")),
  }
}

/** The other repository of a copy. */
export const from = (place: Place): string[] => ["--from-repo", place.repository, "--from-password-file", "/run/backup/key"]

export async function runsIn(site: Site, place: Place): Promise<Run[]> {
  const text = await restic(site, place, ["snapshots", "--json", "--no-lock"], { withinSeconds: 300 })
  return runsOf((JSON.parse(text.trim() || "[]") as Snapshot[] | null) ?? [])
}

/** What a part needs to be saved. */
export async function checkParts(site: Site, parts: BackupPart[]): Promise<void> {
  const [containers, volumes] = await Promise.all([containersOf(site), volumesOf(site)])
  for (const { name, volume, service, dump } of parts) {
    if (volume !== undefined && !volumes.some((one) => one.name === volume))
      throw new Problem(`the volume of ${name} is missing: nothing was deployed from this folder yet`, "openimctl deploy")
    const up = containers.some((one) => one.service === service && one.state === "running")
    if (dump !== undefined && !up) throw new Problem(`${service} does not run, so ${name} cannot be saved`, "openimctl start")
  }
}
