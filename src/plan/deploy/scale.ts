// How many containers of a service a user asks for: SERVICE=N, or PART=N for what users know by name in it.

import { unknownName } from "../../base/nearest.js"
import { Problem } from "../../base/problem.js"
import { backendsOf } from "./handover.js"
import type { DeployedService, Deployment } from "./model.js"

const MOST = 99

/** Service → how many. Fails for what must never be two, with the reason. */
export function wantedScale(deployment: Deployment, words: string[]): Record<string, number> {
  if (words.length === 0) throw new Problem("scale needs SERVICE=N", `such as: openimctl scale ${scalable(deployment)[0] ?? "SERVICE"}=2`)
  const wanted: Record<string, { count: number; word: string }> = {}
  for (const word of words) {
    const [name = "", text = ""] = word.split("=")
    const service = serviceOf(deployment, name)
    const count = Number(text)
    if (!/^[1-9]\d?$/.test(text)) throw new Problem(`"${word}" is not SERVICE=N`, `such as ${name}=2; N is from 1 to ${MOST}`)
    if (count > 1) refuseTwo(deployment, service, name, count)
    const other = wanted[service.name]
    if (other && other.count !== count)
      throw new Problem(
        `${other.word} and ${word} are containers of ${service.name}, which has both`,
        `openimctl scale ${service.name}=${Math.max(count, other.count)}`,
      )
    wanted[service.name] = { count, word }
  }
  return Object.fromEntries(Object.entries(wanted).map(([name, { count }]) => [name, count]))
}

const scalable = ({ services }: Deployment): string[] => services.filter((service) => service.scalable).map(({ name }) => name)

function serviceOf(deployment: Deployment, name: string): DeployedService {
  const { services } = deployment
  const found = services.find((service) => service.name === name) ?? services.find(({ parts = [] }) => parts.includes(name))
  if (!found)
    throw unknownName(
      "service",
      name,
      services.flatMap((service) => [service.name, ...(service.parts ?? [])]),
    )
  return found
}

function refuseTwo(deployment: Deployment, service: DeployedService, name: string, count: number): void {
  const why = service.once?.[name]
  if (why !== undefined)
    throw new Problem(
      `${name} must not run twice: ${why}`,
      `it is a part of ${service.name}, and of several containers of ${service.name} one has it: openimctl scale ${service.name}=${count}`,
    )
  if (!service.scalable)
    throw new Problem(
      `${name} cannot run more than once: it keeps data or a port of this machine`,
      `these can: ${scalable(deployment).join(", ") || "none"}`,
    )
  const { instances } = deployment.edge
  if (count > instances && backendsOf(deployment, service.name).length > 0)
    throw new Problem(`${count} containers of ${service.name} are too many: the edge finds at most ${instances}`, `at most ${instances}`)
}

/** Of these containers, the one that has what must run once, and the others. */
export function onceOnly<T extends { startedAt: string; id: string }>(containers: T[]): { one?: T; others: T[] } {
  const [one, ...others] = [...containers].sort((a, b) => (a.startedAt + a.id < b.startedAt + b.id ? -1 : 1))
  return one === undefined ? { others } : { one, others }
}
