// What a deployment is on Kubernetes: a module for each program, group, store and page, with what its chart says of it.

import { basename } from "node:path/posix"
import type { DeployedServiceData, DeploymentData } from "../../catalogue/deployment.js"
import { sourceEntry } from "../../catalogue/lookup.js"
import type { BuiltEntry, Catalogue, ComponentEntry, GroupEntry, ProgramEntry } from "../../catalogue/types.js"
import { programsOf, stagesOf } from "../build/components.js"
import { launchFile, launchProgram } from "../build/image.js"
import { launchText } from "../build/launch.js"
import { edgeFile } from "../deploy/haproxy.js"
import type { DeployedService, Deployment } from "../deploy/model.js"
import { secretFile } from "../deploy/secretFile.js"

export interface ModuleService {
  name: string
  ports: number[]
  /** The name is the whole one, and not that of a module. */
  whole?: true
  /** It has no address: its name leads to each of its pods. */
  headless?: true
}

/** Each takes the place of what the module has; the environment is added. */
export interface Names {
  /** Of the registry: it runs in no profile. */
  profiles?: string[]
  environment?: Record<string, string>
  services?: ModuleService[]
  waits?: Module["waits"]
  single?: string
  hostname?: string
  subdomain?: string
  openFiles?: number
}

export interface Module {
  name: string
  purpose: string
  /** The service of deployment.yaml that it is, or is a part of. */
  service: string
  component: string
  kind: "Deployment" | "StatefulSet"
  /** Undefined for what is the same in both. */
  layout?: "modules" | "grouped"
  profiles: string[]
  imageSetting: string
  imageForm: string
  command?: string[]
  arguments?: string[]
  /** Values may hold ${SETTING}, and SERVICE:PORT of another service. */
  environment: Record<string, string>
  addresses: string[]
  secrets: { variable: string; key: string; setting: string; optional: boolean }[]
  /** Names under which others ask for it, and their ports. */
  services: ModuleService[]
  ports: number[]
  /** Ports that are reached from outside of the installation. */
  published: number[]
  metrics?: number
  probe?: { command: string[] } | { path: string; port: number } | { port: number }
  /** What it registers with: it is started again where that no longer knows the pod. */
  registered?: { service: string; port: number; user: string; password: string }
  /** What is different where programs find each other by names of services, without the registry. */
  names?: Names
  startSeconds: number
  graceSeconds: number
  drainSeconds: number
  /** A command before the pod ends. */
  leave?: string
  /** A command after `drainSeconds`: it ends when its last connection is closed. */
  finish?: string
  waits: { module: string; port: number; seconds?: number }[]
  temporary: string[]
  volumes: Record<string, string>
  storageMiB?: number
  /** File of the chart → path in the container. */
  files: Record<string, string>
  texts: Record<string, string>
  user: number
  lowPorts: boolean
  networks: string[]
  /** It goes on while a backup is put back. */
  servesRestore?: boolean
  /** A setting that opens the way out when it is "false". */
  openSetting?: string
  /** Why only one may run. */
  single?: string
  replicas: number
  limitMiB: number
  requestMiB: number
  requestMilliCpus: number
}

/** What the charts of a stack are made of. */
export interface Context {
  catalogue: Catalogue
  data: DeploymentData
  deployment: Deployment
}

export function modulesOf(context: Context): Module[] {
  const { catalogue, data, deployment } = context
  return deployment.services.flatMap((service) => {
    const entry = data.services[service.name]!
    const component = catalogue.components[entry.component]
    const whole = wholeModule(context, service, entry, component)
    if (component?.kind !== "group") return [whole]
    const programs = programsOf(catalogue, component).map((program) => programModule(context, service, entry, component, program))
    return [whole, ...programs.map((program) => byNames(context, program))]
  })
}

/** With what is different where it finds others by names of services. */
function byNames(context: Context, module: Module): Module {
  const { registry, kubernetes } = context.data
  const names = kubernetes?.names
  if (names?.service !== module.service) return module
  const { single, host, openFiles } = names.pods[module.name] ?? {}
  const asked = Object.values(names.environment)
    .flatMap((text) => hostsIn(context, text))
    .flatMap(({ service, port }) => (port !== undefined && moduleAt(context, service, port) === module.name ? [port] : []))
  const services: ModuleService[] = [
    ...module.services,
    ...(asked.length === 0 ? [] : [{ name: module.name, ports: [...new Set(asked)], headless: true as const }]),
    ...(host === undefined ? [] : [{ name: host.domain, ports: [host.port], whole: true as const, headless: true as const }]),
  ]
  return {
    ...module,
    names: {
      environment: names.environment,
      services,
      waits: module.waits.filter((one) => one.module !== registry?.service),
      ...(single === undefined ? {} : { single }),
      ...(host === undefined ? {} : { hostname: host.name, subdomain: host.domain }),
      ...(openFiles === undefined ? {} : { openFiles }),
    },
  }
}

/** A store that is asked to put data back, instead of getting its files while it stands still. */
export function servesRestore({ backup }: Pick<DeploymentData, "backup">, service: string): boolean {
  return Object.values(backup?.parts ?? {}).some(
    (part) => part.service === service && part.restore !== undefined && part.volume === undefined,
  )
}

type Pod = NonNullable<NonNullable<DeploymentData["kubernetes"]>["pods"]>[string]

function podOf({ data }: Context, name: string): Partial<Pod> {
  return data.kubernetes?.pods[name] ?? {}
}

function common(context: Context, service: DeployedService, entry: DeployedServiceData) {
  const { data, deployment, catalogue } = context
  const setting = deployment.settings.find(({ name }) => name === service.imageSetting)!
  return {
    service: service.name,
    profiles: Object.keys(data.profiles).filter((name) => (entry.profiles ?? Object.keys(data.profiles)).includes(name)),
    imageSetting: service.imageSetting,
    imageForm: setting.expected ?? setting.default ?? "",
    temporary: entry.temporary,
    networks: entry.networks,
    ...(servesRestore(data, entry.name) ? { servesRestore: true } : {}),
    openSetting: entry.networks.map((name) => data.networks[name]?.setting).find((name) => name !== undefined),
    user: Number((entry.user ?? String(catalogue.user.uid)).split(":")[0]),
    lowPorts: false,
    startSeconds: entry.health.startSeconds,
    graceSeconds: entry.graceSeconds,
    published: data.edge.service === entry.name ? [data.edge.http, ...routePorts(data)] : [],
    files: {},
    texts: {},
    volumes: {},
  }
}

function wholeModule(
  context: Context,
  service: DeployedService,
  entry: DeployedServiceData,
  component: ComponentEntry | undefined,
): Module {
  const { catalogue, data } = context
  const pod = podOf(context, entry.name)
  const group = component?.kind === "group" ? component : undefined
  const edge = data.edge.service === entry.name
  const stateful = Object.keys(entry.volumes).length > 0
  const leave = group === undefined ? [] : (entry.handover?.leave ?? [])
  const base = common(context, service, entry)
  const ports = portsOf(context, entry, component)
  return {
    ...base,
    name: entry.name,
    purpose: service.purpose,
    component: entry.component,
    kind: stateful ? "StatefulSet" : "Deployment",
    ...(group === undefined ? {} : { layout: "grouped" as const }),
    ...(entry.command === undefined ? {} : { arguments: entry.command }),
    environment: { ...entry.environment, ...pod.environment },
    addresses: [],
    secrets: secretsOf(context, entry),
    services: group === undefined ? [{ name: entry.name, ports }] : openServices(context, entry, group),
    ports,
    ...(edge ? { metrics: data.edge.metrics } : pod.metrics === undefined ? {} : { metrics: pod.metrics }),
    probe: edge ? { path: "/healthz", port: data.edge.metrics } : { command: probeCommand(service.health.test) },
    drainSeconds: pod.drainSeconds ?? (leave.length > 0 ? (entry.handover?.lingerSeconds ?? 0) : stateful ? 0 : 5),
    ...(leave.length === 0 ? {} : { leave: leave.map((words) => `${words.join(" ")};`).join(" ") }),
    // HAProxy then closes its listeners, and ends with its last connection; by SIGTERM it cuts all at once.
    ...(edge ? { finish: "kill -USR1 1" } : {}),
    waits: group === undefined ? [] : storesOf(context, entry, programsOf(catalogue, group)),
    volumes: entry.volumes,
    ...(stateful ? { storageMiB: pod.storageMiB ?? 8192 } : {}),
    ...(edge ? { files: { [edgeFile]: entry.files[edgeFile]! } } : filesOf(entry)),
    user: pod.user ?? base.user,
    lowPorts: ports.some((port) => port < 1024),
    ...(stateful ? { single: "it keeps its data in one volume" } : {}),
    ...(data.kubernetes?.names !== undefined && data.registry?.service === entry.name ? { names: { profiles: [] } } : {}),
    replicas: pod.replicas ?? 1,
    limitMiB: entry.memoryMiB,
    requestMiB: pod.requestMiB ?? Math.round(entry.memoryMiB / 4),
    requestMilliCpus: pod.requestMilliCpus ?? 10,
  }
}

function programModule(
  context: Context,
  service: DeployedService,
  entry: DeployedServiceData,
  group: GroupEntry,
  program: ProgramEntry,
): Module {
  const { catalogue, data } = context
  const { registry } = data
  const pod = podOf(context, program.name)
  const source = sourceEntry(catalogue, program.source)
  const metrics = pod.metrics
  const open = program.ports.filter((port) => group.ports.includes(port))
  const asked = [...new Set([...open, ...(pod.probe === undefined ? [] : [pod.probe])])]
  const port = pod.probe ?? program.probe
  return {
    ...common(context, service, entry),
    name: program.name,
    purpose: program.purpose,
    component: entry.component,
    kind: "Deployment",
    layout: "modules",
    // The group's image has all programs: one image for the node to pull.
    command: [launchProgram, launchFile],
    arguments: source.image.arguments,
    environment: { ...withoutSupervisor(entry.environment), ...program.env },
    addresses: program.address === undefined ? [] : [program.address.variable],
    secrets: secretsOf(context, entry),
    services: asked.length === 0 ? [] : [{ name: program.name, ports: asked }],
    ports: [...new Set([...program.ports, ...asked, ...(metrics === undefined ? [] : [metrics])])],
    ...(metrics === undefined ? {} : { metrics }),
    ...(port === undefined ? {} : { probe: { port } }),
    ...(registry === undefined || port === undefined || program.address === undefined
      ? {}
      : { registered: { ...registry, password: secretFile(registry.password) } }),
    // Others find it by its Service or in the registry, and take some time to see that it ends.
    drainSeconds: pod.drainSeconds ?? (open.length > 0 || program.address !== undefined ? 5 : 0),
    waits: [...storesOf(context, entry, [program]), ...earlier(context, group, program)],
    files: { "launch.json": launchFile },
    texts: { "launch.json": launchText(catalogue, program) },
    ...(pod.single === undefined ? {} : { single: pod.single }),
    replicas: pod.replicas ?? 1,
    limitMiB: pod.limitMiB ?? 256,
    requestMiB: pod.requestMiB ?? 48,
    requestMilliCpus: pod.requestMilliCpus ?? 10,
  }
}

/** Variables of a group's supervisor are nothing for a program. */
function withoutSupervisor(environment: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("PEBBLE")))
}

/** Its configuration files, which a chart has beside module.yaml. */
function filesOf({ texts }: DeployedServiceData): Pick<Module, "files" | "texts"> {
  const entries = Object.entries(texts)
  return {
    files: Object.fromEntries(entries.map(([path]) => [basename(path), path])),
    texts: Object.fromEntries(entries.map(([path, text]) => [basename(path), text])),
  }
}

/** CMD-SHELL is a line for the shell. */
function probeCommand([kind, ...words]: string[]): string[] {
  return kind === "CMD-SHELL" ? ["sh", "-c", words.join(" ")] : words
}

function secretsOf({ deployment }: Context, entry: DeployedServiceData): Module["secrets"] {
  return Object.entries(entry.secrets).map(([variable, name]) => {
    const { optional } = deployment.settings.find((one) => one.name === name)!
    return { variable, key: secretFile(name), setting: name, optional }
  })
}

function portsOf({ data }: Context, entry: DeployedServiceData, component: ComponentEntry | undefined): number[] {
  if (data.edge.service === entry.name) return [data.edge.http, ...routePorts(data), data.edge.metrics]
  return entry.ports ?? component?.ports ?? []
}

/** The listeners of the edge for routes that have no path. */
function routePorts({ routes }: DeploymentData): number[] {
  return Object.values(routes).flatMap((route) => ("port" in route ? [route.port] : []))
}

/** A group answers under the names of those of its programs that are asked from outside of it. */
function openServices({ catalogue }: Context, entry: DeployedServiceData, group: GroupEntry): Module["services"] {
  const open = entry.ports ?? group.ports
  return programsOf(catalogue, group).flatMap(({ name, ports }) => {
    const own = ports.filter((port) => open.includes(port))
    return own.length === 0 ? [] : [{ name, ports: own }]
  })
}

/** SERVICE:PORT in a text, or a text that is the name of a service. */
export function hostsIn({ data }: Pick<Context, "data">, text: string): { service: string; port?: number; at: number; length: number }[] {
  const names = Object.keys(data.services)
  if (names.includes(text)) return [{ service: text, at: 0, length: text.length }]
  return [...text.matchAll(/(^|\/\/|,)([a-z][a-z0-9-]*):(\d+)/g)]
    .filter(([, , name]) => names.includes(name!))
    .map((match) => ({
      service: match[2]!,
      port: Number(match[3]),
      at: match.index + match[1]!.length,
      length: match[2]!.length + 1 + match[3]!.length,
    }))
}

/** The module that answers at a port of a service. */
export function moduleAt({ catalogue, data }: Pick<Context, "catalogue" | "data">, service: string, port: number | undefined): string {
  const component = catalogue.components[data.services[service]!.component]
  if (component?.kind !== "group" || port === undefined) return service
  return programsOf(catalogue, component).find(({ ports }) => ports.includes(port))?.name ?? service
}

/** The addresses of the stores that these programs ask. */
function storesOf(context: Context, entry: DeployedServiceData, programs: ProgramEntry[]): Module["waits"] {
  const { catalogue } = context
  const { stores } = sourceEntry(catalogue, (programs[0] as BuiltEntry).source).image.start
  const used = new Set(programs.flatMap((program) => program.stores))
  return Object.entries(stores)
    .filter(([name]) => used.has(name))
    .flatMap(([, { variables }]) => variables.flatMap((variable) => hostsIn(context, entry.environment[variable] ?? "")))
    .flatMap(({ service, port }) => (port === undefined ? [] : [{ module: moduleAt(context, service, port), port }]))
}

/** Programs of earlier stages that say when they are ready: what would be lost without them waits for them, but not for ever. */
function earlier(context: Context, group: GroupEntry, program: ProgramEntry): Module["waits"] {
  const { catalogue } = context
  const { after } = podOf(context, program.name)
  return stagesOf(catalogue, group)
    .flat()
    .filter(({ name }) => after?.includes(name))
    .flatMap(({ name, probe }) => {
      const port = podOf(context, name).probe ?? probe
      return port === undefined ? [] : [{ module: name, port, seconds: 60 }]
    })
}
