// The container engine of this machine: docker or podman, and the compose that goes with it.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { MINIMUM } from "../../src/plan/deploy/preflight"
import type { ContainerState } from "../../src/plan/deploy/stages"
import { attempt, type Finished, which } from "../run"
import { type Folder, projectName } from "./folder"
import { say } from "./print"

export interface Engine {
  name: "docker" | "podman"
  version: string
  compose: { command: string[]; name: string; version: string }
}

/** The labels that each compose gives its containers. */
const LABELS = { project: "com.docker.compose.project", service: "com.docker.compose.service" }

export async function findEngine(wanted = process.env["OPENIMCTL_ENGINE"]): Promise<Engine> {
  const names = wanted ? [wanted] : ["docker", "podman"]
  const refused: Problem[] = []
  for (const name of names) {
    if (name !== "docker" && name !== "podman") throw new Problem(`unknown engine "${name}"`, "take docker or podman")
    const found = await tryEngine(name)
    if (!(found instanceof Problem)) return found
    refused.push(found)
  }
  // What is installed but does not answer says more than what is missing.
  const clear = refused.find(({ what }) => !what.endsWith("is not installed")) ?? refused[0]
  if (clear && names.length > 1 && refused.every(({ what }) => what.endsWith("is not installed")))
    throw new Problem(
      "neither docker nor podman is installed",
      `install Docker ${MINIMUM.docker.least} or newer with compose 2 (https://docs.docker.com/engine/install), or podman 4 or newer`,
    )
  throw clear ?? new Problem("no engine")
}

/**
 * The engine without questions to it, for a call that must be quick and asks it anyway. Where that fails, findEngine says why.
 */
export function likelyEngine(wanted = process.env["OPENIMCTL_ENGINE"]): Engine | undefined {
  const there = (name: string): boolean =>
    (process.env["PATH"] ?? "").split(":").some((folder) => folder !== "" && existsSync(join(folder, name)))
  const name = (["docker", "podman"] as const).find((name) => (wanted === undefined || wanted === name) && there(name))
  return name && { name, version: "", compose: { command: [name, "compose"], name: `${name} compose`, version: "" } }
}

async function tryEngine(name: "docker" | "podman"): Promise<Engine | Problem> {
  if (!(await which(name))) return new Problem(`${name} is not installed`, `install ${name}`)
  const format = name === "docker" ? "{{.Server.Version}}" : "{{.Client.Version}}"
  const asked = await attempt([name, "version", "--format", format], { limitSeconds: 20 })
  if (asked.code !== 0) return silent(name, asked.tail)
  const compose = await findCompose(name)
  if (compose instanceof Problem) return compose
  return { name, version: asked.stdout.trim().split("\n").at(-1) ?? "", compose }
}

function silent(name: string, words: string): Problem {
  if (/permission denied/i.test(words))
    return new Problem(
      `${name} may not be used by this user: no permission on its socket`,
      'run it with sudo, or join the group: sudo usermod -aG docker "$USER", then log in again',
    )
  if (/cannot connect|is the docker daemon running|connection refused|no such file/i.test(words))
    return new Problem(
      `${name} is installed, but its daemon does not run${process.env["DOCKER_HOST"] ? ` (DOCKER_HOST is ${process.env["DOCKER_HOST"]})` : ""}`,
      "start it: sudo systemctl enable --now docker; its log: journalctl -u docker -n 50",
    )
  return new Problem(`${name} does not answer: ${lastWords(words, 2)}`, `try: ${name} info`)
}

/** Each user's podman has another one. */
function podmanSocket(): string | undefined {
  const user = process.getuid?.() ?? 0
  const folder = user === 0 ? "/run" : (process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${user}`)
  const path = `${folder}/podman/podman.sock`
  return existsSync(path) ? `unix://${path}` : undefined
}

/** A provider that waits for health is not needed: that is done here. */
async function findCompose(engine: "docker" | "podman"): Promise<Engine["compose"] | Problem> {
  const socket = process.env["DOCKER_HOST"] ?? podmanSocket()
  const candidates: { command: string[]; name: string }[] =
    engine === "docker"
      ? [
          { command: ["docker", "compose"], name: "docker compose" },
          { command: ["docker-compose"], name: "docker-compose" },
        ]
      : [
          { command: ["podman-compose"], name: "podman-compose" },
          ...(socket ? [{ command: ["env", `DOCKER_HOST=${socket}`, "docker-compose"], name: "docker-compose" }] : []),
          { command: ["podman", "compose"], name: "podman compose" },
        ]
  let old: Problem | undefined
  for (const { command, name } of candidates) {
    const asked = await attempt([...command, "version"], { limitSeconds: 20 })
    const version = /(?:version|podman-compose)[^\d]*v?(\d+\.\d+(?:\.\d+)?)/i.exec(asked.stdout)?.[1]
    if (asked.code !== 0 || !version) continue
    if (Number(version.split(".")[0]) >= (name === "podman-compose" ? 1 : 2)) return { command, name, version }
    old = new Problem(
      `${name} is version ${version}: version 1 cannot read the files of this kit`,
      "install compose 2: apt-get install docker-compose-plugin (Docker's packages), docker-compose-v2 (Ubuntu) or docker-compose (Debian 13)",
    )
  }
  return (
    old ??
    new Problem(
      `compose is missing for ${engine}`,
      engine === "docker"
        ? "install compose 2: apt-get install docker-compose-plugin (Docker's packages), docker-compose-v2 (Ubuntu) or docker-compose (Debian 13)"
        : "install podman-compose 1.4 or newer: pip install podman-compose",
    )
  )
}

/** What a call works with. */
export interface Site {
  folder: Folder
  engine: Engine
  settings: Record<string, string>
  project: string
}

export function siteOf(folder: Folder, engine: Engine, settings: Record<string, string>): Site {
  return { folder, engine, settings, project: projectName(folder, settings) }
}

/** The command for compose, with the files and the profiles of this deployment. */
export function composeCommand(site: Site, profiles: string[], words: string[]): string[] {
  return [
    ...site.engine.compose.command,
    "-p",
    site.project,
    "--env-file",
    site.folder.env,
    "-f",
    site.folder.composeFile,
    // The files of a kit that is not installed yet, for the files that are here.
    ...(dirname(site.folder.composeFile) === site.folder.path ? [] : ["--project-directory", site.folder.path]),
    ...profiles.flatMap((profile) => ["--profile", profile]),
    ...words,
  ]
}

/** A variable of the shell would win over .env, so each setting is given as .env has it; secrets are files. */
export function composeEnvironment({ folder, settings }: Site): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(folder.deployment.settings.map(({ name, kind }) => [name, kind === "secret" ? undefined : settings[name]])),
    COMPOSE_PROFILES: undefined,
    COMPOSE_FILE: undefined,
    COMPOSE_PROJECT_NAME: undefined,
    COMPOSE_ANSI: "never",
  }
}

export async function compose(
  site: Site,
  profiles: string[],
  words: string[],
  onLine?: (line: string) => void,
  limitSeconds = 600,
): Promise<Finished> {
  return attempt(composeCommand(site, profiles, words), {
    cwd: site.folder.path,
    env: composeEnvironment(site),
    limitSeconds,
    ...(onLine ? { onLine } : {}),
  })
}

/** Runs a command with this terminal's input and output; its exit code. */
export function attached(command: string[], cwd: string, env: Record<string, string | undefined> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), { cwd, stdio: "inherit", env: { ...process.env, ...env } as NodeJS.ProcessEnv })
    child.on("error", reject)
    child.on("exit", (code, signal) => resolve(code ?? (signal ? 130 : 1)))
  })
}

/** The engine's own command; a failure is a problem with its last words. */
export async function ask(site: { engine: Engine }, words: string[], limitSeconds = 60): Promise<string> {
  const done = await attempt([site.engine.name, ...words], { limitSeconds })
  if (done.code !== 0)
    throw new Problem(
      `${site.engine.name} ${words[0]} failed: ${lastWords(done.tail)}`,
      `try: ${site.engine.name} ${words.slice(0, 2).join(" ")}`,
    )
  return done.stdout
}

interface Inspected {
  Id: string
  Image: string
  Name: string
  Created: string
  RestartCount?: number
  ImageName?: string
  Config: { Image?: string; Labels?: Record<string, string> | null }
  HostConfig?: { PortBindings?: Record<string, { HostPort?: string }[] | null> | null }
  State: {
    Status: string
    ExitCode: number
    OOMKilled?: boolean
    StartedAt: string
    Health?: Healthy
    Healthcheck?: Healthy
  }
}

interface Healthy {
  Status?: string
  Log?: { Output?: string }[] | null
}

/** All containers of this deployment: two calls, whatever their number. */
export async function containersOf(site: { engine: Engine; project: string }): Promise<ContainerState[]> {
  const ids = (await ask(site, ["ps", "-aq", "--no-trunc", "--filter", `label=${LABELS.project}=${site.project}`], 30))
    .split(/\s+/)
    .filter(Boolean)
  if (ids.length === 0) return []
  const done = await attempt([site.engine.name, "inspect", "--type", "container", ...ids], { limitSeconds: 30 })
  // One that is gone since makes the exit code 1; the others are there all the same.
  const all = parsed<Inspected[]>(done.stdout) ?? []
  return all.map((one) => {
    const labels = one.Config.Labels ?? {}
    const health = one.State.Health ?? one.State.Healthcheck
    return {
      id: one.Id,
      service: labels[LABELS.service] ?? one.Name.replace(/^\//, ""),
      state: one.State.Status,
      health: health?.Status && health.Status !== "none" ? health.Status : "",
      exitCode: one.State.ExitCode,
      restarts: one.RestartCount ?? 0,
      outOfMemory: one.State.OOMKilled ?? false,
      image: one.ImageName ?? one.Config.Image ?? "",
      imageId: one.Image.replace(/^sha256:/, ""),
      startedAt: one.State.StartedAt,
      healthOutput: health?.Log?.at(-1)?.Output ?? "",
      ports: Object.entries(one.HostConfig?.PortBindings ?? {}).flatMap(([target, bindings]) =>
        (bindings ?? []).map(({ HostPort }) => ({
          port: Number(HostPort),
          protocol: target.endsWith("/udp") ? ("udp" as const) : ("tcp" as const),
        })),
      ),
    }
  })
}

export async function runningContainer(site: { engine: Engine; project: string }, service: string): Promise<ContainerState | undefined> {
  return (await containersOf(site)).find((one) => one.service === service && one.state === "running")
}

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

/** Podman leaves health checks to systemd: without that, they are run here. */
export const needsHealthRuns = (engine: Engine): boolean => engine.name === "podman" && !existsSync("/run/systemd/system")

export async function runHealth(engine: Engine, containers: ContainerState[]): Promise<void> {
  if (!needsHealthRuns(engine)) return
  const running = containers.filter(({ state, health }) => state === "running" && health !== "")
  await Promise.all(running.map(({ id }) => attempt(["podman", "healthcheck", "run", id], { limitSeconds: 30 })))
}

export async function lastLog(site: { engine: Engine }, id: string, lines: number): Promise<string> {
  const done = await attempt([site.engine.name, "logs", "--tail", String(lines), id], { limitSeconds: 20 })
  return done.tail.trim()
}

/** The volumes of this deployment, by the names that the deployment has for them. */
export async function volumesOf(site: { engine: Engine; project: string }): Promise<{ name: string; full: string; created: string }[]> {
  const names = (await ask(site, ["volume", "ls", "-q"])).split(/\s+/).filter((name) => name.startsWith(`${site.project}_`))
  if (names.length === 0) return []
  const done = await attempt([site.engine.name, "volume", "inspect", ...names], { limitSeconds: 30 })
  const all = parsed<{ Name: string; CreatedAt?: string; Labels?: Record<string, string> | null }[]>(done.stdout) ?? []
  return all
    .filter(({ Labels }) => Labels?.[LABELS.project] === undefined || Labels[LABELS.project] === site.project)
    .map(({ Name, CreatedAt }) => ({
      name: Name.slice(site.project.length + 1),
      full: Name,
      created: (CreatedAt ?? "").replace("T", " ").slice(0, 16) || "unknown date",
    }))
}

/** The hash that compose would give each service, where it can say so. */
export async function configHashes(site: Site, profiles: string[]): Promise<Record<string, string>> {
  if (site.engine.compose.name === "podman-compose") return {}
  const done = await compose(site, profiles, ["config", "--hash", "*"], undefined, 60)
  if (done.code !== 0) return {}
  return Object.fromEntries(
    done.stdout.split("\n").flatMap((line) => (/^\S+ [0-9a-f]+$/.test(line.trim()) ? [line.trim().split(" ") as [string, string]] : [])),
  )
}

export async function composeOrFail(site: Site, profiles: string[], words: string[], what: string): Promise<void> {
  const lines: string[] = []
  const done = await compose(site, profiles, words, (line) => {
    lines.push(line)
    if (process.env["OPENIM_DEBUG"]) say(line)
  })
  if (done.code === 0) return
  throw new Problem(`${what} failed: ${lastWords(done.tail)}`, nextFor(done.tail))
}

function nextFor(words: string): string {
  if (/port is already allocated|address already in use/i.test(words))
    return "openimctl doctor names who has the port and which setting to change"
  if (/no space left/i.test(words)) return "free some space, then run the same command again: what is done stays done"
  if (/no such image|pull access denied|manifest unknown/i.test(words)) return "openimctl deploy loads or pulls the images first"
  if (/pool overlaps|non-overlapping IPv4 address pool/i.test(words))
    return "remove networks that are not used (docker network prune), or give the engine other address pools"
  return "openimctl doctor looks at this machine; then run the same command again: what is done stays done"
}
