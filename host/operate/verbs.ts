// start, stop, restart, logs, scale, clean, destroy, doctor and support-bundle.

import { spawn } from "node:child_process"
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { jsonText } from "../../src/base/format"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { preflight } from "../../src/plan/deploy/preflight"
import { wantedScale } from "../../src/plan/deploy/scale"
import { checkEnv, type Diagnostic, hiddenLine } from "../../src/plan/deploy/settings"
import { chosenProfiles, serviceNamed, servicesOf } from "../../src/plan/deploy/stages"
import { attempt } from "../run"
import { dataFindings, refuseData } from "./dataVersions"
import {
  ask,
  attached,
  composeCommand,
  composeEnvironment,
  composeOrFail,
  containersOf,
  type Engine,
  findEngine,
  type Site,
  siteOf,
  volumesOf,
} from "./engine"
import { backupEnv, nameTyped } from "./envVerb"
import { type Folder, projectName, readEnv, readState, settingsOf, writeState } from "./folder"
import { keepOnce, retireSurplus, severalOf } from "./handover"
import { history, historyTable, recorded } from "./history"
import { imageFacts } from "./images"
import { locked, lockOf } from "./lock"
import { machineFacts } from "./machine"
import { EXIT, findingLines, hide, masked, Refusal, refusing, result, say } from "./print"
import { filesHash } from "./secrets"
import { profilesOr, startStages } from "./start"
import { statusOf } from "./status"
import { prepareFiles, tlsFault } from "./tls"
import { finishUnfinished } from "./unfinished"

interface Running {
  site: Site
  profiles: string[]
}

function running(folder: Folder, engine: Engine, named: string[] = []): Running {
  const site = siteOf(folder, engine, settingsOf(folder))
  const profiles = chosenProfiles(folder.deployment, profilesOr(folder, site.settings, readState(folder), named))
  return { site, profiles }
}

/** A change that only one caller makes, with a line in the history. */
async function change(folder: Folder, engine: Engine, verb: string, work: () => Promise<string | undefined>): Promise<number> {
  await locked(folder, verb, async () => {
    await finishUnfinished(folder, engine)
    await recorded(folder, verb, work)
  })
  return EXIT.fine
}

export async function start(folder: Folder, engine: Engine, services: string[], limitSeconds?: number): Promise<number> {
  for (const name of services) serviceNamed(folder.deployment, name)
  return change(folder, engine, ["start", ...services].join(" "), async () => {
    const { site, profiles } = running(folder, engine)
    await refuseData(site, profiles)
    await startChosen(folder, site, profiles, services, limitSeconds)
    return undefined
  })
}

/** Starts these services, or all. One whose files have changed gets a new container. */
export async function startChosen(
  folder: Folder,
  site: Site,
  profiles: string[],
  services: string[],
  limitSeconds?: number,
): Promise<void> {
  const state = readState(folder)
  await prepareFiles(folder, site.settings)
  const wanted = servicesOf(folder.deployment, profiles)
  const changed = wanted.filter(
    (service) => state.files[service.name] !== undefined && state.files[service.name] !== filesHash(folder, service),
  )
  await startStages(site, {
    profiles,
    scale: state.scale,
    recreate: new Set(changed.map(({ name }) => name)),
    ...(services.length > 0 ? { only: services } : {}),
    ...(limitSeconds ? { limitSeconds } : {}),
  })
  await keepOnce(site, severalOf(state.scale))
  const started = wanted.filter(({ name }) => services.length === 0 || services.includes(name))
  writeState(folder, {
    ...state,
    files: { ...state.files, ...Object.fromEntries(started.map((service) => [service.name, filesHash(folder, service)])) },
  })
}

export async function stop(folder: Folder, engine: Engine, services: string[]): Promise<number> {
  for (const name of services) serviceNamed(folder.deployment, name)
  return change(folder, engine, ["stop", ...services].join(" "), async () => {
    const { site, profiles } = running(folder, engine)
    await stopStages(site, profiles, services)
    say(
      services.length === 0
        ? "everything is stopped; data and .env are kept. A reboot starts it again: openimctl clean removes the containers"
        : `stopped: ${services.join(", ")}`,
    )
    return undefined
  })
}

/** The last stage first: no service runs without what it needs. */
export async function stopStages(site: Site, profiles: string[], only: string[]): Promise<void> {
  const chosen = servicesOf(site.folder.deployment, profiles).filter(({ name }) => only.length === 0 || only.includes(name))
  for (const number of [...new Set(chosen.map(({ stage }) => stage))].sort((a, b) => b - a)) {
    const names = chosen.filter(({ stage }) => stage === number).map(({ name }) => name)
    say(`stopping ${names.join(", ")}`)
    await composeOrFail(site, profiles, ["stop", ...names], `stopping ${names.join(", ")}`)
  }
}

export async function restart(folder: Folder, engine: Engine, services: string[], limitSeconds?: number): Promise<number> {
  for (const name of services) serviceNamed(folder.deployment, name)
  return change(folder, engine, ["restart", ...services].join(" "), async () => {
    const { site, profiles } = running(folder, engine)
    await refuseData(site, profiles)
    await stopStages(site, profiles, services)
    await startChosen(folder, site, profiles, services, limitSeconds)
    return undefined
  })
}

export async function logs(folder: Folder, engine: Engine, services: string[], follow: boolean, lines: string): Promise<number> {
  for (const name of services) serviceNamed(folder.deployment, name)
  const { site, profiles } = running(folder, engine)
  const command = composeCommand(site, profiles, ["logs", ...(follow ? ["-f"] : []), "--tail", lines, ...services])
  return attached(command, folder.path, composeEnvironment(site))
}

export async function scale(folder: Folder, engine: Engine, words: string[]): Promise<number> {
  const wanted = refusing(EXIT.usage, () => wantedScale(folder.deployment, words))
  return change(folder, engine, `scale ${words.join(" ")}`, async () => {
    const { site, profiles } = running(folder, engine)
    const state = readState(folder)
    const all = { ...state.scale, ...wanted }
    await retireSurplus(site, wanted)
    writeState(folder, { ...state, scale: all })
    await startStages(site, { profiles, scale: all, recreate: new Set(), only: Object.keys(wanted) })
    await keepOnce(site, Object.keys(wanted))
    return undefined
  })
}

export const everyProfile = (folder: Folder): string[] => folder.deployment.profiles.map(({ name }) => name)

export async function clean(folder: Folder, engine: Engine): Promise<number> {
  return change(folder, engine, "clean", async () => {
    const { site } = running(folder, engine)
    await composeOrFail(site, everyProfile(folder), ["down", "--remove-orphans"], "removing the containers")
    say("containers and networks are removed; .env, secrets and the data in the volumes are kept: openimctl deploy starts them again")
    return undefined
  })
}

export interface DestroyOptions {
  data: boolean
  confirm?: string | undefined
  backup: boolean
}

export async function destroy(folder: Folder, engine: Engine, { data, confirm, backup }: DestroyOptions): Promise<number> {
  if (!data)
    throw new Refusal(
      "destroy removes all messages, pictures and accounts",
      EXIT.usage,
      "openimctl destroy --data; to remove the containers alone: openimctl clean",
    )
  const settings = readEnv(folder) === undefined ? undefined : settingsOf(folder)
  const project = projectName(folder, settings)
  const volumes = await volumesOf({ engine, project })
  say(
    `this removes ${volumes.length} volumes with all data of the project ${project}: ${volumes.map(({ full }) => full).join(", ") || "none"}`,
  )
  await nameTyped(project, confirm, `nothing was removed; without a terminal: --confirm=${project}`)
  await locked(folder, "destroy --data", () =>
    recorded(folder, "destroy --data", async () => {
      const site = siteOf(folder, engine, settings ?? {})
      if (settings) await stopStages(site, chosenProfiles(folder.deployment, everyProfile(folder)), [])
      if (backup) await backupVolumes(site, volumes)
      if (settings) await composeOrFail(site, everyProfile(folder), ["down", "-v", "--remove-orphans"], "removing containers and volumes")
      const ids = (await containersOf(site)).map(({ id }) => id)
      if (ids.length > 0) await ask(site, ["rm", "-f", ...ids])
      const left = (await volumesOf(site)).map(({ full }) => full)
      if (left.length > 0) await ask(site, ["volume", "rm", ...left])
      if (existsSync(folder.env)) {
        const copy = backupEnv(folder)
        rmSync(folder.env)
        say(`.env is kept as ${copy}`)
      }
      rmSync(folder.secrets, { recursive: true, force: true })
      rmSync(join(folder.own, "state.json"), { force: true })
      rmSync(join(folder.own, "rotation.json"), { force: true })
      return `${volumes.length} volumes removed`
    }),
  )
  say("all data is removed: openimctl deploy starts from the beginning")
  return EXIT.fine
}

/** Cold copies: the services are stopped. An image that is here has the tar; nothing is fetched. */
async function backupVolumes(site: Site, volumes: { name: string; full: string }[]): Promise<void> {
  const { folder, settings, engine } = site
  const target = join(folder.path, `backup-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "_")}`)
  for (const { name, full } of volumes) {
    const owner = folder.deployment.services.find(({ volumes }) => name in volumes)
    const image = owner && settings[owner.imageSetting]
    if (!image) throw new Problem(`the volume ${full} cannot be copied: no image is known for it`, "--no-backup removes it without a copy")
    mkdirSync(target, { recursive: true, mode: 0o700 })
    const [part, file] = [join(target, `${name}.tar.part`), join(target, `${name}.tar`)]
    say(`copying ${full} to ${file}`)
    const out = openSync(part, "w", 0o600)
    const words = [
      "run",
      "--rm",
      "--network",
      "none",
      "--user",
      "0",
      "--entrypoint",
      "tar",
      "-v",
      `${full}:/data:ro`,
      image,
      "-c",
      "-C",
      "/data",
      ".",
    ]
    const code = await new Promise<number>((done) => {
      const child = spawn(engine.name, words, { stdio: ["ignore", out, "inherit"] })
      child.on("error", () => done(1))
      child.on("exit", (code) => done(code ?? 1))
    })
    closeSync(out)
    if (code !== 0) {
      rmSync(part, { force: true })
      throw new Problem(`${full} could not be copied (exit code ${code})`, "nothing was removed; free some space, or take --no-backup")
    }
    renameSync(part, file)
  }
}

/** All that preflight and the check of .env say, without a change. */
export async function doctorFindings(folder: Folder): Promise<Diagnostic[]> {
  let engine: Engine
  const findings: Diagnostic[] = []
  const text = readEnv(folder)
  if (text === undefined)
    findings.push({ severity: "note", code: "env", subject: ".env", message: ".env is missing", next: "openimctl deploy makes it" })
  else findings.push(...checkEnv(folder.deployment, text))
  const lock = lockOf(folder)
  if (lock)
    findings.push({
      severity: lock.alive ? "note" : "warning",
      code: "lock",
      subject: "lock",
      message: `${lock.owner?.user ?? "somebody"} ${lock.alive ? "is changing" : "was changing"} this deployment (${lock.owner?.verb ?? "unknown"})`,
      next: lock.alive ? "wait for it" : "the next call takes the lock over",
    })
  try {
    engine = await findEngine()
  } catch (error) {
    const { what, next } = error as Problem
    return [...findings, { severity: "error", code: "engine", subject: "engine", message: what, ...(next ? { next } : {}) }]
  }
  const site = siteOf(folder, engine, text === undefined ? {} : settingsOf(folder))
  const profiles = chosenProfiles(folder.deployment, profilesOr(folder, site.settings, readState(folder), []))
  const fault = tlsFault(folder, site.settings)
  if (fault) findings.push({ severity: "error", code: "certificate", subject: "TLS", message: fault })
  const images = text === undefined ? [] : await imageFacts(site, profiles, true)
  const facts = await machineFacts(site, readState(folder), false, images)
  findings.push(...preflight(folder.deployment, profiles, site.settings, facts), ...(await dataFindings(site, profiles)))
  return findings
}

export async function doctor(folder: Folder, json: boolean): Promise<number> {
  const findings = await doctorFindings(folder)
  const errors = findings.filter(({ severity }) => severity === "error").length
  result(json ? jsonText({ ok: errors === 0, findings }) : findings.length === 0 ? "no fault found\n" : findingLines(findings))
  return errors > 0 ? EXIT.refused : EXIT.fine
}

export async function supportBundle(folder: Folder, output: string | undefined): Promise<number> {
  const target = resolve(output ?? `openim-support-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "_")}.tar.gz`)
  const aside = mkdtempSync(join(tmpdir(), "openimctl-"))
  const inside = join(aside, "support")
  mkdirSync(inside)
  const put = (name: string, text: string): void => writeFileSync(join(inside, name), masked(text), { mode: 0o600 })
  const tried = async (name: string, work: () => Promise<string>): Promise<void> =>
    put(name, await work().catch((error: Error) => `not available: ${error.message}\n`))
  try {
    const text = readEnv(folder)
    if (text !== undefined) {
      hide(Object.values(secretTexts(folder)))
      put(
        "env",
        text
          .split("\n")
          .map((line) => hiddenLine(folder.deployment, line))
          .join("\n"),
      )
    }
    put("history", historyTable(history(folder)))
    put("kit", `${folder.deployment.title} ${folder.deployment.release}\nfiles: ${readdirSync(folder.path).join(", ")}\n`)
    await tried("doctor.json", async () => jsonText(await doctorFindings(folder)))
    const engine = await findEngine().catch(() => undefined)
    if (engine) {
      const site = siteOf(folder, engine, text === undefined ? {} : settingsOf(folder))
      await tried("status.json", async () => jsonText(await statusOf(folder, engine, [])))
      await tried("engine", async () => (await attempt([engine.name, "version"])).tail + (await attempt([engine.name, "info"])).tail)
      const containers = await containersOf(site).catch(() => [])
      for (const { id, service } of containers) {
        await tried(`${service}-${id.slice(0, 6)}.log`, async () => {
          const done = await attempt(["sh", "-c", '"$1" logs --tail 500 "$2" 2>&1', "logs", engine.name, id], { limitSeconds: 30 })
          return done.stdout
        })
        await tried(
          `${service}-${id.slice(0, 6)}.json`,
          async () => (await attempt([engine.name, "inspect", id], { limitSeconds: 30 })).stdout,
        )
      }
      await tried("stats", async () => (await attempt([engine.name, "stats", "--no-stream"], { limitSeconds: 30 })).stdout)
    }
    const packed = await attempt(["tar", "-czf", `${target}.part`, "-C", aside, "support"], { limitSeconds: 120 })
    if (packed.code !== 0)
      throw new Problem(`the bundle could not be packed: ${lastWords(packed.tail)}`, "name another place: --output=FILE")
    renameSync(`${target}.part`, target)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
  say(
    `${target} (${Math.ceil(statSync(target).size / 1000)} kB): versions, state, the last log lines and .env; values of secrets are masked. Logs may hold names of users: look before you send it`,
  )
  return EXIT.fine
}

/** What stands in secrets/, too: an earlier value may still be in logs. */
function secretTexts(folder: Folder): Record<string, string> {
  if (!existsSync(folder.secrets)) return {}
  return Object.fromEntries(
    readdirSync(folder.secrets).flatMap((name) => {
      try {
        return [[name, readFileSync(join(folder.secrets, name), "utf8").trim()]]
      } catch {
        return []
      }
    }),
  )
}
