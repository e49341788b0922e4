// What openimctl gives to Helm, and what it reads of kubectl's answers.

import { nearest, unknownName } from "../../base/nearest.js"
import { entriesByKey, parseEnv } from "./envFile.js"
import type { Deployment } from "./model.js"
import type { Diagnostic } from "./settings.js"
import { settingValues } from "./settings.js"

/** The parts of a chart's values.schema.json that are read here. */
export interface ChartSchema {
  properties: {
    global: { properties: Record<string, { properties?: Record<string, unknown>; items?: { enum?: string[] }; enum?: string[] }> }
  }
}

/** The settings of .env that the chart has under the same names. What depends on ports of one machine is left to the chart. */
export function chartValues(deployment: Deployment, schema: ChartSchema, env: string, profiles: string[] = []) {
  const file = parseEnv(env)
  const values = settingValues(deployment, file)
  const written = entriesByKey(file)
  const { global } = schema.properties
  const known = (part: string) => Object.keys(global.properties[part]?.properties ?? {})
  const chosen = (names: string[]) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const given = deployment.settings.find((setting) => setting.name === name)?.default
        const derived = given?.includes("${") && [undefined, given].includes(written.get(name)?.text)
        const value = values[name]
        return derived || value === undefined || value === "" ? [] : [[name, value]]
      }),
    )
  const optional = global.properties["optionalSecrets"]?.items?.enum ?? []
  const named = [...profiles, ...(values["COMPOSE_PROFILES"] ?? "").split(",")]
  const profile = named.find((name) => global.properties["profile"]?.enum?.includes(name))
  return {
    global: {
      ...(profile ? { profile } : {}),
      settings: chosen(known("settings")),
      images: chosen(known("images")),
      optionalSecrets: optional.filter((name) => (values[name] ?? "") !== ""),
    },
  }
}

/** Every secret of .env that is not empty, with the key that the chart knows it by. */
export function secretManifest(deployment: Deployment, env: string, name: string, namespace: string) {
  const values = settingValues(deployment, parseEnv(env))
  const secrets = deployment.settings.filter((setting) => setting.kind === "secret" && (values[setting.name] ?? "") !== "")
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    type: "Opaque",
    stringData: Object.fromEntries(secrets.map((setting) => [setting.name.toLowerCase(), values[setting.name]!])),
  }
}

/** Addresses of listeners on one machine, with those that an ingress has for them: a host, or the path that leads to the same. */
export function ingressAddresses({ routes }: Deployment, settings: Record<string, string>): [string, string][] {
  const base = settings["PUBLIC_URL"] ?? ""
  return routes.flatMap((route): [string, string][] => {
    if (route.portSetting === undefined) return []
    const same = routes.find(({ path, service, target }) => path !== undefined && service === route.service && target === route.target)
    const there = route.host === undefined ? `${base}${same?.path ?? ""}` : base.replace("://", `://${route.host}.`)
    return [[`${base}:${settings[route.portSetting]}`, there]]
  })
}

/** The modules that these names mean: a module, or all modules of a service. Known: module → its service. */
export function modulesNamed(known: Record<string, string>, names: string[]): string[] {
  return names.flatMap((name) => {
    const own = Object.keys(known).filter((module) => module === name || known[module] === name)
    if (own.length === 0) throw unknownName("module", name, [...new Set([...Object.keys(known), ...Object.values(known)])])
    return own
  })
}

export interface ClusterFacts {
  /** Such as 1.34; undefined where the answer has none. */
  version: string | undefined
  /** Resources that the user may not create in the namespace. */
  refused: string[]
  namespace: string
  /** Undefined where the user may not ask. */
  storageClasses: { name: string; standard: boolean }[] | undefined
  /** Stores need volumes. */
  volumes: boolean
}

/** Of the minor versions of 1: what the charts need. */
export const oldestKubernetes = 27

export function clusterFindings({ version, refused, namespace, storageClasses, volumes }: ClusterFacts): Diagnostic[] {
  const minor = Number(version?.split(".")[1])
  return [
    ...(version !== undefined && minor < oldestKubernetes
      ? [
          error(
            "version",
            "Kubernetes",
            `this cluster is Kubernetes ${version}; the charts need 1.${oldestKubernetes} or newer`,
            "update the cluster",
          ),
        ]
      : []),
    ...(refused.length > 0
      ? [
          error(
            "rights",
            namespace,
            `you may not create ${refused.join(", ")} in the namespace ${namespace}`,
            `ask for a role that allows it there, such as: kubectl -n ${namespace} create rolebinding openimctl --clusterrole=admin --user=YOU`,
          ),
        ]
      : []),
    ...(volumes && storageClasses !== undefined && !storageClasses.some(({ standard }) => standard)
      ? [
          error(
            "storage",
            "storage class",
            `the cluster has no default storage class, so the stores get no volumes${storageClasses.length > 0 ? `; it has ${storageClasses.map(({ name }) => name).join(", ")}` : ""}`,
            "name one in your values (global.storageClass) and add --ignore=storage",
          ),
        ]
      : []),
  ]
}

function error(code: string, subject: string, message: string, next: string): Diagnostic {
  return { severity: "error", code, subject, message, next }
}

interface Named {
  properties?: Record<string, Named>
}

/** What Helm says of values that the chart does not know, with the nearest name, and what the chart itself refuses; none for anything else. */
export function valueFaults(schema: object, output: string): string[] {
  const refused = [...output.matchAll(/execution error at \([^)]*\): (.+)/g)].map(([, words = ""]) => words)
  const found = [...output.matchAll(/at '([^']*)': additional properties ((?:'[^']+'(?:, )?)+) not allowed/g)]
  const unknown = found.flatMap(([, path = "", names = ""]) => {
    const parts = path.split("/").filter(Boolean)
    const place = parts.reduce<Named | undefined>((part, name) => part?.properties?.[name], schema as Named)
    const known = Object.keys(place?.properties ?? {})
    // A chart inside says the same once more, from its own place.
    if (known.length === 0) return []
    return [...names.matchAll(/'([^']+)'/g)].map(([, name = ""]) => {
      const near = nearest(name, known)
      return `the chart has no value ${[...parts, name].join(".")}${near === undefined ? "" : ` (did you mean ${[...parts, near].join(".")}?)`}`
    })
  })
  return [...unknown, ...refused]
}

export interface Pods {
  items: {
    metadata: { name: string; labels?: Record<string, string> }
    spec?: { containers: { image: string }[] }
    status: {
      phase: string
      conditions?: { type: string; status: string }[]
      containerStatuses?: ContainerState[]
      initContainerStatuses?: ContainerState[]
    }
  }[]
}

interface ContainerState {
  name: string
  ready: boolean
  restartCount: number
  state: { waiting?: { reason: string; message?: string }; terminated?: { reason: string } }
}

/** Service → the image that its pods have. */
export function imagesOf({ items }: Pods): Record<string, string> {
  return Object.fromEntries(
    items.flatMap(({ metadata, spec }) => {
      const [service, image] = [metadata.labels?.["app.kubernetes.io/component"], spec?.containers[0]?.image]
      return service === undefined || image === undefined ? [] : [[service, image]]
    }),
  )
}

/** Of `helm history`. */
export interface Revision {
  revision: number
  description: string
}

/** The kit that a revision was made by; without a number, of the one before the last. What was gone back to is found through its number. */
export function kitOfRevision(
  revisions: Revision[],
  number = Math.max(...revisions.map(({ revision }) => revision)) - 1,
): string | undefined {
  const description = revisions.find(({ revision }) => revision === number)?.description ?? ""
  const back = /^Rollback to (\d+)$/.exec(description)?.[1]
  if (back !== undefined && Number(back) < number) return kitOfRevision(revisions, Number(back))
  return /\(kit ([0-9a-f]+)\)$/.exec(description)?.[1]
}

export interface PodRow {
  name: string
  ready: boolean
  restarts: number
  /** Why it is not ready. */
  reason: string
}

export function podRows({ items }: Pods): PodRow[] {
  // A Job's pod that has done its work is no longer ready.
  const going = items.filter(({ status }) => status.phase !== "Succeeded")
  return going.map(({ metadata, status }) => {
    const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
    const ready = status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false
    const waiting = containers.map(({ state }) => state.waiting).find((one) => one !== undefined && one.reason !== "PodInitializing")
    const reason = waiting === undefined ? status.phase : [waiting.reason, waiting.message].filter(Boolean).join(": ")
    return {
      name: metadata.name,
      ready,
      restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
      reason: ready ? "" : reason,
    }
  })
}

/** What the cluster warned of since a time, each once: the causes stand first that somebody can do something about. */
export function warningsOf({ items }: Events, since: number): string[] {
  const lines = items
    .filter(({ type, lastTimestamp, eventTime }) => type === "Warning" && Date.parse(lastTimestamp ?? eventTime ?? "") >= since - 1000)
    .map(({ involvedObject, reason, message }) => ({ reason, line: `${involvedObject.name}: ${reason}: ${message.split("\n")[0]}` }))
  const order = ["Failed", "FailedScheduling", "FailedMount", "FailedCreate", "ProvisioningFailed"]
  const rank = (reason: string) => (order.includes(reason) ? order.indexOf(reason) : order.length)
  return [...new Set(lines.sort((one, other) => rank(one.reason) - rank(other.reason)).map(({ line }) => line))]
}

interface Events {
  items: {
    type: string
    reason: string
    message: string
    lastTimestamp?: string | null
    eventTime?: string | null
    involvedObject: { name: string }
  }[]
}
