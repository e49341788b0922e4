// Texts of deployment.yaml as expressions of Helm: settings become values, and services the addresses that they have in a cluster.

import type { clusterWords } from "../../catalogue/deploymentReferences.js"
import { hostsIn, moduleAt, type Context as Whole } from "./modules.js"

type Context = Pick<Whole, "catalogue" | "data">

/** A value of YAML that Helm fills in. */
export function helmText(context: Context, text: string): string {
  const parts = partsOf(context, text)
  if (parts.every((part) => "literal" in part)) return JSON.stringify(text)
  const format = parts.map((part) => ("literal" in part ? part.literal.replaceAll("%", "%%") : "%s")).join("")
  const values = parts.flatMap((part) => ("expression" in part ? [part.expression] : []))
  return format === "%s" ? `{{ ${values[0]!} | quote }}` : `{{ printf ${JSON.stringify(format)} ${values.join(" ")} | quote }}`
}

/** The settings whose values decide, also through the defaults of others. */
export function settingsIn(text: string): string[] {
  return [...text.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name]) => name!)
}

type Part = { literal: string } | { expression: string }

function partsOf(context: Context, text: string): Part[] {
  const found = [
    ...[...text.matchAll(/\$\{PUBLIC_URL\}:\$\{([A-Z][A-Z0-9_]*)\}/g)].map((match) => ({
      at: match.index,
      length: match[0].length,
      expression: publicAddress(context, match[1]!),
    })),
    ...[...text.matchAll(/(?<!\$\{PUBLIC_URL\}:)\$\{([A-Z][A-Z0-9_]*)\}(?!:\$\{)/g)].map((match) => ({
      at: match.index,
      length: match[0].length,
      expression: settingValue(context, match[1]!),
    })),
    ...hostsIn(context, text).map(({ at, length, service, port }) => ({
      at,
      length,
      expression:
        port === undefined
          ? `(include "library.host" (list . ${JSON.stringify(service)}))`
          : `(include "library.address" (list . ${JSON.stringify(moduleAt(context, service, port))} ${port}))`,
    })),
  ].sort((one, other) => one.at - other.at)
  const parts: Part[] = []
  let from = 0
  for (const { at, length, expression } of found) {
    if (at > from) parts.push({ literal: text.slice(from, at) })
    parts.push({ expression })
    from = at + length
  }
  if (from < text.length || parts.length === 0) parts.push({ literal: text.slice(from) })
  return parts
}

/** What is the cluster's, and no setting. A name that others cut at its first hyphen must have none. */
const wordsOfCluster: Record<(typeof clusterWords)[number], string> = {
  RELEASE: '(.Release.Name | replace "-" "")',
  NAMESPACE: ".Release.Namespace",
}

const ofCluster = (name: string): string | undefined => (wordsOfCluster as Record<string, string>)[name]

/** The words of the cluster filled in, where a text has nothing else to fill in. */
export function clusterText(text: string): string {
  return text.replace(/\$\{([A-Z]+)\}/g, (whole, name: string) => (ofCluster(name) ? `{{ ${ofCluster(name)} }}` : whole))
}

/** Whose default depends on others may stay empty. */
function settingValue(context: Context, name: string): string {
  const word = ofCluster(name)
  if (word !== undefined) return word
  const given = `(include "library.setting" (list . ${JSON.stringify(name)}))`
  const standard = context.data.settings[name]?.default
  if (standard === undefined || !standard.includes("${")) return given
  const parts = partsOf(context, standard)
  const derived = parts.map((part) => ("literal" in part ? JSON.stringify(part.literal) : part.expression)).join(" ")
  return `(default (printf ${JSON.stringify(parts.map(() => "%s").join(""))} ${derived}) ${given})`
}

/** Where a port of the one machine is behind an ingress, which has one port: at a host, or at the path of the same target. */
function publicAddress({ data }: Context, portSetting: string): string {
  const [name, route] = Object.entries(data.routes).find(([, one]) => "portSetting" in one && one.portSetting === portSetting) ?? []
  const host = name === undefined ? undefined : data.kubernetes?.hosts[name]
  if (host !== undefined) return `(include "library.url" (list . ${JSON.stringify(host)}))`
  const same = Object.values(data.routes).find((one) => "path" in one && one.service === route?.service && one.target === route.target)
  const url = `(include "library.url" (list . ""))`
  return same === undefined || !("path" in same) ? url : `(printf "%s${same.path}" ${url})`
}
