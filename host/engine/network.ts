// The engine's own network: a namespace with one leg on the host, NAT to the outside. All names derive from the cache folder, so
// that several caches have several engines, and what an engine that was killed left behind is found by them.
import { createHash } from "node:crypto"
import { lookup } from "node:dns/promises"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { Problem } from "../../src/base/problem"
import { env, proxies } from "../env"
import { bundleHasEngine } from "../fromBundle"
import { say } from "../output"
import { cacheId } from "../paths"
import { sentence } from "../problem"
import { attempt, run } from "../run"

export interface Names {
  namespace: string
  /** The host's end of the cable; at most 15 characters. */
  link: string
}

export function names(): Names {
  const id = cacheId()
  return { namespace: `openim-${id}`, link: `oim-${id}` }
}

/** A range that hardly anybody routes; the engine's own containers use 10.87.0.0/16, podman 10.88.0.0/16. */
const RANGE = (10 << 24) | (213 << 16)
const SUBNETS = 1 << 14

export interface Subnet {
  cidr: string
  host: string
  engine: string
}

/** The cache folder's subnet, or the next one that the host does not route. */
export function chooseSubnet(id: string, routes: string): Subnet {
  const taken = cidrs(routes)
  const first = Number.parseInt(id, 16) % SUBNETS
  for (let i = 0; i < SUBNETS; i++) {
    const base = (RANGE + ((first + i) % SUBNETS) * 4) >>> 0
    if (!taken.some(([address, bits]) => overlap(base, 30, address, bits))) {
      return { cidr: `${dotted(base)}/30`, host: dotted(base + 1), engine: dotted(base + 2) }
    }
  }
  throw new Problem("no free subnet in 10.213.0.0/16 for the engine's network")
}

function cidrs(routes: string): [number, number][] {
  const found = [...routes.matchAll(/^(?:\w+ )?(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?\b/gm)]
  return found.map(([, a, b, c, d, bits]) => [
    ((Number(a) << 24) | (Number(b) << 16) | (Number(c) << 8) | Number(d)) >>> 0,
    Number(bits ?? 32),
  ])
}

function overlap(a: number, aBits: number, b: number, bBits: number): boolean {
  const bits = Math.min(aBits, bBits)
  // A default route covers everything and means nothing.
  if (bits === 0) return false
  const mask = (0xffffffff << (32 - bits)) >>> 0
  return (a & mask) >>> 0 === (b & mask) >>> 0
}

const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".")

/** Makes the network and answers with its subnet. */
export async function raiseNetwork(): Promise<Subnet> {
  const { namespace, link } = names()
  const subnet = chooseSubnet(cacheId(), (await run(["ip", "-4", "route", "show", "table", "all"])).stdout)
  const [size, mtu] = ["/30", await outerMtu()]
  const ip = (...args: string[]): Promise<unknown> => run(["ip", ...args], { purpose: `ip ${args.join(" ")}` })
  await ip("netns", "add", namespace)
  await ip("link", "add", link, "mtu", mtu, "type", "veth", "peer", "name", "eth0", "mtu", mtu, "netns", namespace)
  await ip("addr", "add", subnet.host + size, "dev", link)
  await ip("link", "set", link, "up")
  await ip("-n", namespace, "addr", "add", subnet.engine + size, "dev", "eth0")
  await ip("-n", namespace, "link", "set", "eth0", "up")
  await ip("-n", namespace, "link", "set", "lo", "up")
  await ip("-n", namespace, "route", "add", "default", "via", subnet.host)
  // With a bundle nothing is fetched: a way out is welcome then, and no more.
  await wayOut(link, subnet.cidr).catch((error: unknown) => {
    if (!bundleHasEngine()) throw error
    say(`the engine has no way out of this machine, and needs none with a bundle: ${sentence(error)}`)
  })
  return subnet
}

async function wayOut(link: string, cidr: string): Promise<void> {
  const ports = await hostPorts()
  // What keeps others out comes first.
  for (const rule of [...chains(link, ports), ...rules(link, cidr)]) await iptables(...rule)
  await allowForwarding()
}

const iptables = (...rule: string[]): Promise<unknown> => run(["iptables", "-w", "10", ...rule], { purpose: `iptables ${rule.join(" ")}` })

/** The lines of `iptables -S`. */
const listed = async (table = "filter"): Promise<string[]> =>
  (await attempt(["iptables", "-w", "10", "-t", table, "-S"])).stdout.split("\n")

const established = ["-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED"]
const drop = ["-j", "DROP"]

/** Where clouds give credentials to whoever asks: AWS and most others, Alibaba Cloud, Azure. Some are name servers as well. */
const METADATA = ["169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32"]

/** Chains of the engine's own: what builds may not reach. Anything else goes on to the host's own rules. */
function chains(link: string, ports: string[] | "all"): string[][] {
  const [input, output] = [`${link}-in`, `${link}-out`]
  const dns = ["udp", "tcp"].map((protocol) => ["-p", protocol, "--dport", "53"])
  return [
    ["-N", input],
    ...[established, ...dns].map((match) => ["-A", input, ...match, "-j", "RETURN"]),
    ...(ports === "all"
      ? [["-A", input, "-j", "RETURN"]]
      : ports.map((port) => ["-A", input, "-p", "tcp", "--dport", port, "-j", "RETURN"])),
    ["-A", input, ...drop],
    ["-N", output],
    ...dns.map((match) => ["-A", output, ...match, "-j", "RETURN"]),
    ...METADATA.map((range) => ["-A", output, "-d", range, ...drop]),
  ]
}

/** Every rule names the link: that is how leftovers are found. Each is put before the last one. */
function rules(link: string, cidr: string): string[][] {
  return [
    ["-t", "nat", "-A", "POSTROUTING", "-s", cidr, "!", "-o", link, "-j", "MASQUERADE"],
    // To the engine come answers alone: its name server, for one, answers anybody.
    ["-I", "FORWARD", "-o", link, ...drop],
    ["-I", "FORWARD", "-o", link, ...established, "-j", "ACCEPT"],
    ["-I", "FORWARD", "-i", link, "!", "-o", "oim-+", "-j", "ACCEPT"],
    ["-I", "FORWARD", "-i", link, "-j", `${link}-out`],
    ["-I", "INPUT", "-i", link, "-j", `${link}-in`],
  ]
}

/** Variables with addresses that the engine and its builds ask. */
const ADDRESSES = [
  "OPENIM_REGISTRY_MIRRORS",
  "OPENIM_DEBIAN_MIRROR",
  "OPENIM_DEBIAN_SECURITY_MIRROR",
  "GOPROXY",
  "npm_config_registry",
] as const

/** The host's own ports that builds may reach: those that the user names, and those of proxies and mirrors that run on this host. */
async function hostPorts(): Promise<string[] | "all"> {
  const given = (env("OPENIM_ENGINE_HOST_PORTS") ?? "").split(/[\s,]+/).filter(Boolean)
  if (given.includes("all")) return "all"
  const wrong = given.find((port) => !/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535)
  if (wrong) throw new Problem(`OPENIM_ENGINE_HOST_PORTS: ${wrong} is not a port`, "give numbers separated by commas, or all")
  const own = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)))
  const addresses = [
    ...Object.entries(proxies()).flatMap(([name, value]) => (/^no_/i.test(name) ? [] : [value])),
    ...ADDRESSES.flatMap((name) => env(name)?.split(/[\s,|]+/) ?? []),
  ]
  const found = addresses.map(async (address) => {
    const [, scheme, host, port] = /^(?:([a-z0-9]+):\/\/)?(?:.*@)?([^@:/]+)(?::(\d+))?/i.exec(address) ?? []
    const { address: at } = host ? await lookup(host, 4).catch(() => ({ address: "" })) : { address: "" }
    return own.has(at) ? [port ?? (scheme === "https" ? "443" : "80")] : []
  })
  return [...new Set([...given, ...(await Promise.all(found)).flat()])]
}

const FORWARDING = "/proc/sys/net/ipv4/ip_forward"
/** An empty chain of this name says that this host forwarded nothing before, what the policy was, and which rules it had. It outlives us, as the setting does. */
const WAS_OFF = "OIM-WAS-OFF-"

/** A host that is not a router stays none for all but the engine. */
async function allowForwarding(): Promise<void> {
  if (readFileSync(FORWARDING, "utf8").trim() === "1") return
  const lines = await listed()
  if (!lines.some((line) => line.startsWith(`-N ${WAS_OFF}`))) {
    const policy = lines.includes("-P FORWARD DROP") ? "DROP" : "ACCEPT"
    await iptables("-N", `${WAS_OFF}${policy}-${foreign(lines)}`)
  }
  await iptables("-P", "FORWARD", "DROP")
  try {
    writeFileSync(FORWARDING, "1")
  } catch {
    throw new Problem(
      "this host does not forward packets, and the setting cannot be changed from here",
      "on the host run: sysctl -w net.ipv4.ip_forward=1",
    )
  }
}

/** Puts the setting back once no engine of any cache folder is left, unless somebody else has come to rely on it. */
async function restoreForwarding(): Promise<void> {
  const lines = await listed()
  const mark = lines.flatMap((line) => (line.startsWith(`-N ${WAS_OFF}`) ? [line.slice(3).trim()] : []))[0]
  if (mark === undefined || readdirSync("/sys/class/net").some((name) => /^oim-[0-9a-f]{8}$/.test(name))) return
  const [policy, rules] = mark.slice(WAS_OFF.length).split("-")
  if (rules === foreign(lines)) {
    writeFileSync(FORWARDING, "0")
    await iptables("-P", "FORWARD", policy!)
  } else {
    say("net.ipv4.ip_forward was 0 and stays 1: other rules for forwarded packets have come since the engine started")
  }
  await iptables("-X", mark)
}

/** Stands for the rules for forwarded packets that are not ours. */
function foreign(lines: string[]): string {
  const others = lines.filter((line) => line.startsWith("-A FORWARD ") && !/ oim-[0-9a-f]{8}\b/.test(line))
  return createHash("sha256").update(others.join("\n")).digest("hex").slice(0, 8)
}

/** Packets must fit the host's own way out, or they vanish in tunnels and clouds. */
async function outerMtu(): Promise<string> {
  const route = (await attempt(["ip", "-4", "route", "show", "default"])).stdout
  const device = /\bdev (\S+)/.exec(route)?.[1]
  const file = `/sys/class/net/${device}/mtu`
  return device && existsSync(file) ? readFileSync(file, "utf8").trim() : "1500"
}

/** Takes the network away, as much of it as there is. */
export async function dropNetwork(): Promise<void> {
  const { namespace, link } = names()
  for (const table of ["nat", "filter"]) {
    for (const line of await listed(table)) {
      if (line.startsWith("-A ") && line.split(" ").includes(link))
        await attempt(["iptables", "-w", "10", "-t", table, ...line.replace("-A", "-D").split(" ")])
    }
  }
  for (const line of await listed()) {
    const chain = line.slice(3).trim()
    if (line.startsWith("-N ") && [`${link}-in`, `${link}-out`].includes(chain))
      for (const verb of ["-F", "-X"]) await attempt(["iptables", "-w", "10", verb, chain])
  }
  if (existsSync(`/sys/class/net/${link}`)) await attempt(["ip", "link", "delete", link])
  if (existsSync(`/run/netns/${namespace}`)) await attempt(["ip", "netns", "delete", namespace])
  await restoreForwarding()
}

/** Processes of the engine, also of one that we have no record of. */
export async function networkProcesses(): Promise<number[]> {
  const { namespace } = names()
  if (!existsSync(`/run/netns/${namespace}`)) return []
  return (await attempt(["ip", "netns", "pids", namespace])).stdout.split("\n").filter(Boolean).map(Number)
}

/** The engine wants one. This address is kept for documentation: nobody answers there (RFC 5737). */
const nobody = "nameserver 192.0.2.1\n"

/** The name servers for the engine. Where a bundle is used there may be none. The host's own do, unless they listen on its loopback, which the engine cannot reach. */
export function resolvConf(
  given: string | undefined,
  read: (path: string) => string | undefined = readOptional,
  offline = bundleHasEngine(),
): string {
  if (given)
    return given
      .split(/[\s,]+/)
      .filter(Boolean)
      .map((server) => `nameserver ${server}\n`)
      .join("")
  const host = read("/etc/resolv.conf") ?? ""
  const usable = (text: string): boolean => /^nameserver\s+(?!127\.|::1\b)\S+/m.test(text)
  if (usable(host)) return host.replace(/^nameserver\s+(127\.|::1\b).*\n?/gm, "")
  const resolved = read("/run/systemd/resolve/resolv.conf") ?? ""
  if (usable(resolved)) return resolved
  if (offline) return nobody
  throw new Problem(
    "this host's name server listens on its loopback, where the engine cannot reach it",
    "set OPENIM_DNS to a name server's address",
  )
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
