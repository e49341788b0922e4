// From the catalogue and deployment.yaml to what the kit carries.

import { basename } from "node:path/posix"
import { limitSetting } from "../../base/limitSetting.js"
import { unknownName } from "../../base/nearest.js"
import type { DeployedServiceData, DeploymentData } from "../../catalogue/deployment.js"
import type { BaseEntry, Catalogue, ComponentEntry } from "../../catalogue/types.js"
import { groupHealth, portProbe } from "../build/image.js"
import { publishedAs } from "../publish/publishedAs.js"
import { imageVariable } from "../versions/envTemplate.js"
import type { Backup, DeployedService, Deployment, Health, Monitoring, Requirements, Setting, SettingUse, UpdateRules } from "./model.js"
import { registryFiles } from "./registry.js"
import { secretFile } from "./secretFile.js"

export interface DeploymentRequest {
  /** Only the services of these. All when none is named. */
  profiles: string[]
  /** The makers' images where deployment.yaml has them. */
  official: boolean
  base: BaseEntry
  /** Images that are known, by component: those of the kit. */
  images: Record<string, string>
}

/** Everything, with the images that releases publish: what the repository holds. */
export const published = (catalogue: Catalogue): DeploymentRequest => ({
  profiles: [],
  official: false,
  base: Object.values(catalogue.bases)[0]!,
  images: {},
})

export function deploymentOf(catalogue: Catalogue, data: DeploymentData, request: DeploymentRequest): Deployment {
  const profiles = chosenProfiles(data, request.profiles)
  const chosen = Object.values(data.services).filter(({ profiles: own }) => (own ?? profiles).some((name) => profiles.includes(name)))
  const names = chosen.map(({ name }) => name)
  const entries = chosen.map((entry) => withMakersImage(besideOthers(entry, names), request))
  const services = inOrder(entries.map((entry) => deployedService(catalogue, data, entry, request, profiles, names)))
  return {
    format: 1,
    stack: catalogue.stack,
    title: catalogue.title,
    release: releaseName(catalogue),
    project: data.project,
    profiles: profiles.map((name) => {
      const { purpose, memoryMiB } = data.profiles[name]!
      return { name, purpose, memoryMiB }
    }),
    settings: [
      ...Object.entries(data.settings).flatMap(([name, setting]): Setting[] => {
        const { default: given, with: _, ...rest } = setting
        if (!hasSetting(data, name, names)) return []
        return [{ name, ...rest, default: name === "COMPOSE_PROFILES" ? within(profiles, given) : given, uses: usesOf(name, entries) }]
      }),
      ...entries.map((entry) => usedOrNot(data, entry, imageSetting(catalogue, entry, request))),
      // The stack runs without it: only the verb backup asks for it.
      ...(data.backup === undefined ? [] : [{ ...imageSetting(catalogue, data.backup, request), optional: true }]),
      ...entries.map(memorySetting),
    ],
    services,
    routes: Object.values(data.routes)
      .filter((route) => !("port" in route) || hasSetting(data, route.portSetting, names))
      .map((route) => ({
        strip: "path" in route && route.path !== "/",
        ...route,
        ...(data.kubernetes?.hosts[route.name] === undefined ? {} : { host: data.kubernetes.hosts[route.name] }),
      })),
    edge: data.edge,
    networks: Object.entries(data.networks)
      .filter(([name]) => services.some(({ networks }) => networks.includes(name)))
      .map(([name, network]) => ({ name, ...network })),
    requirements: {
      ...requirementsOf(data, names),
      cpuFlags: Object.fromEntries(
        Object.entries(data.requirements.cpuFlags).map(([flag, needing]) => [flag, needing.filter((name) => names.includes(name))]),
      ),
    },
    checks: data.checks,
    ...(data.backup === undefined ? {} : { backup: backupOf(catalogue, data.backup, names) }),
    ...(data.updates === undefined ? {} : { updates: updatesOf(data.updates, names) }),
    ...(data.monitoring === undefined || !names.includes(data.monitoring.service)
      ? {}
      : { monitoring: monitoringOf(data.monitoring, names) }),
  }
}

/** What nobody in this kit wants is left out. */
function requirementsOf({ requirements }: DeploymentData, services: string[]): Omit<Requirements, "cpuFlags"> {
  const { diskMiB, architecture, kernel } = requirements
  const wanted = Object.entries(kernel).flatMap(([name, { least, services: wanting }]) => {
    const own = wanting.filter((service) => services.includes(service))
    return own.length === 0 ? [] : [[name, { least, services: own }] as const]
  })
  return { diskMiB, architecture, ...(wanted.length === 0 ? {} : { kernel: Object.fromEntries(wanted) }) }
}

function updatesOf({ stops, changes, together }: UpdateRules, services: string[]): UpdateRules {
  return {
    stops: stops.filter(({ service }) => services.includes(service)),
    changes: Object.fromEntries(Object.entries(changes).filter(([, { service }]) => services.includes(service))),
    together: together.filter((service) => services.includes(service)),
  }
}

function monitoringOf({ service, targets, charts, rules }: NonNullable<DeploymentData["monitoring"]>, services: string[]): Monitoring {
  return {
    service,
    targets: Object.entries(targets)
      .filter(([, target]) => target.service === undefined || services.includes(target.service))
      .map(([name, target]) => ({ name, ...target })),
    charts,
    rules: Object.entries(rules).map(([name, rule]) => ({ name, ...rule })),
  }
}

/** What the chosen services keep. */
function backupOf(catalogue: Catalogue, { component, network, gate, parts }: BackupData, services: string[]): Backup {
  return {
    component,
    imageSetting: imageName(catalogue, { component }),
    network,
    ...(gate !== undefined && services.includes(gate.service) ? { gate } : {}),
    parts: Object.entries(parts)
      .filter(([, { service }]) => services.includes(service))
      .map(([name, { secrets, environment, ...part }]) => ({
        name,
        ...part,
        environment: { ...environment, ...secretFiles(secrets) },
        secrets: [...new Set(Object.values(secrets).map(secretFile))],
      })),
  }
}

function secretFiles(secrets: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).map(([variable, setting]) => [`${variable}_FILE`, `/run/secrets/${secretFile(setting)}`]),
  )
}

function chosenProfiles(data: DeploymentData, wanted: string[]): string[] {
  const known = Object.keys(data.profiles)
  const odd = wanted.find((name) => !known.includes(name))
  if (odd !== undefined) throw unknownName("profile", odd, known)
  return known.filter((name) => (wanted.length === 0 ? data.profiles[name]!.onlyNamed !== true : wanted.includes(name)))
}

/** What is run where the user says nothing: as the data has it, or the last profile of a kit without it. */
function within(profiles: string[], given: string | undefined): string | undefined {
  return given !== undefined && profiles.includes(given) ? given : profiles.at(-1)
}

type BackupData = NonNullable<DeploymentData["backup"]>

interface Entry extends DeployedServiceData {
  makersImage?: string
}

/** What an image is known by. */
type Imaged = Pick<Entry, "component" | "makersImage"> & { image?: string | undefined; purpose?: string | undefined }

/** With what it gets because of others. */
function besideOthers(entry: DeployedServiceData, others: string[]): DeployedServiceData {
  const given = Object.entries(entry.beside).flatMap(([name, more]) => (others.includes(name) ? [more] : []))
  return {
    ...entry,
    environment: Object.assign({}, entry.environment, ...given.map(({ environment }) => environment)),
    secrets: Object.assign({}, entry.secrets, ...given.map(({ secrets }) => secrets)),
  }
}

function withMakersImage(entry: DeployedServiceData, { official }: DeploymentRequest): Entry {
  if (!official || entry.official === undefined) return entry
  const { image, files, temporary, ...rest } = entry.official
  return {
    ...entry,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    files: { ...entry.files, ...files },
    temporary: [...entry.temporary, ...(temporary ?? [])],
    makersImage: image,
  }
}

/** The component that it runs; absent where stack.yaml does not have it. */
function componentOf({ components }: Catalogue, { component }: Imaged): ComponentEntry | undefined {
  return Object.hasOwn(components, component) ? components[component] : undefined
}

function deployedService(
  catalogue: Catalogue,
  data: DeploymentData,
  entry: Entry,
  request: DeploymentRequest,
  profiles: string[],
  others: string[],
): DeployedService {
  const component = componentOf(catalogue, entry)
  const secrets = Object.entries(entry.secrets)
  return {
    name: entry.name,
    component: entry.component,
    purpose: entry.purpose ?? component?.purpose ?? entry.component,
    stage: stageOf(data, entry.name),
    profiles: (entry.profiles ?? profiles).filter((name) => profiles.includes(name)),
    needs: entry.needs.filter((name) => others.includes(name)),
    imageSetting: imageName(catalogue, entry),
    command: entry.command,
    environment: { ...entry.environment, ...secretFiles(entry.secrets) },
    files: { ...entry.files, ...Object.fromEntries(textFiles(catalogue, data, entry).map(({ file, path }) => [file, path])) },
    secrets: [...new Set(secrets.map(([, setting]) => secretFile(setting)))],
    volumes: entry.volumes,
    networks: entry.networks,
    publish: Object.fromEntries(Object.entries(entry.publish).filter(([setting]) => hasSetting(data, setting, others))),
    ...(Object.keys(entry.direct).length === 0 ? {} : { direct: entry.direct }),
    ports: entry.ports ?? component?.ports ?? [],
    temporary: entry.temporary,
    memoryMiB: entry.memoryMiB,
    cpus: entry.cpus,
    pids: entry.pids,
    graceSeconds: entry.graceSeconds,
    health: healthOf(catalogue, entry, component, request.base),
    scalable: entry.scalable,
    ...(entry.parts === undefined ? {} : { parts: entry.parts }),
    ...(entry.once === undefined ? {} : { once: entry.once }),
    ...(entry.hostProcesses ? { hostProcesses: true } : {}),
    ...(Object.keys(entry.hostFolders).length === 0 ? {} : { hostFolders: entry.hostFolders }),
    ...(entry.writable ? { writable: true } : {}),
    ...(entry.handover === undefined ? {} : { handover: entry.handover }),
    capabilities: entry.capabilities,
    user: entry.user,
  }
}

/** Whether a kit with these services has the setting. */
function hasSetting({ settings }: DeploymentData, name: string, services: string[]): boolean {
  const needing = settings[name]?.with
  return needing === undefined || services.includes(needing)
}

/** Its configuration files: where the kit has them, where the container has them, and what they are. */
export function textFiles(catalogue: Catalogue, data: DeploymentData, entry: DeployedServiceData): TextFile[] {
  const texts = { ...entry.texts, ...registryFiles(catalogue, data, entry) }
  return Object.entries(texts).map(([path, text]) => ({ file: `files/${entry.name}/${basename(path)}`, path, text }))
}

interface TextFile {
  file: string
  path: string
  text: string
}

/** One more than the last of those that it needs. */
function stageOf(data: DeploymentData, name: string): number {
  return 1 + Math.max(0, ...data.services[name]!.needs.map((other) => stageOf(data, other)))
}

function inOrder(services: DeployedService[]): DeployedService[] {
  return [...services].sort((one, other) => one.stage - other.stage)
}

function healthOf(catalogue: Catalogue, { name, health }: Entry, component: ComponentEntry | undefined, base: BaseEntry): Health {
  const { test, startSeconds } = health
  if (test !== undefined) return { test, startSeconds }
  if (component?.kind === "group") return { test: ["CMD-SHELL", groupHealth(catalogue, component, base)], startSeconds }
  if (component?.kind === "installed") return { test: ["CMD", component.start, "health"], startSeconds }
  if (component?.kind === "program" && component.probe !== undefined) {
    return { test: ["CMD-SHELL", portProbe(base, component.probe)], startSeconds }
  }
  throw new Error(`deployment.yaml: services.${name}.health.test: its image has no health check: name one here`)
}

function usesOf(setting: string, entries: Entry[]): SettingUse[] {
  return entries.flatMap(({ name: service, environment, secrets }): SettingUse[] => [
    ...Object.entries(environment)
      .filter(([, value]) => value.includes(`\${${setting}}`))
      .map(([variable]) => ({ service, variable, as: "variable" as const })),
    ...(Object.values(secrets).includes(setting) ? [{ service, variable: secretFile(setting), as: "file" as const }] : []),
  ])
}

const derived = { optional: false, earlier: [], refused: [], environments: {}, uses: [] }

function imageName(catalogue: Catalogue, entry: Imaged): string {
  const image = componentOf(catalogue, entry)?.image ?? entry.image?.replace(/(@|:[^/]*$).*/, "") ?? entry.component
  return imageVariable({ image })
}

/** The image of a service that is not run by default may stay empty. */
function usedOrNot(data: DeploymentData, { profiles }: Entry, setting: Setting): Setting {
  const usual = data.settings["COMPOSE_PROFILES"]?.default
  const spare = usual !== undefined && profiles?.includes(usual) === false
  return spare && setting.default === undefined ? { ...setting, optional: true } : setting
}

/** Where it is not known, the user must name it. */
function imageSetting(catalogue: Catalogue, entry: Imaged, { images }: DeploymentRequest): Setting {
  const component = componentOf(catalogue, entry)
  const purpose = component?.purpose ?? entry.purpose ?? entry.component
  const common = { ...derived, name: imageName(catalogue, entry), group: "images", kind: "image" as const }
  if (entry.makersImage !== undefined) return { ...common, purpose, default: makersImage(catalogue, entry.makersImage) }
  const known = images[entry.component]
  if (known !== undefined) return { ...common, purpose, default: known }
  if (component === undefined) return { ...common, purpose, expected: entry.image }
  const published = publishedAs(catalogue, component)
  if (published.onDemand) {
    const form = "reference" in published ? published.reference : published.form
    return { ...common, purpose: `${purpose}. Published only on demand: release --components=${component.name}`, expected: form }
  }
  if ("reference" in published) return { ...common, purpose, default: published.reference }
  return { ...common, purpose: `${purpose}. ${published.reason}`, expected: published.form }
}

function makersImage({ pins }: Catalogue, name: string): string {
  const reference = pins.images[name] as string
  const digest = pins.digests[reference]
  return digest === undefined ? reference : `${reference}@${digest}`
}

function memorySetting({ name, memoryMiB }: Entry): Setting {
  return {
    ...derived,
    name: limitSetting(name),
    purpose: `The most memory that ${name} may use`,
    group: "limits",
    kind: "size",
    default: `${memoryMiB}m`,
    pattern: "[0-9]+[kmg]",
    expected: "a size such as 512m or 2g",
  }
}

/** The versions of what is built from sources. */
function releaseName({ pins, sources }: Catalogue): string {
  return Object.keys(sources)
    .map((name) => `${name} ${pins.sources[name]!.version}`)
    .join(", ")
}
