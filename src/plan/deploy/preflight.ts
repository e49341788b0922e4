// What must be right on a machine before anything is touched: all findings at once, each with its fix.

import type { DeployedService, Deployment } from "./model.js"
import { type Protocol, publishedPorts } from "./publishedPorts.js"
import { type Diagnostic, hostOf, isLoopback } from "./settings.js"
import { servicesOf } from "./stages.js"

export interface MachineFacts {
  engine: { name: "docker" | "podman"; version: string }
  compose: { name: string; version: string }
  /** As the engine names it: x86_64, amd64, aarch64, arm64. */
  architecture: string
  /** Undefined where the machine has no /proc/cpuinfo. */
  cpuFlags?: string[]
  /** Of the settings that the deployment names, those that this kernel has. */
  kernel?: Record<string, number>
  memoryMiB: number
  diskFreeMiB: number
  /** Of sockets that are open: who holds which. */
  ports: { port: number; protocol: Protocol; holder: string; ours: boolean }[]
  /** The lowest port that the engine may open, where it does not run as root. */
  firstPort?: number
  /** Of the name in the public address. */
  names: { host: string; addresses: string[]; own: string[] }
  /** Of this project, by the names that the deployment has for them. */
  volumes: { name: string; created: string }[]
  /** Setting → whether the volume was made with the value that .env has; unknown ones are missing. */
  madeWith: Record<string, boolean>
  /** False where health checks are never run: podman without systemd. */
  healthTimers: boolean
  /** .env is made by this call. */
  firstUse: boolean
  /** Those that services read, and that are not there. */
  missingFolders: string[]
  networks: { name: string; subnets: string[] }[]
  routes: string[]
  images: ImageFact[]
}

export interface ImageFact {
  image: string
  services: string[]
  state: "present" | "archive" | "registry" | "missing"
  /** Of the image that is present. */
  architecture?: string
  /** The archive's file, or why it is not available. */
  detail?: string
}

/** What deploy needs at least of an engine. */
export const MINIMUM = {
  docker: { least: "20.10.10", reason: ": older ones refuse the system call clone3, by which new C libraries start threads" },
  podman: { least: "4.0.0", reason: "" },
}
const MINIMUM_COMPOSE: Record<string, string> = { "podman-compose": "1.4.0" }

export function preflight(deployment: Deployment, profiles: string[], settings: Record<string, string>, facts: MachineFacts): Diagnostic[] {
  const findings: Diagnostic[] = []
  const add = (severity: Diagnostic["severity"], code: string, subject: string, message: string, next: string): void => {
    findings.push({ severity, code, subject, message, next })
  }
  const { engine, compose } = facts
  const { least: oldest, reason } = MINIMUM[engine.name]
  if (older(engine.version, oldest))
    add(
      "error",
      "engine",
      engine.name,
      `${engine.name} is ${engine.version}, at least ${oldest} is needed${reason}`,
      `update ${engine.name}`,
    )
  const least = MINIMUM_COMPOSE[compose.name] ?? "2.0.0"
  if (older(compose.version, least))
    add("error", "compose", compose.name, `${compose.name} is ${compose.version}, at least ${least} is needed`, composeFix(compose.name))
  const services = servicesOf(deployment, profiles)
  const wanted = machineName(deployment.requirements.architecture)
  const here = machineName(facts.architecture)
  if (here !== wanted)
    add(
      "error",
      "architecture",
      "machine",
      `this machine is ${here}, the images are for ${wanted}`,
      `take a machine with ${wanted}, or images for ${here}`,
    )
  for (const { image, architecture } of facts.images)
    if (architecture && machineName(architecture) !== here)
      add(
        "error",
        "architecture",
        image,
        `${image} is for ${machineName(architecture)}, this machine is ${here}`,
        `take an image for ${here}`,
      )
  if (facts.cpuFlags && here === "amd64")
    for (const [flag, users] of Object.entries(deployment.requirements.cpuFlags)) {
      const affected = users.filter((name) => services.some((service) => service.name === name))
      if (affected.length > 0 && !facts.cpuFlags.includes(flag))
        add(
          "error",
          "cpu",
          flag,
          `the CPU has no ${flag}, which ${affected.join(", ")} needs (it would end with exit code 132)`,
          'on a virtual machine, set the CPU type to "host"',
        )
    }
  for (const [name, { least, services: users }] of Object.entries(deployment.requirements.kernel ?? {})) {
    const affected = users.filter((user) => services.some((service) => service.name === user))
    const here = facts.kernel?.[name]
    if (affected.length > 0 && here !== undefined && here < least)
      add(
        "warning",
        "kernel",
        name,
        `${name} is ${here} on this machine, ${affected.join(", ")} wants ${least}`,
        `sysctl -w ${name}=${least}, and the same line in /etc/sysctl.d for the next start`,
      )
  }
  const memory = Math.max(0, ...deployment.profiles.filter(({ name }) => profiles.includes(name)).map(({ memoryMiB }) => memoryMiB))
  // What firmware and kernel keep is not seen: 4 GB are sold as 4 GB, and show as 3.7.
  if (facts.memoryMiB < memory * 0.9)
    add(
      "error",
      "memory",
      "machine",
      `this machine has ${facts.memoryMiB} MiB of memory, ${profiles.join(",")} needs ${memory} MiB`,
      "add memory, choose fewer profiles, or take --ignore=memory",
    )
  if (facts.diskFreeMiB < deployment.requirements.diskMiB && !facts.volumes.length)
    add(
      "error",
      "disk",
      "machine",
      `${facts.diskFreeMiB} MiB are free on the engine's disk, ${deployment.requirements.diskMiB} MiB are needed`,
      "free some space, or take --ignore=disk",
    )
  else if (facts.diskFreeMiB < 1024)
    add(
      "error",
      "disk",
      "machine",
      `only ${facts.diskFreeMiB} MiB are free on the engine's disk`,
      "free some space: docker system df shows what is used",
    )
  findings.push(...portFindings(deployment, profiles, settings, facts))
  const host = hostOf(settings["PUBLIC_URL"] ?? "")
  const { addresses, own } = facts.names
  if (host && !isLoopback(host)) {
    if (addresses.length === 0)
      add(
        "warning",
        "dns",
        host,
        `${host} is not known to this machine's DNS`,
        `add a DNS record for it, or change PUBLIC_URL: openimctl deploy --address=…`,
      )
    else if (!addresses.some((address) => own.includes(address)))
      add(
        "warning",
        "address",
        host,
        `${host} ${addresses.includes(host) ? "" : `is ${addresses.join(", ")}, which `}is not an address of this machine${own.length > 0 ? ` (${own.join(", ")})` : ""}`,
        "fine behind NAT or a load balancer; otherwise correct the DNS record or PUBLIC_URL",
      )
  }
  for (const setting of deployment.settings) {
    const volume = facts.volumes.find(({ name }) => name === setting.madeWith)
    if (!volume) continue
    if (facts.firstUse)
      add(
        "error",
        "volume",
        setting.name,
        `.env is new, but the volume ${volume.name} of ${volume.created} was made with another ${setting.name}`,
        "put the old .env back (.env.backup files), or remove the data: openimctl destroy --data",
      )
    else if (facts.madeWith[setting.name] === false)
      add(
        "error",
        "volume",
        setting.name,
        `the volume ${volume.name} of ${volume.created} was made with another ${setting.name} than .env has`,
        `put the old value back (.env.backup files have it); to change it in both: openimctl secrets rotate ${setting.name}`,
      )
  }
  if (!facts.healthTimers)
    add(
      "warning",
      "health",
      "podman",
      "podman runs health checks by systemd, which this machine does not have",
      "this program runs them while it waits; afterwards status shows the last result",
    )
  findings.push(...folderFindings(services, settings, facts), ...subnetClashes(deployment, facts))
  for (const { image, state, services, detail } of facts.images)
    if (state === "missing")
      add(
        "error",
        "image",
        image,
        `the image ${image} (${services.join(", ")}) is not available${detail ? `: ${detail}` : ""}`,
        "check its name in .env, and docker login where its registry asks who you are; without a network, put its archive into images/ (a kit with --images=archives has them)",
      )
  return findings
}

/** Compose would make an empty one. */
function folderFindings(services: DeployedService[], settings: Record<string, string>, { missingFolders }: MachineFacts): Diagnostic[] {
  return services.flatMap(({ name, hostFolders = {}, profiles }) =>
    Object.keys(hostFolders)
      .filter((setting) => missingFolders.includes(settings[setting] ?? ""))
      .map((setting) => ({
        severity: "error" as const,
        code: "folder",
        subject: setting,
        message: `this machine has no folder ${settings[setting]}, which ${name} reads`,
        next: `correct ${setting} in .env, or leave out the profile ${profiles[0]}`,
      })),
  )
}

function portFindings(deployment: Deployment, profiles: string[], settings: Record<string, string>, facts: MachineFacts): Diagnostic[] {
  return servicesOf(deployment, profiles).flatMap((service) =>
    publishedPorts(service).flatMap(({ setting: name, protocol: wanted }) => {
      const wantedPort = Number(settings[name])
      if (facts.firstPort !== undefined && wantedPort < facts.firstPort)
        return [
          {
            severity: "error" as const,
            code: "port",
            subject: name,
            message: `${facts.engine.name} does not run as root, so it may not open port ${wantedPort}: ${facts.firstPort} is the lowest`,
            next: `sysctl -w net.ipv4.ip_unprivileged_port_start=${wantedPort}, and the same line in /etc/sysctl.d for the next start; or set ${name} to another port in .env`,
          },
        ]
      const taken = facts.ports.find(({ port, protocol, ours }) => port === wantedPort && protocol === wanted && !ours)
      return taken
        ? [
            {
              severity: "error" as const,
              code: "port",
              subject: name,
              message: `port ${taken.port}${wanted === "udp" ? " (UDP)" : ""} is taken by ${taken.holder}`,
              next: `stop it, or set ${name} to another port in .env`,
            },
          ]
        : []
    }),
  )
}

/** Names of this project's networks are free to take any subnet; only one that is there already can collide. */
function subnetClashes(deployment: Deployment, { networks, routes }: MachineFacts): Diagnostic[] {
  return networks
    .filter(({ name }) => deployment.networks.some((network) => name.endsWith(`_${network.name}`)))
    .flatMap(({ name, subnets }) =>
      subnets
        .flatMap((subnet) => routes.filter((route) => overlap(subnet, route)).map((route) => [subnet, route] as const))
        .map(([subnet, route]) => ({
          severity: "warning" as const,
          code: "subnet",
          subject: name,
          message: `the network ${name} (${subnet}) overlaps with the route ${route} of this machine`,
          next: 'set "default-address-pools" of the engine to free addresses, then: openimctl clean && openimctl deploy',
        })),
    )
}

/** Two IPv4 networks such as 172.18.0.0/16. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [network(one), network(other)]
  if (!a || !b || a.bits === 0 || b.bits === 0) return false
  const bits = Math.min(a.bits, b.bits)
  return a.address >>> (32 - bits) === b.address >>> (32 - bits)
}

function network(text: string): { address: number; bits: number } | undefined {
  const found = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(text)
  if (!found) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = found.slice(1, 5).map(Number)
  return { address: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, bits: Number(found[5] ?? 32) }
}

/** 4.3.1 is older than 20.10; what stands behind the numbers does not count. */
export function older(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number))
  for (let at = 0; at < Math.max(a?.length ?? 0, b?.length ?? 0); at++) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function composeFix(name: string): string {
  return name === "podman-compose"
    ? "update it: pip install --upgrade podman-compose; or install docker-compose 2 for podman's socket"
    : "install the plugin: apt-get install docker-compose-plugin (Docker's packages) or docker-compose-v2 (Ubuntu)"
}

export function machineName(architecture: string): string {
  const word = architecture.toLowerCase().replace(/^linux\//, "")
  return { x86_64: "amd64", aarch64: "arm64", armv8: "arm64" }[word] ?? word
}

/** What stops a deployment: errors whose code is not ignored. */
export function blocking(findings: Diagnostic[], ignored: string[]): Diagnostic[] {
  return findings.filter(({ severity, code }) => severity === "error" && !ignored.includes(code))
}
