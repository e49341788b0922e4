// HTTP proxies as the environment has them. The engine hands its own to every container, this module's too.

import { withoutCredentials } from "../base/addresses.js"

export interface ProxySettings {
  http?: string
  https?: string
  /** Hosts that are reached without one: names, .suffixes, * for all. */
  no: string[]
}

export function readProxies(env: Record<string, string | undefined>): ProxySettings {
  const value = (name: string) => env[name] || env[name.toUpperCase()] || undefined
  const all = value("all_proxy")
  return {
    http: value("http_proxy") ?? all,
    https: value("https_proxy") ?? all,
    no: (value("no_proxy") ?? "").split(/[\s,]+/).filter((name) => name !== ""),
  }
}

export interface HttpProxy {
  tls: boolean
  host: string
  port: number
  /** The value of Proxy-Authorization. */
  authorization?: string
}

/** The way to an address; none where it goes there straight, or where the proxy speaks something else than HTTP. */
export function proxyFor(url: URL, proxies: ProxySettings): HttpProxy | undefined {
  const value = url.protocol === "https:" ? proxies.https : proxies.http
  if (value === undefined || proxies.no.some((name) => covers(name, url))) return undefined
  const parts = partsOf(value)
  if (parts === undefined || !/^https?$/.test(parts.scheme)) return undefined
  const [, host = "", port] = /^(.*?)(?::(\d+))?$/.exec(parts.host)!
  const tls = parts.scheme === "https"
  return { tls, host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port ?? (tls ? 443 : 80)), authorization: basic(parts.user) }
}

/** For people: without user and password. */
export function shownProxy(value: string): string {
  const parts = partsOf(value)
  if (parts === undefined) return "***"
  return `${parts.scheme}://${parts.user === undefined ? "" : "***@"}${parts.host}`
}

/** What a plan says of them; nothing where there are none. */
export function shownProxies({ http, https, no }: ProxySettings): string | undefined {
  const found = [...new Set([https, http].flatMap((value) => (value === undefined ? [] : [shownProxy(value)])))]
  if (found.length === 0) return undefined
  return `${found.join(", ")}${no.length > 0 ? ` (not for ${no.map(withoutCredentials).join(", ")})` : ""}`
}

/** Not by URL: that would take a / or # in a password for the end of the host. */
function partsOf(value: string): { scheme: string; user?: string; host: string } | undefined {
  const [, scheme, user, host] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:(.*)@)?([^@/?#\s]+)\/?$/i.exec(value.trim()) ?? []
  return host === undefined ? undefined : { scheme: (scheme ?? "http").toLowerCase(), user, host }
}

function basic(user: string | undefined): string | undefined {
  if (user === undefined) return undefined
  return `Basic ${Buffer.from(user.split(":").map(decoded).join(":")).toString("base64")}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function covers(name: string, { hostname, port }: URL): boolean {
  const [, host = "", only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(name.toLowerCase())!
  if (only !== undefined && only !== port) return false
  return name === "*" || hostname === host || hostname.endsWith(`.${host}`)
}
