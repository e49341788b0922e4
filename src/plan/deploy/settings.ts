// What .env says for the settings of a deployment: effective values, what is wrong with them, and how it is repaired.

import { nearest } from "../../base/nearest.js"
import {
  type DotenvFile,
  entriesByKey,
  envText,
  expandEnv,
  expandText,
  parseEnv,
  withKey,
  writtenDefault,
  writtenValue,
} from "./envFile.js"
import type { Deployment, Setting } from "./model.js"
import { publishedPorts } from "./publishedPorts.js"

/** What one line of a check says. */
export interface Diagnostic {
  severity: "error" | "warning" | "note"
  /** A fixed word for programs. */
  code: string
  /** The setting, service or file that it is about. */
  subject: string
  message: string
  next?: string
}

export const environments = ["development", "test", "production"]
/** Keys of .env that compose and this program read beside the settings. */
const OWN_KEYS = ["COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "ENVIRONMENT"]
const MADE_FOR = /^# openimctl format (\d+)\b/m

export interface Effective {
  value: string
  source: ".env" | "default" | "missing"
  line?: number
  /** The name that .env has for it, where that is an earlier one. */
  earlierName?: string
}

/** The value of every setting as the services get it. */
export function effectiveSettings(deployment: Deployment, file: DotenvFile): Map<string, Effective> {
  const entries = entriesByKey(file)
  const byName = new Map(deployment.settings.map((setting) => [setting.name, setting]))
  const open = new Set<string>()
  const known = new Map<string, Effective>()
  const effective = (name: string): Effective | undefined => {
    const setting = byName.get(name)
    if (!setting) return undefined
    const found = known.get(name)
    if (found) return found
    if (open.has(name)) return { value: "", source: "missing" }
    open.add(name)
    const key = [name, ...setting.earlier].find((key) => entries.has(key))
    const entry = key === undefined ? undefined : entries.get(key)
    let result: Effective
    if (entry && (entry.text !== "" || setting.optional || setting.default === undefined)) {
      result = {
        value: values().get(entry.key) ?? "",
        source: ".env",
        line: entry.line,
        ...(entry.key === name ? {} : { earlierName: entry.key }),
      }
    } else if (setting.default !== undefined) {
      result = { value: expandText(setting.default, (other) => effective(other)?.value ?? values().get(other)), source: "default" }
    } else result = { value: "", source: "missing" }
    open.delete(name)
    known.set(name, result)
    return result
  }
  let expanded: Map<string, string> | undefined
  const values = (): Map<string, string> => {
    if (!expanded) {
      // Values that refer to settings that .env does not have get the default.
      expanded = new Map()
      expanded = expandEnv(file, (name) => effective(name)?.value)
    }
    return expanded
  }
  for (const { name } of deployment.settings) effective(name)
  return new Map(deployment.settings.map(({ name }) => [name, known.get(name) ?? { value: "", source: "missing" }]))
}

/** The plain values by name. */
export function settingValues(deployment: Deployment, file: DotenvFile): Record<string, string> {
  return Object.fromEntries([...effectiveSettings(deployment, file)].map(([name, { value }]) => [name, value]))
}

/** Placeholders that documents and templates have, whatever the product. */
const PLACEHOLDER =
  /^(your[_-].+|<.*>|\{.*\}|!*change[-_ ]?me!*.*|change[-_ ]?it|pass(word|wd)?|secret|admin|root|test|example|todo|xxx+|external_ip|123456(78)?|0+)$/i
const PLACEHOLDER_HOST = /(^|\.)(external_ip|example|invalid|example\.(com|org|net)|your[-_.a-z]*domain[a-z.]*|your-?server.*)$/i

export function isPlaceholder(setting: Setting, value: string): boolean {
  if (setting.refused.includes(value)) return true
  if (setting.kind === "secret") return PLACEHOLDER.test(value)
  if (setting.kind === "url" || setting.kind === "address") return PLACEHOLDER_HOST.test(hostOf(value)) || /external_ip/i.test(value)
  return false
}

export function isLoopback(address: string): boolean {
  const host = hostOf(address)
  return /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\]|0\.0\.0\.0)$/i.test(host) || host.endsWith(".localhost")
}

/** The host of an address, without scheme, port and path. */
export function hostOf(address: string): string {
  const rest = address
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/[/?#].*$/, "")
    .replace(/^.*@/, "")
  return /^\[.*\]/.exec(rest)?.[0] ?? rest.replace(/:\d+$/, "")
}

/** The host of the public address, as certificates have it: an address of IPv6 without its brackets. */
export const publicHost = (settings: Record<string, string>): string => hostOf(settings["PUBLIC_URL"] ?? "").replace(/[[\]]/g, "")

/** What is wrong with a value, in words that follow "NAME is VALUE: "; undefined where it is right. */
export function valueFault(setting: Setting, value: string): string | undefined {
  if (
    setting.kind === "url" &&
    !/^https?:\/\/[^\s/?#:]+(:\d{1,5})?$/.test(value) &&
    !/^https?:\/\/\[[0-9a-f:]+\](:\d{1,5})?$/i.test(value)
  ) {
    return value.endsWith("/")
      ? "write it without the / at the end"
      : "expected a URL without a path, such as https://im.company.com or http://192.0.2.10"
  }
  if (setting.kind === "port" && !(/^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65535)) {
    return "expected a port from 1 to 65535"
  }
  if (setting.kind === "size" && !/^\d+(\.\d+)?[bkmgKMG]?[bB]?$/.test(value)) return "expected a size such as 512m or 2g"
  if (setting.kind === "choice" && !(setting.choices ?? []).includes(value)) {
    const near = nearest(value, setting.choices ?? [])
    return `expected one of ${(setting.choices ?? []).join(", ")}${near ? ` (did you mean ${near}?)` : ""}`
  }
  if (setting.kind === "flag" && !/^(true|false)$/.test(value)) return "expected true or false"
  if (setting.kind === "image" && !/^[a-z0-9][a-z0-9._:/@-]*$/i.test(value))
    return "expected an image such as docker.io/openim/openim-server:v3.8.3"
  if (setting.pattern !== undefined && !new RegExp(`^(?:${setting.pattern})$`).test(value))
    return setting.expected ?? `expected ${setting.pattern}`
  return undefined
}

/** Never in a message: what is secret. */
export function shown(setting: Setting | undefined, value: string): string {
  return setting?.kind === "secret" && value !== "" ? "(hidden)" : value
}

/** All that is wrong with .env, in the order of its lines, then what it lacks. `environment` decides what is refused. */
export function checkEnv(deployment: Deployment, content: string, environment?: string): Diagnostic[] {
  const file = parseEnv(content)
  const findings: Diagnostic[] = []
  const add = (severity: Diagnostic["severity"], code: string, subject: string, message: string, next?: string): void => {
    findings.push({ severity, code, subject, message, ...(next === undefined ? {} : { next }) })
  }
  const format = Number(MADE_FOR.exec(content)?.[1] ?? deployment.format)
  if (format > deployment.format) {
    add(
      "error",
      "newer",
      ".env",
      `.env was made by a newer kit (format ${format}, this one knows ${deployment.format})`,
      "use that kit, or restore a .env.backup file of this one",
    )
    return findings
  }
  const repair = "openimctl env repair"
  if (file.byteOrderMark)
    add("warning", "bom", ".env", ".env starts with a byte order mark, which some readers take as part of the first key", repair)
  if (file.carriageReturns)
    add("warning", "crlf", ".env", ".env has line ends of Windows (CRLF), which some readers take as part of the values", repair)
  for (const line of file.unreadable)
    add("error", "unreadable", `line ${line}`, `.env:${line} is not KEY=VALUE`, "write KEY=VALUE, or put # in front of it")
  const settings = new Map(deployment.settings.map((setting) => [setting.name, setting]))
  const earlier = new Map(deployment.settings.flatMap((setting) => setting.earlier.map((name) => [name, setting] as const)))
  const last = entriesByKey(file)
  for (const entry of file.entries) {
    const { key, line } = entry
    const at = `.env:${line}: ${key}`
    const setting = settings.get(key) ?? earlier.get(key)
    if (last.get(key) !== entry) {
      add("warning", "duplicate", key, `${at} stands there again in line ${last.get(key)?.line}, which is the one that counts`, repair)
      continue
    }
    if (entry.open) add("error", "quotes", key, `${at} has a ${entry.quote} without its end`, "close it, or remove it")
    if (entry.spaced) add("warning", "spaces", key, `${at} has spaces around the =`, repair)
    const renamed = earlier.get(key)
    if (renamed && last.has(renamed.name)) {
      add(
        "warning",
        "renamed",
        key,
        `${at} is an earlier name of ${renamed.name}, which is set, too, and counts`,
        `remove the line of ${key}`,
      )
      continue
    }
    if (renamed) add("warning", "renamed", key, `${at} is called ${renamed.name} now`, repair)
    if (!setting) {
      if (OWN_KEYS.includes(key)) continue
      const near = nearest(key, [...settings.keys()])
      add(
        "warning",
        "unknown",
        key,
        `${at} is not a setting of this kit, so it has no effect`,
        near ? `did you mean ${near}?` : `remove it, or see all names: openimctl env show`,
      )
      continue
    }
    if (entry.quote !== "'" && setting.kind === "secret" && /(^|[^\\])\$/.test(entry.text))
      add("error", "dollar", key, `${at} has a $, which is replaced by a variable`, `put the value in single quotes: ${key}='…'`)
    if (entry.cut && setting.kind === "secret")
      add(
        "warning",
        "hash",
        key,
        `${at}: what follows # is a comment, not part of the value`,
        "if it belongs to the value, put all of it in single quotes",
      )
  }
  const effective = effectiveSettings(deployment, file)
  const mode = environment ?? effective.get("ENVIRONMENT")?.value ?? entryText(file, "ENVIRONMENT") ?? "production"
  const strict = mode !== "development"
  for (const setting of deployment.settings) {
    const { name } = setting
    const found = effective.get(name)
    if (!found || found.source === "missing" || found.value === "") {
      if (setting.optional) continue
      const there = found?.line !== undefined
      add(
        "error",
        there ? "empty" : "missing",
        name,
        there ? `.env:${found?.line}: ${name} is empty (${setting.purpose})` : `${name} is missing (${setting.purpose})`,
        setting.generate === undefined ? `set it in .env: ${name}=…` : repair,
      )
      continue
    }
    const place = found.line === undefined ? name : `.env:${found.line}: ${name}`
    // One that follows another setting is right once that one is.
    const follows = /\$\{?[A-Z]/.test((found.source === "default" ? setting.default : last.get(name)?.text) ?? "")
    const judged = strict && !follows && setting.environments[mode] !== found.value
    const fault = valueFault(setting, found.value)
    if (judged && isPlaceholder(setting, found.value))
      add(
        "error",
        "placeholder",
        name,
        `${setting.kind === "secret" ? `${place} has a value that everybody knows` : `${place} is the placeholder "${found.value}"`}: refused outside --environment=development`,
        setting.generate !== undefined
          ? repair
          : setting.kind === "url"
            ? "set the address under which the users reach this machine: openimctl deploy --address=…"
            : "set the value for your site",
      )
    else if (judged && setting.kind === "url" && isLoopback(found.value))
      add(
        "error",
        "loopback",
        name,
        `${place} is ${found.value}: other machines cannot reach that, and pictures would fail`,
        "set the address under which the users reach this machine: openimctl deploy --address=…",
      )
    else if (fault)
      add(
        "error",
        "value",
        name,
        `${place} is ${setting.kind === "secret" ? "not right" : `"${found.value}"`}: ${fault}`,
        "change it in .env",
      )
  }
  findings.push(...portClashes(deployment, effective), ...originFaults(effective), ...acmeFindings(effective))
  return findings
}

const entryText = (file: DotenvFile, key: string): string | undefined => entriesByKey(file).get(key)?.text || undefined

function portClashes(deployment: Deployment, effective: Map<string, Effective>): Diagnostic[] {
  const taken = new Map<string, string>()
  const datagrams = new Set(
    deployment.services.flatMap(publishedPorts).flatMap(({ setting, protocol }) => (protocol === "udp" ? [setting] : [])),
  )
  const findings: Diagnostic[] = []
  for (const { name, kind } of deployment.settings) {
    if (kind !== "port") continue
    const port = effective.get(name)?.value ?? ""
    const place = `${port}${datagrams.has(name) ? " (UDP)" : ""}`
    const other = taken.get(place)
    if (other && port !== "")
      findings.push({
        severity: "error",
        code: "port",
        subject: name,
        message: `${name} and ${other} are both ${port}`,
        next: `change one of them in .env`,
      })
    else taken.set(place, name)
  }
  return findings
}

/** The page, the API and the WebSocket must be one origin, and https where TLS is on. */
function originFaults(effective: Map<string, Effective>): Diagnostic[] {
  const url = effective.get("PUBLIC_URL")?.value ?? ""
  const tls = effective.get("TLS")?.value ?? "off"
  if (!/^https?:\/\//.test(url)) return []
  const findings: Diagnostic[] = []
  const secure = url.startsWith("https://")
  if (secure !== (tls !== "off") && effective.has("TLS"))
    findings.push({
      severity: "error",
      code: "scheme",
      subject: "PUBLIC_URL",
      message: `PUBLIC_URL is ${url}, but TLS is ${tls}`,
      next: secure ? "set TLS to internal, files or acme, or write http://" : "write https://, or set TLS=off",
    })
  else {
    const setting = secure ? "HTTPS_PORT" : "HTTP_PORT"
    const published = effective.get(setting)?.value
    const usual = secure ? "443" : "80"
    const named = /:(\d+)$/.exec(url)?.[1] ?? usual
    if (published !== undefined && published !== named)
      findings.push({
        severity: "warning",
        code: "origin",
        subject: "PUBLIC_URL",
        message: `PUBLIC_URL is at port ${named}, but ${setting} is ${published}`,
        next: `set ${setting}=${named}, unless something in front passes ${named} on to ${published}`,
      })
  }
  return findings
}

/** An authority that is not asked by DNS asks at port 80 of the name, whatever .env says. */
function acmeFindings(effective: Map<string, Effective>): Diagnostic[] {
  const value = (name: string): string => effective.get(name)?.value ?? ""
  if (value("TLS") !== "acme" || value("ACME_DNS_PROVIDER") !== "" || ["", "80"].includes(value("HTTP_PORT"))) return []
  const port = value("HTTP_PORT")
  return [
    {
      severity: "warning",
      code: "acme",
      subject: "HTTP_PORT",
      message: `HTTP_PORT is ${port}, but with TLS=acme the authority asks at port 80 of ${hostOf(value("PUBLIC_URL"))}`,
      next: `set HTTP_PORT=80, or ACME_DNS_PROVIDER, unless something in front passes port 80 on to ${port}`,
    },
  ]
}

// ---- making and repairing -----------------------------------------------------------------------------------------------------------

/** How secrets are made: `count` random characters. */
export type Generate = (count: number) => string

export interface Made {
  text: string
  /** Names of the secrets that were made. */
  generated: string[]
}

/** The address as the user may write it, a name or an IP address too, as a URL for PUBLIC_URL. */
export function publicUrl(address: string, tls: string): string {
  const url = /^https?:\/\//i.test(address) ? address : `${tls === "off" ? "http" : "https"}://${address}`
  return url.replace(/\/+$/, "")
}

/** The first .env: the template with secrets made and the values that the user gave. */
export function makeEnv(deployment: Deployment, template: string, given: Record<string, string>, generate: Generate): Made {
  const file = parseEnv(template)
  let lines = file.lines
  const generated: string[] = []
  if (!MADE_FOR.test(template)) lines = [`# openimctl format ${deployment.format}: made for ${deployment.release}`, ...lines]
  const entries = entriesByKey(file)
  const mode = given["ENVIRONMENT"] ?? effectiveSettings(deployment, file).get("ENVIRONMENT")?.value ?? "production"
  for (const setting of deployment.settings) {
    const value = given[setting.name] ?? setting.environments[mode]
    if (value !== undefined) lines = withKey(lines, setting.name, writtenValue(value))
    else if (setting.generate !== undefined && !(setting.optional && !entries.has(setting.name))) {
      const text = entries.get(setting.name)?.text ?? ""
      if (text !== "" && !isPlaceholder(setting, text)) continue
      lines = withKey(lines, setting.name, generate(setting.generate))
      generated.push(setting.name)
    }
  }
  return { text: envText(lines), generated }
}

export interface Repaired extends Made {
  /** One sentence for each change. */
  changes: string[]
  /** What only the user can decide. */
  left: Diagnostic[]
}

/** .env with all repaired that needs no decision. A secret that a volume in `volumes` was made with is never changed. */
export function repairEnv(
  deployment: Deployment,
  content: string,
  volumes: string[],
  generate: Generate,
  { environment, template = "" }: { environment?: string | undefined; template?: string } = {},
): Repaired {
  const file = parseEnv(content)
  const changes: string[] = []
  const generated: string[] = []
  if (file.byteOrderMark) changes.push("removed the byte order mark")
  if (file.carriageReturns) changes.push("line ends of Windows replaced")
  const last = entriesByKey(file)
  const earlier = new Map(deployment.settings.flatMap((setting) => setting.earlier.map((name) => [name, setting] as const)))
  let lines: string[] = []
  for (const [index, line] of file.lines.entries()) {
    const entry = file.entries.find((entry) => entry.line === index + 1)
    if (!entry) {
      lines.push(line)
      continue
    }
    if (last.get(entry.key) !== entry) {
      changes.push(`removed line ${entry.line}: ${entry.key} stands there again in line ${last.get(entry.key)?.line}`)
      continue
    }
    const renamed = earlier.get(entry.key)
    const key = renamed && !last.has(renamed.name) ? renamed.name : entry.key
    if (key !== entry.key) changes.push(`renamed ${entry.key} to ${key}`)
    if (entry.spaced) changes.push(`removed the spaces around the = of ${key}`)
    lines.push(key !== entry.key || entry.spaced ? `${entry.exported ? "export " : ""}${key}=${entry.raw.trim()}` : line)
  }
  const findings = checkEnv(deployment, envText(lines), environment)
  const left: Diagnostic[] = []
  for (const finding of findings) {
    const setting = deployment.settings.find(({ name }) => name === finding.subject)
    const generable = setting?.generate !== undefined && ["missing", "empty", "placeholder"].includes(finding.code)
    if (!setting || !generable) {
      left.push(finding)
      continue
    }
    if (setting.madeWith !== undefined && volumes.includes(setting.madeWith)) {
      left.push({
        ...finding,
        message: `${finding.message}; the volume ${setting.madeWith} was made with the value that it had, so it is not changed here`,
        next:
          finding.code === "placeholder"
            ? `openimctl secrets rotate ${setting.name} changes it in the store and in .env together; until then: --environment=development`
            : `write the value that the volume was made with: openimctl env diff, or a .env.backup file, may have it`,
      })
      continue
    }
    lines = withKey(lines, setting.name, generate(setting.generate ?? 32))
    generated.push(setting.name)
    changes.push(`made a new value for ${setting.name}`)
  }
  // What a newer kit's template has stands in the file, too, so that the user finds it.
  const there = new Set(parseEnv(envText(lines)).entries.map(({ key }) => key))
  const known = entriesByKey(parseEnv(template))
  for (const { name, default: standard } of deployment.settings) {
    if (there.has(name) || standard === undefined || !known.has(name)) continue
    lines = withKey(lines, name, writtenDefault(standard))
    changes.push(`added ${name} with its default`)
  }
  return { text: envText(lines), changes, generated, left }
}

/** Lines of .env for people to read: values of secrets hidden. */
export function hiddenLine(deployment: Deployment, line: string): string {
  const found = /^([-+]?\s*(?:#\s*)?(?:export\s+)?)([A-Za-z_][A-Za-z0-9_]*)(\s*=)(.*)$/.exec(line)
  if (!found) return line
  const [, before = "", key = "", equals = "", value = ""] = found
  const setting = deployment.settings.find(({ name, earlier }) => name === key || earlier.includes(key))
  const secret = setting ? setting.kind === "secret" : /PASS|SECRET|TOKEN|KEY/i.test(key)
  return secret && value.trim() !== "" ? `${before}${key}${equals}(hidden)` : line
}

/** Every value that must not appear in what is printed or put into a bundle. */
export function secretValues(deployment: Deployment, content: string): string[] {
  const values = settingValues(deployment, parseEnv(content))
  return deployment.settings
    .filter(({ kind, name }) => kind === "secret" && (values[name] ?? "").length >= 4)
    .map(({ name }) => values[name] ?? "")
}
