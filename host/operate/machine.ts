// Facts about the machine that preflight judges.

import { lookup } from "node:dns/promises"
import { existsSync, readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs"
import { connect, isIP } from "node:net"
import { networkInterfaces, totalmem } from "node:os"
import type { ImageFact, MachineFacts } from "../../src/plan/deploy/preflight"
import { type Protocol, publishedPorts } from "../../src/plan/deploy/publishedPorts"
import { hostOf } from "../../src/plan/deploy/settings"
import { attempt } from "../run"
import { containersOf, needsHealthRuns, type Site, volumesOf } from "./engine"
import type { State } from "./folder"
import { comparedMadeWith } from "./secrets"

export async function machineFacts(site: Site, state: State, firstUse: boolean, images: ImageFact[]): Promise<MachineFacts> {
  const { engine, settings, folder } = site
  const info = await engineInfo(site)
  const [volumes, containers, published, networks, names] = await Promise.all([
    volumesOf(site),
    containersOf(site),
    portsOfOthers(site),
    networksOf(site),
    namesOf(settings["PUBLIC_URL"] ?? ""),
  ])
  const own = containers.filter(({ state }) => state === "running").flatMap(({ ports }) => ports)
  const wanted = folder.deployment.services
    .flatMap(publishedPorts)
    .map(({ setting, protocol }) => ({ port: Number(settings[setting]), protocol }))
  return {
    engine,
    compose: engine.compose,
    architecture: info.architecture || process.arch.replace("x64", "amd64"),
    ...(existsSync("/proc/cpuinfo") ? { cpuFlags: cpuFlags(readFileSync("/proc/cpuinfo", "utf8")) } : {}),
    kernel: kernelSettings(Object.keys(folder.deployment.requirements.kernel ?? {})),
    memoryMiB: Math.round((info.memory || totalmem()) / 2 ** 20),
    diskFreeMiB: freeMiB(info.root, folder.path),
    ports: await takenPorts(wanted, own, published),
    ...(info.rootless ? { firstPort: firstPort() } : {}),
    names,
    volumes,
    madeWith: comparedMadeWith(folder, state, settings),
    healthTimers: !needsHealthRuns(engine),
    firstUse,
    missingFolders: folder.deployment.services
      .flatMap(({ hostFolders = {} }) => Object.keys(hostFolders))
      .flatMap((setting) => settings[setting] ?? [])
      .filter(isMissing),
    networks,
    routes: await routes(),
    images,
  }
}

/** Those that are there. */
function kernelSettings(names: string[]): Record<string, number> {
  const files = names.map((name) => [name, `/proc/sys/${name.replaceAll(".", "/")}`] as const)
  return Object.fromEntries(files.flatMap(([name, file]) => (existsSync(file) ? [[name, Number(readFileSync(file, "utf8"))]] : [])))
}

export function cpuFlags(text: string): string[] {
  return (/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? "").split(/\s+/).filter(Boolean)
}

async function engineInfo({ engine }: Site): Promise<{ architecture: string; memory: number; root: string; rootless: boolean }> {
  const format =
    engine.name === "docker"
      ? "{{.Architecture}}|{{.MemTotal}}|{{.DockerRootDir}}|{{.SecurityOptions}}"
      : "{{.Host.Arch}}|{{.Host.MemTotal}}|{{.Store.GraphRoot}}|{{.Host.Security.Rootless}}"
  const done = await attempt([engine.name, "info", "--format", format], { limitSeconds: 30 })
  const [architecture = "", memory = "0", root = "", security = ""] = done.stdout.trim().split("|")
  return { architecture, memory: Number(memory) || 0, root, rootless: /\bname=rootless\b|^true$/.test(security) }
}

/** The lowest that a program without rights of root may open. */
function firstPort(): number {
  const file = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : 1024
}

export function freeMiB(...paths: string[]): number {
  for (const path of paths) {
    try {
      const { bavail, bsize } = statfsSync(path)
      return Math.floor((bavail * bsize) / 2 ** 20)
    } catch {
      // Not readable for this user: the next one.
    }
  }
  return Number.MAX_SAFE_INTEGER
}

/** One below a folder that this user may not enter counts as there. */
function isMissing(path: string): boolean {
  try {
    statSync(path)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"
  }
}

/** Ports that containers of others publish: with some engines no process listens for them. */
async function portsOfOthers({ engine, project }: Site): Promise<HeldPort[]> {
  const done = await attempt([engine.name, "ps", "--format", '{{.Names}}|{{.Label "com.docker.compose.project"}}|{{.Ports}}'], {
    limitSeconds: 30,
  })
  const format = done.code === 0 ? done : await attempt([engine.name, "ps", "--format", "{{.Names}}||{{.Ports}}"], { limitSeconds: 30 })
  return format.stdout.split("\n").flatMap((line) => {
    const [name = "", owner = "", ports = ""] = line.split("|")
    if (owner === project) return []
    return [...ports.matchAll(/:(\d+)->\d+(?:\/(udp))?/g)].map(([, port, protocol]) => ({
      port: Number(port),
      protocol: protocol === "udp" ? ("udp" as const) : ("tcp" as const),
      holder: `container ${name}`,
    }))
  })
}

interface Port {
  port: number
  protocol: Protocol
}

interface HeldPort extends Port {
  holder: string
}

async function takenPorts(wanted: Port[], own: Port[], published: HeldPort[]): Promise<MachineFacts["ports"]> {
  const sockets = { tcp: openSockets("tcp"), udp: openSockets("udp") }
  const same = (one: Port) => (other: Port) => one.port === other.port && one.protocol === other.protocol
  return Promise.all(
    wanted
      .filter((one, index) => wanted.findIndex(same(one)) === index)
      .map(async (one) => {
        const { port, protocol } = one
        const other = published.find(same(one))?.holder
        const inode = sockets[protocol]?.get(port)
        const open = inode !== undefined || (protocol === "tcp" && sockets.tcp === undefined && (await connects(port)))
        return { ...one, ours: own.some(same(one)) || (!other && !open), holder: other ?? (inode ? holderOf(inode) : "another process") }
      }),
  )
}

/** Port → the socket's inode, of all that listen, or that have no peer; undefined where the machine does not say it. */
export function openSockets(protocol: Protocol, folder = "/proc/net"): Map<number, string> | undefined {
  const found = new Map<number, string>()
  let read = false
  for (const file of [`${folder}/${protocol}`, `${folder}/${protocol}6`]) {
    if (!existsSync(file)) continue
    read = true
    for (const line of readFileSync(file, "utf8").split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/)
      if (columns[3] !== (protocol === "tcp" ? "0A" : "07")) continue
      found.set(Number.parseInt(columns[1]?.split(":")[1] ?? "", 16), columns[9] ?? "")
    }
  }
  return read ? found : undefined
}

function holderOf(inode: string): string {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`))
        if (readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)
          return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (process ${pid})`
    } catch {
      // Of another user, or gone.
    }
  }
  return "a process of another user (sudo ss -lntup shows it)"
}

export function connects(port: number, host = "127.0.0.1", milliseconds = 1000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: milliseconds })
    const end = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.on("connect", () => end(true))
    socket.on("timeout", () => end(false))
    socket.on("error", () => end(false))
  })
}

async function networksOf({ engine, project }: Site): Promise<MachineFacts["networks"]> {
  if (engine.name !== "docker") return []
  const ids = (
    await attempt(["docker", "network", "ls", "-q", "--filter", `label=com.docker.compose.project=${project}`], { limitSeconds: 30 })
  ).stdout
    .split(/\s+/)
    .filter(Boolean)
  if (ids.length === 0) return []
  const done = await attempt(["docker", "network", "inspect", ...ids], { limitSeconds: 30 })
  try {
    return (JSON.parse(done.stdout) as { Name: string; IPAM?: { Config?: { Subnet?: string }[] | null } }[]).map(({ Name, IPAM }) => ({
      name: Name,
      subnets: (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : [])),
    }))
  } catch {
    return []
  }
}

/** Networks that the machine reaches itself, without those of container engines. */
async function routes(): Promise<string[]> {
  const done = await attempt(["ip", "-4", "route", "show"], { limitSeconds: 10 })
  return done.stdout
    .split("\n")
    .filter((line) => !/ dev (docker|br-|veth|podman|cni)/.test(line))
    .map((line) => line.split(" ")[0] ?? "")
    .filter((word) => /^\d/.test(word))
}

async function namesOf(url: string): Promise<MachineFacts["names"]> {
  const host = hostOf(url).replace(/[[\]]/g, "")
  const own = ownAddresses()
  if (host === "" || isIP(host)) return { host, addresses: host ? [host] : [], own }
  const late = new Promise<[]>((resolve) => setTimeout(() => resolve([]), 5000).unref())
  const found = await Promise.race([lookup(host, { all: true }).catch(() => []), late])
  return { host, addresses: found.map(({ address }) => address), own: [...own, "127.0.0.1", "127.0.1.1", "::1"] }
}

/** Addresses of this machine that others may reach; those of container networks are left out. */
export function ownAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|veth|podman|cni|lo$)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
    .sort((a, b) => (a.family === b.family ? 0 : a.family === "IPv4" ? -1 : 1))
    .map(({ address }) => address)
}
