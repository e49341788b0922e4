// One question to a web server, through the proxy if there is one. With Node's own modules and not its fetch, which knows no
// proxies but where the process was started for it.

import type { LookupAddress } from "node:dns"
import { resolve4, resolve6, lookup as systemLookup } from "node:dns/promises"
import { type ClientRequest, type IncomingMessage, request as plain, type RequestOptions } from "node:http"
import { request as secured } from "node:https"
import type { LookupFunction } from "node:net"
import { connect, type TLSSocket } from "node:tls"
import { type HttpProxy, type ProxySettings, proxyFor } from "./proxies.js"

export interface MirrorAnswer {
  status: number
  /** The content's type, as the server says. */
  type: string
  /** How the content begins; its bytes, one a character. */
  start: string
}

const enough = 64 * 1024
const redirects = 3

/** Asks for an address. Throws one sentence where nobody answers in time. `ca`: what is trusted, where that is not Node's own business. */
export async function ask(address: string, proxies: ProxySettings, seconds: number, ca?: string[]): Promise<MirrorAnswer> {
  const signal = AbortSignal.timeout(seconds * 1000)
  try {
    let url = new URL(address)
    for (let hops = 0; ; hops++) {
      const { location, ...answer } = await askOnce(url, proxyFor(url, proxies), { signal, ca })
      if (location === undefined || hops === redirects) return answer
      url = new URL(location, url)
    }
  } catch (error) {
    if (signal.aborted) throw new Error(`no answer within ${seconds} s`)
    throw new Error(reasonOf(error as NodeJS.ErrnoException))
  }
}

/** Where a name has several addresses, the error is a collection of theirs. */
function reasonOf(error: NodeJS.ErrnoException): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : error
  return first?.message || error.code || "no reason given"
}

interface Terms {
  signal: AbortSignal
  ca?: string[]
}

async function askOnce(url: URL, proxy: HttpProxy | undefined, terms: Terms): Promise<MirrorAnswer & { location?: string }> {
  const response = await sent(await questionTo(url, proxy, terms))
  const { statusCode: status = 0, headers } = response
  const location = status >= 300 && status < 400 ? headers.location : undefined
  const start = location === undefined ? await startOf(response) : ""
  response.destroy()
  return { status, type: headers["content-type"] ?? "", start, location }
}

async function questionTo(url: URL, proxy: HttpProxy | undefined, terms: Terms): Promise<ClientRequest> {
  const headers = { "User-Agent": "openim-mirrors", Accept: "*/*" }
  const send = url.protocol === "https:" ? secured : plain
  if (proxy === undefined) return send(url, { ...connecting, ...terms, headers })
  if (url.protocol !== "https:") return toProxy(proxy, { ...terms, path: url.href, headers: { ...headers, Host: url.host } })
  const socket = await tunnel(proxy, url, terms)
  return send(url, { ...connecting, ...terms, headers, createConnection: () => socket })
}

function toProxy({ tls, host, port, authorization }: HttpProxy, options: RequestOptions & { ca?: string[] }): ClientRequest {
  const headers = { ...options.headers, ...(authorization === undefined ? {} : { "Proxy-Authorization": authorization }) }
  return (tls ? secured : plain)({ ...options, ...connecting, host, port, headers })
}

async function tunnel(proxy: HttpProxy, url: URL, { signal, ca }: Terms): Promise<TLSSocket> {
  const target = `${url.hostname}:${url.port || 443}`
  const request = toProxy(proxy, { signal, ca, method: "CONNECT", path: target, headers: { Host: target } })
  return new Promise((resolve, reject) => {
    request.on("error", reject)
    request.on("connect", ({ statusCode }, socket) => {
      if (statusCode !== 200) {
        socket.destroy()
        return reject(new Error(`the proxy answers ${statusCode}`))
      }
      signal.addEventListener("abort", () => socket.destroy())
      const secure = connect({ socket, servername: url.hostname, ca }, () => resolve(secure))
      secure.on("error", reject)
    })
    request.end()
  })
}

function sent(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on("response", resolve).on("error", reject)
    request.end()
  })
}

/** Several questions go to one host, which is looked up once. */
const found = new Map<string, Promise<LookupAddress[]>>()

const lookup: LookupFunction = (hostname, { all }, callback) => {
  const addresses = found.get(hostname) ?? addressesOf(hostname)
  found.set(hostname, addresses)
  addresses.then(
    (list) => (all ? callback(null, list) : callback(null, list[0]!.address, list[0]!.family)),
    (error: NodeJS.ErrnoException) => callback(error, []),
  )
}

/**
 * The system's own look-up runs four times at once at most, and some wait long for names that do not exist: the others would have
 * no time left for their answers. It still knows what name servers do not: files, and names in this network.
 */
async function addressesOf(hostname: string): Promise<LookupAddress[]> {
  const [four, six] = await Promise.allSettled([resolve4(hostname), resolve6(hostname)])
  const addresses: LookupAddress[] = [
    ...(four.status === "fulfilled" ? four.value.map((address) => ({ address, family: 4 })) : []),
    ...(six.status === "fulfilled" ? six.value.map((address) => ({ address, family: 6 })) : []),
  ]
  return addresses.length > 0 ? addresses : systemLookup(hostname, { all: true })
}

/** No connection is kept, so that nothing waits for its end. */
const connecting = { agent: false, autoSelectFamily: true, lookup } as const

async function startOf(response: IncomingMessage): Promise<string> {
  let start = ""
  for await (const chunk of response) {
    start += (chunk as Buffer).toString("latin1")
    if (start.length >= enough) break
  }
  return start.slice(0, enough)
}
