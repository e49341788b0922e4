// module.yaml of a chart: what the module is, for the library. Helm fills in what stands in braces.

import { edgeFile, haproxyText } from "../deploy/haproxy.js"
import { clusterText, helmText } from "./expressions.js"
import { type Context, type Module, moduleAt, type Names } from "./modules.js"
import { helmYaml } from "./values.js"

export const isEdge = ({ files }: Module): boolean => Object.hasOwn(files, edgeFile)

/** What the library reads. Expressions of Helm are filled in when it does. */
export function moduleText(context: Context, module: Module): string {
  const { catalogue, data } = context
  const {
    environment,
    waits,
    openSetting,
    registered,
    names,
    texts: _,
    purpose: __,
    replicas: ___,
    limitMiB: ____,
    requestMiB: _____,
    requestMilliCpus: ______,
    storageMiB: _______,
    imageSetting,
    single,
    ...rest
  } = module
  const plain = { stack: catalogue.stack, image: imageSetting, ...rest, single: single !== undefined, singleReason: single }
  const edge = isEdge(module) ? edgeEnvironment(context) : {}
  const lines = [
    "# What this module is. Generated from deployment.yaml and stack.yaml: do not edit. Helm fills in what stands in braces.",
    helmYaml(plain, { aliasDuplicateObjects: false }).trimEnd(),
    ...mappingLines("environment", { ...environmentOf({ catalogue, data }, environment), ...edge }),
    ...waitLines(waits),
    ...(registered === undefined
      ? []
      : [
          "registered:",
          `  place: {{ include "library.address" (list . ${JSON.stringify(registered.service)} ${registered.port}) | quote }}`,
          `  user: ${JSON.stringify(registered.user)}`,
          `  password: /run/secrets/${registered.password}`,
        ]),
    ...(names === undefined ? [] : namesLines({ catalogue, data }, names)),
    ...(openSetting === undefined ? [] : [`open: {{ eq (include "library.setting" (list . ${JSON.stringify(openSetting)})) "false" }}`]),
  ]
  return `${lines.join("\n")}\n`
}

const environmentOf = (context: Pick<Context, "catalogue" | "data">, environment: Record<string, string>) =>
  Object.fromEntries(Object.entries(environment).map(([name, one]) => [name, helmText(context, one)]))

function waitLines(waits: Module["waits"]): string[] {
  if (waits.length === 0) return ["waits: []"]
  const lines = waits.map(({ module, port, seconds }) => {
    const address = `include "library.address" (list . ${JSON.stringify(module)} ${port})`
    return `  - {{ ${seconds === undefined ? address : `printf "%s:%d" (${address}) ${seconds}`} | quote }}`
  })
  return ["waits:", ...lines]
}

/** What takes the place of the above with global.discovery=names. Nothing registers then. */
function namesLines(context: Pick<Context, "catalogue" | "data">, { environment, waits, single, ...rest }: Names): string[] {
  const plain = { ...rest, ...(single === undefined ? {} : { single: true, singleReason: single }) }
  const lines = [
    ...(Object.keys(plain).length === 0 ? [] : clusterText(helmYaml(plain)).trimEnd().split("\n")),
    ...(environment === undefined ? [] : ["registered: null", ...mappingLines("environment", environmentOf(context, environment))]),
    ...(waits === undefined ? [] : waitLines(waits)),
  ]
  return ["names:", ...lines.map((line) => `  ${line}`)]
}

function mappingLines(name: string, entries: Record<string, string>): string[] {
  const lines = Object.entries(entries).map(([key, one]) => `  ${key}: ${one}`)
  return lines.length === 0 ? [`${name}: {}`] : [`${name}:`, ...lines]
}

const variableAt = (service: string, target: number) => `AT_${service.toUpperCase().replaceAll("-", "_")}_${target}`

const partVariable = (service: string) => `HAS_${service.toUpperCase().replaceAll("-", "_")}`

/** The profiles that a service is part of, where it is not part of all. */
function someProfiles({ data }: Context, service: string): string[] | undefined {
  const { profiles } = data.services[service]!
  return profiles === undefined || Object.keys(data.profiles).every((name) => profiles.includes(name)) ? undefined : profiles
}

export function edgeText(context: Context): string {
  const { deployment } = context
  const { acme: _, ...edge } = deployment.edge
  return haproxyText(
    { ...deployment, edge },
    {
      address: (service, target) => `"\${${variableAt(service, target)}}"`,
      secure: '{ str("$PUBLIC_SCHEME") -m str https }',
      proxied: true,
      part: (service) => (someProfiles(context, service) === undefined ? undefined : partVariable(service)),
    },
  )
}

/** HAProxy asks for whole names only. */
function edgeEnvironment(context: Context): Record<string, string> {
  const { deployment } = context
  const targets = new Map(deployment.routes.map(({ service, target }) => [variableAt(service, target), { service, target }]))
  const { ready } = deployment.edge
  const needed = deployment.routes.flatMap(({ name, service }) => (ready.includes(name) ? [service] : []))
  const parts = [...new Set(needed)].flatMap((service) => {
    const profiles = someProfiles(context, service)
    const words = profiles?.map((name) => JSON.stringify(name)).join(" ")
    const part = `{{ ternary "yes" "no" (has .Values.global.profile (list ${words})) | quote }}`
    return profiles === undefined ? [] : [[partVariable(service), part]]
  })
  return {
    PUBLIC_SCHEME: '{{ (urlParse (include "library.setting" (list . "PUBLIC_URL"))).scheme | quote }}',
    BEHIND_PROXY: '{{ ternary "yes" "no" .Values.behindProxy | quote }}',
    ...Object.fromEntries(parts),
    ...Object.fromEntries(
      [...targets].map(([name, { service, target }]) => [
        name,
        `{{ include "library.wholeAddress" (list . ${JSON.stringify(moduleAt(context, service, target))} ${target}) | quote }}`,
      ]),
    ),
  }
}
