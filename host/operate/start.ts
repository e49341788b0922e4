// Starts services stage by stage: the next one once all of a stage are healthy. The same for every engine and compose.

import { durationText as duration } from "../../src/base/measures"
import { Problem } from "../../src/base/problem"
import type { DeployedService } from "../../src/plan/deploy/model"
import { type ContainerState, diagnosis, stagesOf, verdict } from "../../src/plan/deploy/stages"
import { composeOrFail, containersOf, lastLog, runHealth, type Site } from "./engine"
import type { State } from "./folder"
import { colour, say } from "./print"

const POLL_MS = 500
const REPORT_MS = 5000
/** Beyond the time that a service takes as a rule: slow disks, many at once. */
const PATIENCE = 4

export interface StartOptions {
  profiles: string[]
  scale: Record<string, number>
  /** Services whose containers are made again, whatever compose thinks. */
  recreate: Set<string>
  /** Only these; all of the profiles where nothing is named. */
  only?: string[]
  /** Called with the services of a stage once they are healthy. */
  onReady?: (services: DeployedService[]) => void
  /** Seconds for each stage; by default what its services say. */
  limitSeconds?: number
}

export async function startStages(site: Site, options: StartOptions): Promise<void> {
  const stages = stagesOf(site.folder.deployment, options.profiles)
    .map((stage) => stage.filter(({ name }) => options.only === undefined || options.only.includes(name)))
    .filter((stage) => stage.length > 0)
  for (const [index, stage] of stages.entries()) {
    await startStage(site, stage, `stage ${index + 1} of ${stages.length}`, options)
    options.onReady?.(stage)
  }
}

async function startStage(
  site: Site,
  stage: DeployedService[],
  title: string,
  { profiles, scale, recreate, limitSeconds }: StartOptions,
): Promise<void> {
  const names = stage.map(({ name }) => name)
  const before = Object.fromEntries((await containersOf(site)).map(({ id, restarts }) => [id, restarts]))
  const began = Date.now()
  const again = names.filter((name) => recreate.has(name))
  const scaling = names.flatMap((name) => (scale[name] === undefined ? [] : ["--scale", `${name}=${scale[name]}`]))
  say(`${title}: ${names.join(", ")}`)
  if (again.length > 0)
    await composeOrFail(site, profiles, ["up", "-d", "--no-deps", "--force-recreate", ...scaling, ...again], `starting ${again.join(", ")}`)
  const others = names.filter((name) => !recreate.has(name))
  if (others.length > 0)
    await composeOrFail(site, profiles, ["up", "-d", "--no-deps", ...scaling, ...others], `starting ${others.join(", ")}`)
  await waitReady(site, stage, { wanted: scale, since: before, began, ...(limitSeconds === undefined ? {} : { limitSeconds }) })
}

export interface WaitOptions {
  /** Service → how many; one where nothing is said. */
  wanted: Record<string, number>
  /** Containers that do not count: those of before. */
  ignore?: Set<string>
  /** Container → restarts that were counted before. */
  since?: Record<string, number>
  began?: number
  limitSeconds?: number
}

/** Until all of these services are healthy; fails with the last log lines of the one that is not. */
export async function waitReady(
  site: Site,
  services: DeployedService[],
  { wanted, ignore = new Set(), since = {}, began = Date.now(), limitSeconds }: WaitOptions,
): Promise<void> {
  const limit = (limitSeconds ?? Math.max(60, ...services.map(({ health }) => health.startSeconds * PATIENCE))) * 1000
  const ready = new Set<string>()
  let reported = Date.now()
  for (;;) {
    const all = (await containersOf(site)).filter(({ id }) => !ignore.has(id))
    const waiting: string[] = []
    for (const { name } of services) {
      const own = all.filter(({ service }) => service === name)
      const found = verdict(own, wanted[name] ?? 1, since)
      if (found.state === "ready") {
        if (!ready.has(name)) say(`  ${colour("green", "healthy")}  ${name} (${duration((Date.now() - began) / 1000)})`)
        ready.add(name)
      } else if (found.state === "failed") throw await startProblem(site, name, own, found.why)
      else {
        ready.delete(name)
        waiting.push(`${name} (${found.why})`)
      }
    }
    if (waiting.length === 0) return
    if (Date.now() - began > limit) {
      const name = services.find((service) => !ready.has(service.name))!.name
      throw await startProblem(
        site,
        name,
        all.filter(({ service }) => service === name),
        `not healthy within ${duration(limit / 1000)}`,
        waiting.length > 1 ? waiting : [],
      )
    }
    if (Date.now() - reported > REPORT_MS) {
      reported = Date.now()
      say(`  waiting ${duration((Date.now() - began) / 1000)} for ${waiting.join(", ")}`)
    }
    await Promise.all([runHealth(site.engine, all), new Promise((wake) => setTimeout(wake, POLL_MS))])
  }
}

export async function startProblem(
  site: Site,
  name: string,
  containers: ContainerState[],
  why: string,
  waiting: string[] = [],
): Promise<Problem> {
  const worst = containers.find(({ state, health }) => state !== "running" || health !== "healthy") ?? containers[0]
  const log = worst ? await lastLog(site, worst.id, 10) : ""
  const output = worst?.healthOutput?.trim()
  const { why: cause, next } = diagnosis(containers, log)
  const restarts = containers.reduce((sum, { restarts }) => sum + restarts, 0)
  const parts = [
    `${name} did not start: ${why}${restarts > 0 ? `, ${restarts} restarts` : ""}${cause ? `; ${cause}` : ""}`,
    ...(waiting.length > 0 ? [`still waiting for: ${waiting.join(", ")}`] : []),
    ...(output ? [`its health check says: ${output.split("\n").slice(-3).join(" / ").slice(0, 400)}`] : []),
    ...(log
      ? [
          `its last log lines:\n${log
            .split("\n")
            .map((line) => `  | ${line.slice(0, 300)}`)
            .join("\n")}`,
        ]
      : ["it has written no log"]),
  ]
  return new Problem(
    parts.join("\n"),
    `${next.replace("SERVICE", name)}. What is healthy stays running; run the same command again afterwards`,
  )
}

/** The containers that run, to see whether anything was made again. */
export const identities = (containers: ContainerState[]): string =>
  containers
    .map(({ id, startedAt }) => `${id} ${startedAt}`)
    .sort()
    .join("\n")

/** The profiles that a call names, those of .env, those of the last deployment, or all. */
export function profilesOr(
  { deployment }: Pick<Site["folder"], "deployment">,
  settings: Record<string, string>,
  state: State,
  named: string[],
): string[] {
  const inEnv = (settings["COMPOSE_PROFILES"] ?? "").split(",").filter(Boolean)
  const known = deployment.profiles.map(({ name }) => name)
  const choices = [named, inEnv, state.profiles, known.includes("all") ? ["all"] : known]
  return choices.find(({ length }) => length > 0) ?? []
}
