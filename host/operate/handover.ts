// New containers beside old ones: started without connections, checked, given connections share by share, and the old ones retired.

import { setTimeout as sleep } from "node:timers/promises"
import { lastWords } from "../../src/base/lastWords"
import { durationText as duration } from "../../src/base/measures"
import { Problem } from "../../src/base/problem"
import {
  backendsOf,
  directAddresses,
  type Slot,
  sessionsOf,
  slotsOf,
  stateCommand,
  trafficFault,
  trafficOf,
  weightCommand,
} from "../../src/plan/deploy/handover"
import type { DeployedService } from "../../src/plan/deploy/model"
import { onceOnly } from "../../src/plan/deploy/scale"
import { type ContainerState, serviceNamed, verdict } from "../../src/plan/deploy/stages"
import { attempt } from "../run"
import { askEdge } from "./edge"
import { ask, composeOrFail, containersOf, runningContainer, type Site } from "./engine"
import { syntheticFault } from "./health"
import { say } from "./print"
import { startProblem, waitReady } from "./start"

/** Service → its old containers. */
type Old = Record<string, string[]>

/** The edge looks for new containers each second, and checks them each second. */
const EDGE_SECONDS = 30
const SLICE_MS = 1000

async function slots(site: Site, services: string[]): Promise<Slot[]> {
  const backends = services.flatMap((name) => backendsOf(site.folder.deployment, name))
  return slotsOf(await askEdge(site, ["show servers state"])).filter(({ backend }) => backends.includes(backend))
}

async function newOnes(site: Site, old: Old): Promise<ContainerState[]> {
  return (await containersOf(site)).filter(({ id, service }) => old[service] !== undefined && !old[service].includes(id))
}

/** Container → its addresses in the networks of this deployment. */
async function addressesOf(site: Site, ids: string[]): Promise<Map<string, string[]>> {
  if (ids.length === 0) return new Map()
  const format = "{{.Id}}{{range .NetworkSettings.Networks}} {{.IPAddress}}{{end}}"
  const lines = (await attempt([site.engine.name, "inspect", "--type", "container", "--format", format, ...ids], { limitSeconds: 30 }))
    .stdout
  return new Map(
    lines
      .trim()
      .split("\n")
      .map((line) => line.split(" ").filter(Boolean))
      .map(([id = "", ...addresses]) => [id, addresses] as const),
  )
}

/** The places of these containers. No container has an empty address. */
const placesOf = (all: Slot[], addresses: Map<string, string[]>, ids: string[]): Slot[] =>
  all.filter(({ address }) => ids.some((id) => addresses.get(id)?.includes(address)))

async function slotsAt(site: Site, services: string[], ids: string[]): Promise<Slot[]> {
  const [addresses, all] = await Promise.all([addressesOf(site, ids), slots(site, services)])
  return placesOf(all, addresses, ids)
}

/** The places of the old and of the new containers, from one answer of the edge. */
async function oldAndNew(site: Site, old: Old, fresh: ContainerState[]): Promise<{ oldSlots: Slot[]; newSlots: Slot[] }> {
  const [oldIds, newIds] = [Object.values(old).flat(), idsOf(fresh)]
  const [addresses, all] = await Promise.all([addressesOf(site, [...oldIds, ...newIds]), slots(site, Object.keys(old))])
  return { oldSlots: placesOf(all, addresses, oldIds), newSlots: placesOf(all, addresses, newIds) }
}

const idsOf = (containers: ContainerState[]): string[] => containers.map(({ id }) => id)

/** Commands of the handover in old containers; one that does not know them is older than they are. */
async function inContainers(site: Site, ids: string[], commands: string[][]): Promise<void> {
  for (const id of ids)
    for (const command of commands) {
      const done = await attempt([site.engine.name, "exec", id, ...command], { limitSeconds: 60 })
      if (done.code !== 0) say(`${command.join(" ")} in ${id.slice(0, 12)}: ${lastWords(done.tail, 1)}`)
    }
}

/** Services of which several containers run. */
export const severalOf = (scale: Record<string, number>): string[] => Object.keys(scale).filter((name) => (scale[name] ?? 1) > 1)

/** Of the containers of these services one has what must not run twice. A container that starts again has it again. */
export async function keepOnce(site: Site, services: string[]): Promise<void> {
  if (services.length === 0) return
  const running = (await containersOf(site)).filter(({ state }) => state === "running")
  for (const name of services) {
    const { handover, once } = serviceNamed(site.folder.deployment, name)
    if (!handover || !once) continue
    const { one, others } = onceOnly(running.filter(({ service }) => service === name))
    await inContainers(site, idsOf(others), handover.stop)
    if (one) await inContainers(site, [one.id], handover.start)
    if (others.length > 0) say(`of ${others.length + 1} containers of ${name} one runs ${Object.keys(once).join(", ")}`)
  }
}

/** New containers that are healthy and known to the edge, but get no connections. */
export async function startBeside(
  site: Site,
  profiles: string[],
  service: DeployedService,
  old: string[],
  wanted: number,
  limit: { limitSeconds?: number },
): Promise<void> {
  const { name, handover } = service
  const free = (await slots(site, [name])).filter(({ address }) => address === "")
  // A place keeps its weight while nobody is there.
  if (free.length > 0)
    await askEdge(
      site,
      free.map((slot) => weightCommand(slot, 0)),
    )
  if (handover) await inContainers(site, old, handover.stop)
  say(`starting ${wanted} new ${wanted === 1 ? "container" : "containers"} of ${name} beside the old`)
  await composeOrFail(
    site,
    profiles,
    ["up", "-d", "--no-deps", "--no-recreate", "--scale", `${name}=${old.length + wanted}`, name],
    `starting new containers of ${name}`,
  )
  await waitReady(site, [service], { wanted: { [name]: wanted }, ignore: new Set(old), ...limit })
  const ids = idsOf(await newOnes(site, { [name]: old }))
  const backends = backendsOf(site.folder.deployment, name)
  const until = Date.now() + EDGE_SECONDS * 1000
  for (;;) {
    const found = (await slotsAt(site, [name], ids)).filter(({ up }) => up)
    if (found.length >= backends.length * ids.length) return
    if (Date.now() > until)
      throw new Problem(
        `the edge does not reach the new containers of ${name}: ${found.length} of ${backends.length * ids.length} places are up within ${EDGE_SECONDS} s`,
      )
    await sleep(300)
  }
}

/** What a client does, asked of the new containers while all others still use the old ones. */
export async function checkDirectly(site: Site, old: Old): Promise<void> {
  const fresh = await newOnes(site, old)
  const addresses = await addressesOf(site, idsOf(fresh))
  const one = Object.fromEntries(fresh.flatMap(({ id, service }) => (addresses.get(id)?.[0] ? [[service, addresses.get(id)![0]!]] : [])))
  const fault = await syntheticFault(site.folder, site.settings, directAddresses(site.folder.deployment, site.settings, one))
  if (fault !== undefined) throw new Problem(`the new containers are healthy, but a client cannot use them: ${fault}`)
  say("a client can use the new containers")
}

/** Share by share; each one is watched before the next. */
export async function giveConnections(
  site: Site,
  old: Old,
  { shares, watchSeconds }: { shares: number[]; watchSeconds: number },
): Promise<void> {
  const services = Object.keys(old)
  const fresh = await newOnes(site, old)
  const before = Object.fromEntries(fresh.map(({ id, restarts }) => [id, restarts]))
  const { oldSlots, newSlots } = await oldAndNew(site, old, fresh)
  for (const share of shares) {
    const first = trafficOf(await askEdge(site, ["show stat"]))
    await askEdge(site, [
      ...newSlots.map((slot) => weightCommand(slot, share)),
      ...oldSlots.map((slot) => weightCommand(slot, 100 - share)),
    ])
    say(`${share} % of new connections go to the new containers; watching for ${watchSeconds} s`)
    for (const until = Date.now() + watchSeconds * 1000; Date.now() < until; ) {
      await sleep(1000)
      const [states, stat] = await Promise.all([newOnes(site, old), askEdge(site, ["show stat"])])
      for (const name of services) {
        const own = states.filter(({ service }) => service === name)
        const found = verdict(own, own.length, before)
        if (found.state === "failed" || own.length === 0)
          throw await startProblem(site, name, own, found.state === "failed" ? found.why : "gone")
        // Even one restart while it is watched.
        if (own.some(({ id, restarts }) => restarts > (before[id] ?? 0))) throw await startProblem(site, name, own, "started again")
      }
      const fault = trafficFault(first, trafficOf(stat), newSlots)
      if (fault !== undefined) throw new Problem(fault)
    }
  }
}

/** Containers, mostly the old ones, lose their connections slice by slice, leave, and end. */
export async function retire(site: Site, old: Old, drainSeconds: number, which = "old"): Promise<void> {
  const services = Object.keys(old)
  const all = await containersOf(site)
  const running = idsOf(all.filter(({ state }) => state === "running"))
  const left = Object.fromEntries(services.map((name) => [name, idsOf(all.filter(({ id }) => old[name]!.includes(id)))]))
  const ids = Object.values(left).flat()
  if (ids.length > 0) {
    const places = await slotsAt(site, services, ids)
    if (places.length > 0) {
      await askEdge(
        site,
        places.map((slot) => stateCommand(slot, "drain")),
      )
      await closeSlices(site, places, drainSeconds, which)
    }
    let linger = 0
    for (const name of services) {
      const leaving = left[name]!.filter((id) => running.includes(id))
      const { handover } = serviceNamed(site.folder.deployment, name)
      if (!handover || leaving.length === 0) continue
      await inContainers(site, leaving, handover.leave)
      linger = Math.max(linger, handover.lingerSeconds)
    }
    if (linger > 0) {
      say(`the ${which} containers stay up for ${linger} s, until others have forgotten their addresses`)
      await sleep(linger * 1000)
    }
    say(`stopping the ${which} containers of ${services.join(", ")}`)
    for (const name of services)
      if (left[name]!.length > 0) {
        const { graceSeconds } = serviceNamed(site.folder.deployment, name)
        await ask(site, ["stop", "-t", String(graceSeconds), ...left[name]!], graceSeconds + 60)
        await ask(site, ["rm", "-f", ...left[name]!])
      }
  }
  await evenWeights(site, services)
}

/** Seconds in which the connections of containers that are too many, or of a failed update, are closed. */
const SURPLUS_DRAIN = 10

/** Containers beyond this number leave as those of an update do: their users connect to the others first. */
export async function retireSurplus(site: Site, wanted: Record<string, number>): Promise<void> {
  const running = (await containersOf(site)).filter(({ state }) => state === "running")
  const surplus = Object.fromEntries(
    Object.entries(wanted).flatMap(([name, count]): [string, string[]][] => {
      const own = running.filter(({ service }) => service === name)
      if (own.length <= count || serviceNamed(site.folder.deployment, name).handover === undefined) return []
      const { one, others } = onceOnly(own)
      return [[name, idsOf([one!, ...others].slice(count))]]
    }),
  )
  if (Object.keys(surplus).length === 0 || !(await runningContainer(site, site.folder.deployment.edge.service))) return
  await retire(site, surplus, SURPLUS_DRAIN, "surplus")
}

/** So that not everybody comes back in the same moment. */
async function closeSlices(site: Site, places: Slot[], drainSeconds: number, which: string): Promise<void> {
  const open = async (): Promise<string[]> => sessionsOf(await askEdge(site, ["show sess"]), places)
  const first = (await open()).length
  if (first === 0) return
  say(`closing ${first} connections of the ${which} containers within ${drainSeconds} s: clients connect again`)
  const slice = Math.max(1, Math.ceil((first * SLICE_MS) / (drainSeconds * 1000)))
  for (
    let left = await open(), until = Date.now() + drainSeconds * 1000 + 10_000;
    left.length > 0 && Date.now() < until;
    left = await open()
  ) {
    await askEdge(
      site,
      left.slice(0, slice).map((id) => `shutdown session ${id}`),
    )
    await sleep(SLICE_MS)
  }
}

/** All places of these services as they were made: whoever is scaled up later gets its share. */
async function evenWeights(site: Site, services: string[]): Promise<void> {
  const running = idsOf(await containersOf(site))
  for (const until = Date.now() + EDGE_SECONDS * 1000; Date.now() < until; ) {
    const [addresses, all] = await Promise.all([addressesOf(site, running), slots(site, services)])
    const there = [...addresses.values()].flat()
    const gone = all.filter(({ address }) => address !== "" && !there.includes(address))
    if (gone.length === 0) break
    await sleep(500)
  }
  const all = await slots(site, services)
  if (all.length > 0)
    await askEdge(
      site,
      all.flatMap((slot) => [weightCommand(slot, 1), stateCommand(slot, "ready")]),
    )
}

/** All connections to the old containers again, and no new containers. */
export async function backToOld(site: Site, old: Old): Promise<void> {
  const services = Object.keys(old)
  if (services.length === 0) return
  const began = Date.now()
  const fresh = await newOnes(site, old)
  const edge = await runningContainer(site, site.folder.deployment.edge.service)
  if (edge !== undefined) {
    const { oldSlots, newSlots } = await oldAndNew(site, old, fresh)
    const commands = [
      ...oldSlots.flatMap((slot) => [weightCommand(slot, 100), stateCommand(slot, "ready")]),
      ...newSlots.flatMap((slot) => [weightCommand(slot, 0), stateCommand(slot, "drain")]),
    ]
    if (commands.length > 0) await askEdge(site, commands)
  }
  say(`all connections go to the old containers again (${duration((Date.now() - began) / 1000)})`)
  for (const name of services) {
    const { handover } = serviceNamed(site.folder.deployment, name)
    if (!handover) continue
    const running = fresh.filter(({ service, state }) => service === name && state === "running")
    await inContainers(site, idsOf(running), handover.stop)
    await inContainers(site, old[name]!, handover.start)
  }
  // Others found the new ones as soon as they were up, without the edge: they leave like old ones, so that no answer of theirs is cut off.
  const ofServices = Object.fromEntries(services.map((name) => [name, idsOf(fresh.filter(({ service }) => service === name))]))
  if (edge !== undefined) await retire(site, ofServices, SURPLUS_DRAIN, "new")
  else if (fresh.length > 0) await ask(site, ["rm", "-f", ...idsOf(fresh)], 120)
}
