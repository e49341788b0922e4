// health: each service's own check, the machine, and the synthetic check through the public address, with one result and a time limit.
import { existsSync } from "node:fs"
import { freemem } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { jsonText } from "../../src/base/format"
import { table } from "../../src/base/table"
import { answeredPorts } from "../../src/plan/deploy/publishedPorts"
import { chosenProfiles, servicesOf } from "../../src/plan/deploy/stages"
import { attempt } from "../run"
import { containersOf, type Engine, runHealth, siteOf } from "./engine"
import { type Folder, readState, settingsOf } from "./folder"
import { connects, freeMiB } from "./machine"
import { colour, EXIT, masked, result } from "./print"
import { profilesOr } from "./start"
import { statusOf } from "./status"
import type { StepInput, StepResult } from "./steps"
import { trustedRoot } from "./tls"

export interface HealthOptions {
  limitSeconds: number
  json: boolean
  /** Leave out the synthetic check. */
  quick: boolean
}

export interface Check {
  name: string
  kind: "service" | "pod" | "machine" | "port" | "synthetic"
  ok: boolean
  milliseconds: number
  detail: string
}

/** The engine's disk and the memory below which a stack is in danger. */
const DISK_MIB = 1024
const MEMORY_MIB = 100

export async function health(folder: Folder, engine: Engine, { limitSeconds, json, quick }: HealthOptions): Promise<number> {
  const until = Date.now() + limitSeconds * 1000
  const settings = settingsOf(folder)
  const site = siteOf(folder, engine, settings)
  const state = readState(folder)
  const profiles = chosenProfiles(folder.deployment, profilesOr(folder, settings, state, []))
  await runHealth(engine, await containersOf(site))
  const groups: Promise<Check[]>[] = [
    timed(until, "services", "service", async () =>
      (await statusOf(folder, engine, []))
        .filter(({ wanted }) => wanted > 0)
        .map(({ service, state, note, restarts }) => ({
          name: service,
          kind: "service",
          ok: ["healthy", "running"].includes(state) && note === "",
          milliseconds: 0,
          detail: [state, note, restarts > 0 ? `${restarts} restarts` : ""].filter(Boolean).join(", "),
        })),
    ),
    timed(until, "machine", "machine", async () => {
      const info = await attempt(
        [engine.name, "info", "--format", engine.name === "docker" ? "{{.DockerRootDir}}" : "{{.Store.GraphRoot}}"],
        { limitSeconds: 20 },
      )
      const disk = freeMiB(info.stdout.trim(), folder.path)
      const memory = availableMiB()
      return [
        { name: "disk", kind: "machine", ok: disk >= DISK_MIB, milliseconds: 0, detail: `${disk} MiB free, at least ${DISK_MIB}` },
        {
          name: "memory",
          kind: "machine",
          ok: memory >= MEMORY_MIB,
          milliseconds: 0,
          detail: `${memory} MiB available, at least ${MEMORY_MIB}`,
        },
      ]
    }),
    timed(until, "ports", "port", () =>
      Promise.all(
        answeredPorts(folder.deployment, servicesOf(folder.deployment, profiles), settings)
          // One of UDP gives no answer.
          .filter(({ protocol }) => protocol === "tcp")
          .map(async ({ setting: name }): Promise<Check> => {
            const began = Date.now()
            const ok = await connects(Number(settings[name]), "127.0.0.1", 3000)
            return {
              name,
              kind: "port",
              ok,
              milliseconds: Date.now() - began,
              detail: ok ? `port ${settings[name]} is open` : `nothing listens at port ${settings[name]}`,
            }
          }),
      ),
    ),
  ]
  if (!quick && folder.deployment.checks.length > 0)
    groups.push(timed(until, "synthetic check", "synthetic", () => synthetic(folder, settings, Math.max(5, (until - Date.now()) / 1000))))
  return printed((await Promise.all(groups)).flat(), json)
}

/** The checks as a table or as JSON; the exit code. */
export function printed(checks: Check[], json: boolean): number {
  const ok = checks.every((check) => check.ok)
  if (json) result(masked(jsonText({ ok, checks })))
  else {
    const rows = table(
      ["check", "kind", "result", "ms", "detail"],
      checks.map(({ name, kind, ok, milliseconds, detail }) => [
        name,
        kind,
        ok ? "ok" : "FAILED",
        milliseconds ? String(milliseconds) : "",
        detail,
      ]),
    )
    result(masked(rows.replace(/\bFAILED\b/g, (word) => colour("red", word, process.stdout))))
    const failed = checks.filter((check) => !check.ok)
    result(failed.length === 0 ? "healthy\n" : `not healthy: ${failed.map(({ name }) => name).join(", ")}\n`)
  }
  return ok ? EXIT.fine : EXIT.unhealthy
}

export async function timed(until: number, name: string, kind: Check["kind"], work: () => Promise<Check[]>): Promise<Check[]> {
  const began = Date.now()
  const failed = (detail: string): Check[] => [{ name, kind, ok: false, milliseconds: Date.now() - began, detail }]
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Check[]>((resolve) => {
    timer = setTimeout(() => resolve(failed("no result within the time limit")), Math.max(0, until - Date.now()))
  })
  try {
    return await Promise.race([work().catch((error: Error) => failed(error.message)), late])
  } finally {
    clearTimeout(timer)
  }
}

function availableMiB(): number {
  return Math.floor((process.availableMemory?.() ?? freemem()) / 2 ** 20)
}

/** Seconds for the whole of the check where nobody says otherwise. */
const CHECK_SECONDS = 60

/** What is wrong for a client at the public address, or at the addresses of containers that take its place; undefined where nothing is. */
export async function syntheticFault(
  folder: Folder,
  settings: Record<string, string>,
  instead: [string, string][] = [],
): Promise<string | undefined> {
  const failed = (await synthetic(folder, settings, CHECK_SECONDS, instead)).find(({ ok }) => !ok)
  return failed && `${failed.name}: ${failed.detail}`
}

/** Tried for a while: what has just started may answer a little later. */
export async function publicFault(folder: Folder, settings: Record<string, string>): Promise<string | undefined> {
  let fault: string | undefined
  for (let turn = 0; turn < PUBLIC_TRIES; turn++) {
    fault = await syntheticFault(folder, settings)
    if (fault === undefined) return undefined
    await sleep(1000)
  }
  return fault
}

const PUBLIC_TRIES = 5

export async function synthetic(
  folder: Folder,
  settings: Record<string, string>,
  seconds: number,
  instead: [string, string][] = [],
): Promise<Check[]> {
  const input: StepInput = { steps: folder.deployment.checks, values: settings, stepSeconds: Math.min(20, seconds), instead }
  const root = trustedRoot(folder, settings)
  const flags = process.execArgv.filter((word) => word.startsWith("--experimental"))
  const done = await attempt([process.execPath, ...flags, process.argv[1]!, "internal-steps"], {
    input: JSON.stringify(input),
    limitSeconds: Math.ceil(seconds),
    env: root !== undefined && existsSync(root) ? { NODE_EXTRA_CA_CERTS: root } : {},
  })
  const results = done.stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as StepResult)
  return folder.deployment.checks.map(({ name }, at): Check => {
    const found = results[at]
    if (found) return { name, kind: "synthetic", ok: found.ok, milliseconds: found.milliseconds, detail: found.detail ?? "" }
    return {
      name,
      kind: "synthetic",
      ok: false,
      milliseconds: 0,
      detail: done.code === 0 ? "not run: a step before failed" : `not run: ${done.tail.trim().split("\n").at(-1) ?? ""}`,
    }
  })
}
