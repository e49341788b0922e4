// How new containers of a service take over from old ones behind the edge: what HAProxy's answers say, and how weights move.

import { unknownName } from "../../base/nearest.js"
import type { DeployedService, Deployment, Route } from "./model.js"

/** Routes to the same port of the same service share one backend of the edge: it is called as the first one. */
export function backendOf(routes: Route[], { service, target }: Pick<Route, "service" | "target">): string {
  return routes.find((other) => other.service === service && other.target === target)!.name
}

/** The backends of the edge that a service answers for. */
export function backendsOf({ routes }: Deployment, service: string): string[] {
  return [...new Set(routes.filter((route) => route.service === service).map((route) => backendOf(routes, route)))]
}

/** A place for one container of a service in a backend. */
export interface Slot {
  backend: string
  server: string
  /** Empty while no container is there. */
  address: string
  /** A check found it well. */
  up: boolean
  weight: number
  /** Takes no new connections. */
  draining: boolean
}

/** States that the operator has set: HAProxy's bits for maintenance and drain. */
const OPERATOR_DRAIN = 8
const OPERATION_RUNNING = 2

/** Of `show servers state`: its second line names the fields. */
export function slotsOf(text: string): Slot[] {
  return rowsOf(text, " ", "# be_id").map((row) => ({
    backend: row["be_name"] ?? "",
    server: row["srv_name"] ?? "",
    address: row["srv_addr"] === "-" ? "" : (row["srv_addr"] ?? ""),
    up: Number(row["srv_op_state"]) === OPERATION_RUNNING,
    weight: Number(row["srv_uweight"]),
    draining: (Number(row["srv_admin_state"]) & OPERATOR_DRAIN) !== 0,
  }))
}

export interface Traffic {
  backend: string
  server: string
  /** Connections that are open now. */
  sessions: number
  requests: number
  /** Answers with a status from 500. */
  failed: number
  /** Connections that could not be made, or broke. */
  errors: number
}

/** Of `show stat`: one line for each server. */
export function trafficOf(text: string): Traffic[] {
  return rowsOf(text, ",", "# pxname")
    .filter((row) => !["FRONTEND", "BACKEND"].includes(row["svname"] ?? ""))
    .map((row) => ({
      backend: row["pxname"] ?? "",
      server: row["svname"] ?? "",
      sessions: Number(row["scur"]),
      requests: Number(row["stot"]),
      failed: Number(row["hrsp_5xx"]),
      errors: Number(row["econ"]) + Number(row["eresp"]),
    }))
}

function rowsOf(text: string, separator: string, heading: string): Record<string, string>[] {
  const lines = text.split("\n")
  const at = lines.findIndex((line) => line.startsWith(heading))
  const names = (lines[at] ?? "").replace(/^# /, "").split(separator)
  return lines
    .slice(at + 1)
    .filter((line) => at >= 0 && line.trim() !== "")
    .map((line) => Object.fromEntries(line.split(separator).map((value, index) => [names[index] ?? "", value])))
}

/** The open connections of these slots, as `show sess` lists them. */
export function sessionsOf(text: string, slots: Pick<Slot, "backend" | "server">[]): string[] {
  return text.split("\n").flatMap((line) => {
    const [, id, backend, server] = /^(0x[0-9a-f]+): .*\bbe=(\S+) srv=(\S+)/.exec(line) ?? []
    return id !== undefined && slots.some((slot) => slot.backend === backend && slot.server === server) ? [id] : []
  })
}

/** Weights are shares of 100. */
export const weightCommand = ({ backend, server }: Pick<Slot, "backend" | "server">, weight: number): string =>
  `set server ${backend}/${server} weight ${weight}`

export const stateCommand = ({ backend, server }: Pick<Slot, "backend" | "server">, state: "ready" | "drain"): string =>
  `set server ${backend}/${server} state ${state}`

export const strategies = ["blue-green", "canary", "recreate"] as const
export type Strategy = (typeof strategies)[number]

export function readStrategy(text: string): Strategy {
  if (text === "rolling")
    throw new Error(
      "--strategy=rolling is not offered: one container after the other means a change of the readers of Kafka with each of them. " +
        "blue-green changes them once, canary moves the connections in small steps",
    )
  const found = strategies.find((known) => known === text)
  if (found === undefined) throw unknownName("strategy", text, [...strategies])
  return found
}

/** Shares of new connections that go to the new containers, one after the other. The last one is 100. */
export function readShares(strategy: Strategy, text: string | undefined): number[] {
  if (strategy !== "canary") {
    if (text !== undefined) throw new Error(`--steps is for --strategy=canary: ${strategy} has one step`)
    return [100]
  }
  const shares = (text ?? "5,25,50,100").split(",").map(Number)
  const rising = shares.every((share, at) => Number.isInteger(share) && share > (shares[at - 1] ?? 0) && share <= 100)
  if (!rising) throw new Error(`--steps=${text} is not a list of rising shares of 100, such as 5,25,50,100`)
  return shares.at(-1) === 100 ? shares : [...shares, 100]
}

/** Of many answers, this share of failed ones is too much. */
const FAILED_SHARE = 0.05
const FEW_ANSWERS = 20

/** What is wrong with the new containers since `before`; undefined where nothing is. */
export function trafficFault(before: Traffic[], now: Traffic[], slots: Pick<Slot, "backend" | "server">[]): string | undefined {
  for (const slot of slots) {
    const find = (all: Traffic[]): Traffic | undefined =>
      all.find(({ backend, server }) => backend === slot.backend && server === slot.server)
    const [first, last] = [find(before), find(now)]
    if (!last) return `${slot.backend}/${slot.server} is missing at the edge`
    const requests = last.requests - (first?.requests ?? 0)
    const failed = last.failed - (first?.failed ?? 0) + last.errors - (first?.errors ?? 0)
    if (failed > 0 && failed >= Math.max(requests, FEW_ANSWERS) * FAILED_SHARE)
      return `${failed} of ${requests} requests to ${slot.backend}/${slot.server} failed`
  }
  return undefined
}

export interface Change {
  service: DeployedService
  why: string
}

/** Whether a service reads one of these files of the kit: itself, or the folder that it is in. */
export function readsAny({ files }: Pick<DeployedService, "files">, changed: string[]): boolean {
  return Object.keys(files).some((name) => changed.some((file) => file === name || file.startsWith(`${name}/`)))
}

/** Services that get a second set beside the first one: the edge knows them, and several may run. The others are stopped first. */
export function handovers(deployment: Deployment, changes: Change[], strategy: Strategy): { first: Change[]; beside: Change[] } {
  const beside =
    strategy === "recreate" ? [] : changes.filter(({ service }) => service.scalable && backendsOf(deployment, service.name).length > 0)
  return { first: changes.filter((change) => !beside.includes(change)), beside }
}

/** Addresses that the check uses → the container that is asked instead of the edge. */
export function directAddresses(
  { routes }: Deployment,
  settings: Record<string, string>,
  container: Record<string, string>,
): [string, string][] {
  const base = (settings["PUBLIC_URL"] ?? "").replace(/:\d+$/, "")
  return routes.flatMap(({ service, portSetting, target }): [string, string][] => {
    const address = container[service]
    return address === undefined || portSetting === undefined ? [] : [[`${base}:${settings[portSetting]}`, `http://${address}:${target}`]]
  })
}
