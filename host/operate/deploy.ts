// deploy: from a folder to a stack in which everything is healthy; a second call changes nothing.
import { existsSync } from "node:fs"
import { jsonText } from "../../src/base/format"
import { durationText as duration } from "../../src/base/measures"
import type { DeployedService } from "../../src/plan/deploy/model"
import { blocking, preflight } from "../../src/plan/deploy/preflight"
import { answeredPorts } from "../../src/plan/deploy/publishedPorts"
import { checkEnv, type Diagnostic } from "../../src/plan/deploy/settings"
import { allHealthy, changeOf, chosenProfiles, servicesOf, stagesOf, statusRows } from "../../src/plan/deploy/stages"
import { renewIfNeeded } from "./certificate"
import { dataFindings, noteVersion } from "./dataVersions"
import { configHashes, containersOf, type Engine, findEngine, type Site, siteOf, volumesOf } from "./engine"
import { ensureEnv } from "./envVerb"
import { type Folder, projectName, readEnv, readState, type State, settingsOf, writeState } from "./folder"
import { keepOnce, severalOf } from "./handover"
import { recorded } from "./history"
import { hooksOf } from "./hooks"
import { damagedFiles, imageFacts, presentImages, provideImages } from "./images"
import { locked } from "./lock"
import { machineFacts } from "./machine"
import { EXIT, findingLines, Refusal, result, say } from "./print"
import { filesHash, noteMadeWith } from "./secrets"
import { identities, profilesOr, startStages } from "./start"
import { prepareFiles, rootFile, siteFile, tlsFault } from "./tls"
import { finishUnfinished } from "./unfinished"

export interface DeployOptions {
  profiles: string[]
  address?: string | undefined
  environment?: string | undefined
  ignore: string[]
  /** Names of changes that the user knows about. */
  accept: string[]
  dryRun: boolean
  buildOnly: boolean
  deployOnly: boolean
  json: boolean
  limitSeconds?: number | undefined
}

export async function deploy(folder: Folder, options: DeployOptions): Promise<number> {
  // Wrong names and a machine without an engine are answered before anything is made.
  chosenProfiles(folder.deployment, options.profiles)
  const engine = await findEngine()
  if (options.dryRun) return dryRun(folder, engine, options)
  let answer: DeployAnswer | undefined
  await locked(folder, "deploy", async () => {
    await finishUnfinished(folder, engine)
    await recorded(folder, options.buildOnly ? "deploy --build-only" : "deploy", async () => {
      answer = await deployLocked(folder, engine, options)
      return answer.changed.length === 0 ? "nothing to change" : `changed: ${answer.changed.join(", ")}`
    })
  })
  if (options.json && answer) result(jsonText(answer))
  return EXIT.fine
}

interface DeployAnswer {
  ok: boolean
  changed: string[]
  profiles: string[]
  seconds: number
  urls: Record<string, string>
  warnings: Diagnostic[]
}

async function deployLocked(folder: Folder, engine: Engine, options: DeployOptions): Promise<DeployAnswer> {
  const began = Date.now()
  say(
    `${folder.deployment.title} ${folder.deployment.release} in ${folder.path}, with ${engine.name} ${engine.version} and ${engine.compose.name} ${engine.compose.version}`,
  )
  // Volumes without .env: secrets that would be made now fit none of them.
  const firstVolumes = existsSync(folder.env) ? [] : await volumesOf({ engine, project: projectName(folder, undefined) })
  const held = firstVolumes.find(({ name }) => folder.deployment.settings.some(({ madeWith }) => madeWith === name))
  if (held)
    throw new Refusal(
      `.env is missing, but the volume ${held.full} of ${held.created} is there: new secrets would not fit its data`,
      EXIT.refused,
      "put the old .env back (.env.backup files, or your backup), or remove the data: openimctl destroy --data",
    )
  const env = await ensureEnv(folder, options)
  const { site, state, profiles, findings, images } = await judged(folder, engine, options, env.firstUse)
  const stopping = blocking(findings, options.ignore)
  const others = findings.filter((finding) => !stopping.includes(finding))
  if (!options.json && others.length > 0) process.stderr.write(findingLines(others))
  if (stopping.length > 0) throw refused(stopping, options)
  const provided = options.deployOnly ? { loaded: 0, pulled: 0 } : await provideImages(site, images)
  if (provided.loaded + provided.pulled > 0) say(`images: ${provided.loaded} loaded, ${provided.pulled} pulled`)
  const seconds = (): number => Math.round((Date.now() - began) / 1000)
  const answer = { ok: true, profiles, urls: urlsOf(site, profiles), warnings: others }
  if (options.buildOnly) {
    say(`all images are there; nothing was started (--build-only)`)
    return { ...answer, changed: [], seconds: seconds() }
  }
  await prepareFiles(folder, site.settings)
  const before = await containersOf(site)
  const hashes = await configHashes(site, profiles)
  const changes = await changesOf(site, profiles, state, hashes)
  noteMadeWith(
    folder,
    state,
    site.settings,
    (await volumesOf(site)).map(({ name }) => name),
  )
  // Before the start, so that a call that continues knows what this one was about.
  writeState(folder, { ...state, release: folder.deployment.release, profiles })
  const recreate = new Set([...changes].filter(([, why]) => why === FILES).map(([name]) => name))
  const rows = statusRows(folder.deployment, profiles, before, state.scale)
  // Only where compose says what it would do: podman-compose does not.
  const settled =
    changes.size === 0 && allHealthy(rows) && servicesOf(folder.deployment, profiles).every(({ name }) => state.hashes[name] !== undefined)
  for (const [name, why] of changes) say(`will start ${name}: ${why}`)
  const hooks = hooksOf(folder, "deploy", state.release, folder.deployment.release)
  if (!settled) await hooks.before()
  await hooks.around(async () => {
    if (!settled)
      await startStages(site, {
        profiles,
        scale: state.scale,
        recreate,
        onReady: (services) => noteStarted(site, services, hashes),
        ...(options.limitSeconds ? { limitSeconds: options.limitSeconds } : {}),
      })
    await keepOnce(site, severalOf(state.scale))
    await renewIfNeeded(site)
  })
  const after = await containersOf(site)
  const ids = new Set(before.map((one) => identities([one])))
  const changed = [...new Set(after.filter((one) => !ids.has(identities([one]))).map(({ service }) => service))].sort()
  if (changed.length === 0)
    say(`nothing to change: ${after.length} containers run as .env and this kit describe them (${duration(seconds())})`)
  else say(`deployed in ${duration(seconds())}: ${changed.join(", ")}`)
  if (!options.json && changed.length > 0) printAccess(site, profiles, Object.keys(state.files).length === 0)
  return { ...answer, changed, seconds: seconds() }
}

const FILES = "its secrets or files have changed"

export function refused(findings: Diagnostic[], { json }: { json: boolean }): Refusal {
  if (json) result(jsonText({ ok: false, findings }))
  else process.stderr.write(findingLines(findings))
  return new Refusal(
    `${findings.length} ${findings.length === 1 ? "thing stands" : "things stand"} in the way (above); nothing was started or stopped`,
    EXIT.refused,
    "correct them, then run the same command again",
  )
}

/** All that is known before anything is touched: .env, machine, images, certificate. */
export async function judged(
  folder: Folder,
  engine: Engine,
  options: Pick<DeployOptions, "profiles" | "environment" | "deployOnly" | "accept">,
  firstUse: boolean,
  envContent?: string,
): Promise<{ site: Site; state: State; profiles: string[]; findings: Diagnostic[]; images: Awaited<ReturnType<typeof imageFacts>> }> {
  const settings = settingsOf(folder, envContent)
  const site = siteOf(folder, engine, settings)
  const state = readState(folder)
  const profiles = chosenProfiles(folder.deployment, profilesOr(folder, settings, state, options.profiles))
  const images = await imageFacts(site, profiles, !options.deployOnly)
  const facts = await machineFacts(site, state, firstUse, images)
  const fault = tlsFault(folder, settings)
  const findings = [
    ...checkEnv(folder.deployment, envContent ?? readText(folder), options.environment),
    ...(fault
      ? [
          {
            severity: "error",
            code: "certificate",
            subject: "TLS",
            message: fault,
            next: settings["TLS"] === "acme" ? "correct .env, or set TLS=internal" : `correct ${siteFile(folder)}, or set TLS=internal`,
          } as Diagnostic,
        ]
      : []),
    ...preflight(folder.deployment, profiles, settings, facts),
    ...(await dataFindings(site, profiles, options.accept)),
    ...(await damagedFiles(folder)),
  ]
  return { site, state, profiles, findings, images }
}

const readText = (folder: Folder): string => readEnv(folder) ?? ""

/** What services were started with, so that a later call sees what has changed since. */
export function noteStarted({ folder, settings }: Site, services: DeployedService[], hashes: Record<string, string>): void {
  const state = readState(folder)
  for (const service of services) {
    state.files[service.name] = filesHash(folder, service)
    noteVersion(state, service.name, settings[service.imageSetting])
    if (hashes[service.name] !== undefined) state.hashes[service.name] = hashes[service.name]!
  }
  writeState(folder, state)
}

/** Service → why it would be made again or started. */
export async function changesOf(
  site: Site,
  profiles: string[],
  state: State,
  hashes: Record<string, string>,
): Promise<Map<string, string>> {
  const services = servicesOf(site.folder.deployment, profiles)
  const [containers, present] = await Promise.all([
    containersOf(site),
    presentImages(site, [...new Set(services.flatMap(({ imageSetting }) => site.settings[imageSetting] ?? []))]),
  ])
  return new Map(
    services.flatMap((service) => {
      const hash = hashes[service.name]
      const imageId = present.get(site.settings[service.imageSetting] ?? "")?.id
      const filesBefore = state.files[service.name]
      const hashBefore = state.hashes[service.name]
      const change = changeOf(service, containers, {
        ...(hash === undefined ? {} : { hash }),
        ...(hashBefore === undefined ? {} : { hashBefore }),
        ...(imageId === undefined ? {} : { imageId }),
        ...(filesBefore === undefined ? {} : { filesBefore }),
        files: filesHash(site.folder, service),
        wanted: state.scale[service.name] ?? 1,
      })
      return change === undefined ? [] : [[service.name, change] as const]
    }),
  )
}

async function dryRun(folder: Folder, engine: Engine, options: DeployOptions): Promise<number> {
  const env = await ensureEnv(folder, options, true)
  const { site, state, profiles, findings, images } = await judged(folder, engine, options, env.firstUse, env.text)
  const changes = await changesOf(site, profiles, state, existsSync(folder.env) ? await configHashes(site, profiles) : {})
  const stopping = blocking(findings, options.ignore)
  if (options.json)
    result(
      jsonText({ ok: stopping.length === 0, firstUse: env.firstUse, findings, images, changes: Object.fromEntries(changes), profiles }),
    )
  else {
    if (env.firstUse) result("would make .env\n")
    result(findingLines(findings))
    for (const { image, state, detail } of images)
      if (state === "archive") result(`would load ${image} from images/${detail}\n`)
      else if (state === "registry") result(`would pull ${image}\n`)
    for (const stage of stagesOf(folder.deployment, profiles))
      for (const { name, stage: number } of stage)
        if (changes.has(name)) result(`would start ${name} in stage ${number}: ${changes.get(name)}\n`)
    result(changes.size === 0 ? "nothing to change\n" : "nothing was changed (--dry-run)\n")
  }
  return stopping.length > 0 ? EXIT.refused : EXIT.fine
}

/** Where users reach what: paths of the main address, and ports with their own listener. */
export function urlsOf({ folder, settings }: Site, profiles: string[]): Record<string, string> {
  const services = servicesOf(folder.deployment, profiles).map(({ name }) => name)
  const base = settings["PUBLIC_URL"] ?? ""
  const secure = base.startsWith("https")
  const published = settings[secure ? "HTTPS_PORT" : "HTTP_PORT"]
  const main = /:\d+$/.test(base) || published === undefined || published === (secure ? "443" : "80") ? base : `${base}:${published}`
  const urls: Record<string, string> = {}
  for (const { name, path, portSetting, port, service, websocket, grpc } of folder.deployment.routes) {
    if (!services.includes(service)) continue
    const listener = portSetting === undefined ? port : settings[portSetting]
    const url = path === undefined ? `${base.replace(/:\d+$/, "")}:${listener}` : `${main}${path}`
    const scheme = websocket ? "ws" : grpc ? "grpc" : "http"
    urls[name] = url.replace(/^http/, scheme)
  }
  return urls
}

function printAccess(site: Site, profiles: string[], first: boolean): void {
  const { folder, settings } = site
  const urls = Object.entries(urlsOf(site, profiles))
  const width = Math.max(0, ...urls.map(([name]) => name.length))
  result(urls.map(([name, url]) => `${name.padEnd(width)}  ${url}\n`).join(""))
  const ports = answeredPorts(folder.deployment, servicesOf(folder.deployment, profiles), settings)
  const open = (["tcp", "udp"] as const).flatMap((wanted) => {
    const numbers = new Set(ports.flatMap(({ setting, protocol }) => (protocol === wanted ? [settings[setting]] : [])))
    return numbers.size === 0 ? [] : [`${[...numbers].join(", ")} (${wanted.toUpperCase()})`]
  })
  result(`open in the firewall: ${open.join(", ")}\n`)
  if (settings["TLS"] === "internal") result(`certificate authority of this installation, to be trusted by clients: ${rootFile(folder)}\n`)
  if (!first) return
  // Once: what people type in. They stand in .env from now on.
  const typed = folder.deployment.settings.filter(
    ({ name, kind, environments }) => kind === "secret" && settings[name] && Object.keys(environments).length > 0,
  )
  for (const { name, purpose } of typed) result(`${name}=${settings[name]}  (${purpose})\n`)
  result(`all secrets stand in ${folder.env} (mode 0600): keep a copy in a safe place. They are not printed again\n`)
}
