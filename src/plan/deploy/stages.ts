// Which services a call is about, in which order they start, and what the state of their containers means.

import { unknownName } from "../../base/nearest.js"
import type { DeployedService, Deployment } from "./model.js"
import type { Protocol } from "./publishedPorts.js"

/** A container as the engine describes it, in the words of both Docker and podman. */
export interface ContainerState {
  id: string
  service: string
  /** created, running, restarting, exited, dead, paused. */
  state: string
  /** healthy, unhealthy, starting; empty where it has no health check. */
  health: string
  exitCode: number
  restarts: number
  outOfMemory: boolean
  image: string
  imageId: string
  startedAt: string
  /** The last output of its health check. */
  healthOutput?: string
  /** Ports that it publishes on the machine. */
  ports: { port: number; protocol: Protocol }[]
}

/** The profiles that were named, or all of a deployment for "all"; unknown ones are answered with the nearest name. */
export function chosenProfiles(deployment: Deployment, named: string[]): string[] {
  const known = deployment.profiles.map(({ name }) => name)
  for (const name of named) if (!known.includes(name) && name !== "all") throw unknownName("profile", name, [...new Set([...known, "all"])])
  if (named.includes("all")) return known.filter((name) => name !== "all").concat(known.includes("all") ? ["all"] : [])
  return known.filter((name) => named.includes(name))
}

/** The services of the profiles, by stage. */
export function stagesOf(deployment: Deployment, profiles: string[]): DeployedService[][] {
  const chosen = servicesOf(deployment, profiles)
  const numbers = [...new Set(chosen.map(({ stage }) => stage))].sort((a, b) => a - b)
  return numbers.map((number) => chosen.filter(({ stage }) => stage === number))
}

export function servicesOf(deployment: Deployment, profiles: string[]): DeployedService[] {
  return deployment.services.filter((service) => service.profiles.some((profile) => profiles.includes(profile)))
}

export function serviceNamed(deployment: Deployment, name: string): DeployedService {
  const found = deployment.services.find((service) => service.name === name)
  if (!found)
    throw unknownName(
      "service",
      name,
      deployment.services.map((service) => service.name),
    )
  return found
}

export type Verdict = { state: "ready" } | { state: "waiting"; why: string } | { state: "failed"; why: string }

/** More restarts than this within a start mean that it will not come up without help. */
const RESTARTS = 3

/** What the containers of one service say while it starts. `since` are restarts counted before this start. */
export function verdict(containers: ContainerState[], wanted: number, since: Record<string, number> = {}): Verdict {
  if (containers.length < wanted)
    return { state: "waiting", why: containers.length === 0 ? "not created yet" : `${containers.length} of ${wanted} created` }
  for (const container of containers) {
    const restarts = container.restarts - (since[container.id] ?? 0)
    if (container.outOfMemory) return { state: "failed", why: "ended because it needed more memory than its limit" }
    if (restarts >= RESTARTS)
      return { state: "failed", why: `ends again and again (${restarts} restarts, exit code ${container.exitCode})` }
    if (container.state === "dead") return { state: "failed", why: "dead" }
    if (container.state === "exited" && restarts === 0 && container.exitCode !== 0)
      return { state: "failed", why: `ended with exit code ${container.exitCode}` }
    if (container.health === "unhealthy") return { state: "failed", why: "its health check fails" }
  }
  const late = containers.find(({ state, health }) => state !== "running" || (health !== "healthy" && health !== ""))
  return late ? { state: "waiting", why: late.state === "running" ? late.health : late.state } : { state: "ready" }
}

interface Cause {
  pattern: RegExp
  why: string
  next: string
}

/** What logs say about a cause that users meet again and again; the first hit wins. */
const CAUSES: Cause[] = [
  {
    pattern: /no space left on device|disk quota exceeded/i,
    why: "the disk is full",
    next: "free some space (docker system df shows what is used), then run the same command again",
  },
  {
    pattern:
      /authentication ?failed|SCRAM|WRONGPASS|NOAUTH|invalid (username-password pair|password)|AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId/i,
    why: "a password is refused: a store has another one than .env",
    next: "put the value back that the store was made with (.env.backup files have it), or change both together: openimctl secrets rotate NAME",
  },
  {
    pattern: /address already in use|port is already allocated/i,
    why: "a port is taken",
    next: "openimctl doctor names who has it and which setting to change",
  },
  { pattern: /exec format error/i, why: "the image is for another architecture", next: "take the images of this machine's architecture" },
  {
    pattern: /illegal instruction|requires a CPU with AVX/i,
    why: "the CPU lacks an instruction",
    next: 'on a virtual machine, set the CPU type to "host"',
  },
  {
    pattern: /not enough space|cannot allocate memory|out of memory|OutOfMemoryError/i,
    why: "memory is missing",
    next: "give the machine more memory, or raise the limit of the service in .env",
  },
  {
    pattern: /permission denied/i,
    why: "a file or folder may not be read or written",
    next: "openimctl deploy writes secrets/ and tls/ again; a volume that another user made must be given to the user of the container",
  },
  {
    pattern: /no such host|server misbehaving|name or service not known|temporary failure in name resolution/i,
    why: "another service is not found by its name",
    next: "openimctl status shows which one is missing",
  },
]

/** The cause and the next step for a service that does not come up, from its state and its last log lines. */
export function diagnosis(containers: ContainerState[], log: string): { why?: string; next: string } {
  const codes = containers.map(({ exitCode }) => exitCode)
  if (containers.some(({ outOfMemory }) => outOfMemory))
    return { why: "memory is missing", next: "raise its limit in .env, or give the machine more memory" }
  if (codes.includes(132))
    return {
      why: "the CPU lacks an instruction (exit code 132; AVX for MongoDB)",
      next: 'on a virtual machine, set the CPU type to "host"',
    }
  const output = `${log}\n${containers.map(({ healthOutput }) => healthOutput ?? "").join("\n")}`
  const cause = CAUSES.find(({ pattern }) => pattern.test(output))
  return cause ?? { next: "read the lines above; openimctl logs SERVICE shows more, openimctl doctor looks at this machine" }
}

export interface StatusRow {
  service: string
  /** healthy, unhealthy, starting, running, stopped, missing, restarting. */
  state: string
  instances: number
  wanted: number
  restarts: number
  since: string
  image: string
  note: string
}

/** One row for each service that should run, and for what runs beside them. */
export function statusRows(
  deployment: Deployment,
  profiles: string[],
  containers: ContainerState[],
  scale: Record<string, number> = {},
): StatusRow[] {
  const wanted = servicesOf(deployment, profiles)
  const names = [...new Set([...wanted.map(({ name }) => name), ...containers.map(({ service }) => service)])]
  return names.map((name) => {
    const own = containers.filter(({ service }) => service === name)
    const should = wanted.some((service) => service.name === name) ? (scale[name] ?? 1) : 0
    const restarts = own.reduce((sum, { restarts }) => sum + restarts, 0)
    const worst = [...own].sort((a, b) => order(stateWord(a)) - order(stateWord(b)))[0]
    const state = worst ? stateWord(worst) : "missing"
    return {
      service: name,
      state,
      instances: own.filter(({ state }) => state === "running").length,
      wanted: should,
      restarts,
      since: worst?.startedAt ?? "",
      image: worst?.image ?? "",
      note: noteOf(worst, should, own.length),
    }
  })
}

const STATES = ["unhealthy", "restarting", "stopped", "starting", "running", "healthy"]
const order = (word: string): number => STATES.indexOf(word)

function stateWord({ state, health }: ContainerState): string {
  if (state === "running") return health === "" ? "running" : health
  return state === "restarting" ? "restarting" : "stopped"
}

function noteOf(worst: ContainerState | undefined, wanted: number, there: number): string {
  if (!worst) return "no container: openimctl deploy"
  if (wanted === 0) return "not part of the deployed profiles"
  if (worst.outOfMemory) return "needed more memory than its limit"
  if (worst.state !== "running") return `exit code ${worst.exitCode}`
  if (worst.health === "unhealthy") return (worst.healthOutput ?? "").trim().split("\n").at(-1)?.slice(0, 100) || "its health check fails"
  return there < wanted ? `${there} of ${wanted} instances` : ""
}

/** All that should run is healthy. */
export function allHealthy(rows: StatusRow[]): boolean {
  const wanted = rows.filter(({ wanted }) => wanted > 0)
  return wanted.length > 0 && wanted.every(({ state, instances, wanted }) => ["healthy", "running"].includes(state) && instances >= wanted)
}

/** Why a service would be made again or started, and nothing where it stays as it is. */
export function changeOf(
  service: DeployedService,
  containers: ContainerState[],
  facts: { hash?: string; hashBefore?: string; imageId?: string; files: string; filesBefore?: string; wanted: number },
): string | undefined {
  const own = containers.filter((container) => container.service === service.name)
  if (own.length === 0) return "new"
  if (facts.filesBefore !== undefined && facts.filesBefore !== facts.files) return "its secrets or files have changed"
  if (facts.hash !== undefined && facts.hashBefore !== undefined && facts.hash !== facts.hashBefore) return "its settings have changed"
  if (facts.imageId !== undefined && own.some(({ imageId }) => imageId !== "" && imageId !== facts.imageId)) return "another image"
  if (own.some(({ state }) => state !== "running")) return "not running"
  if (own.length !== facts.wanted) return `${own.length} instead of ${facts.wanted} instances`
  return undefined
}
