// The engine in a container: Docker, podman or nerdctl, whichever answers.
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { engineImage, engineParts, originOfParts } from "../build/engine-root"
import { writeDockerArchive } from "../build/oci"
import { remove, temporary } from "../cache"
import { env } from "../env"
import { writeJson } from "../files"
import { keys } from "../keys"
import { bundleOrigin, marked } from "../origin"
import { say } from "../output"
import { cacheId, paths } from "../paths"
import { knownCause } from "../problem"
import { step } from "../progress"
import type { Engine } from "../ready"
import type { ContainerRecord, Origin } from "../records"
import { attempt, run, which } from "../run"
import { DAGGER, ENGINE_DIGEST, ENGINE_IMAGE } from "../versions"
import { extraCertificates } from "./certificates"
import { engineConfig, engineEnvironment, holdsPassword, STOP_SECONDS, startSeconds } from "./settings"

const TOOLS = ["docker", "podman", "nerdctl"]

/** What Dagger's own CLI uses. */
const PRIVILEGED = ["--privileged"]
/** Where root itself lacks a capability, --privileged fails and this works. */
const REDUCED = [
  ...["--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE"],
  ...["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
  ...["--device-cgroup-rule", "a *:* rwm", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw"],
]

export const containerName = (): string => `openim-engine-${cacheId()}`

interface Probe {
  /** The tool that answers. */
  tool?: string
  reason: string
}

let probed: Promise<Probe> | undefined

/** The first container engine that answers; asked once. */
export function containerTool(): Promise<Probe> {
  probed ??= probe()
  return probed
}

async function probe(): Promise<Probe> {
  const reasons: string[] = []
  for (const tool of TOOLS) {
    if (!(await which(tool))) continue
    const answer = await attempt([tool, "info"], { limitSeconds: 15 }).catch((error: Error) => ({ code: 1, tail: error.message }))
    // Docker's client ends well in some versions though its daemon does not answer.
    const failed = answer.code !== 0 || /cannot connect|error during connect/i.test(answer.tail)
    if (!failed) return { tool, reason: "" }
    reasons.push(`${tool}: ${lastWords(answer.tail, 1).replace(/^(ERROR|errors? pretty printing info): /i, "")}`)
  }
  return { reason: reasons.length > 0 ? reasons.join("; ") : `none of ${TOOLS.join(", ")} is installed` }
}

/** The official image, kept by dagger itself where that works. */
export async function startOfficial(makeRoom: () => Promise<void>): Promise<Engine> {
  const { tool, reason } = await containerTool()
  if (!tool) throw new Problem(reason)
  const image = officialImage()
  if ((await attempt([tool, "image", "inspect", image], { limitSeconds: 20 })).code !== 0) {
    await step({ name: "engine-pull", title: `Fetching the engine's image ${image}`, seconds: 60 }, async (note) => {
      const pulled = await attempt([tool, "pull", image], {
        log: "docker.log",
        limitSeconds: 900,
        onLine: (line) => note(line.slice(0, 60)),
      })
      const again =
        env("OPENIM_ENGINE_IMAGE") && ENGINE_DIGEST
          ? `; a mirror must have it with all its platforms, so that the digest stays: regctl image copy ${ENGINE_IMAGE} …, or skopeo copy --all`
          : ""
      if (pulled.code !== 0) throw new Problem(`${image} cannot be pulled: ${lastWords(pulled.tail, 1)}${again}`)
    })
  }
  const flags = await workingFlags(tool, image)
  const settings = engineEnvironment()
  await makeRoom()
  // dagger's own way has the settings in an address, which ends on command lines and in our record.
  if (flags === PRIVILEGED && extraCertificates().length === 0 && !holdsPassword(settings) && !engineConfig()) {
    const query = Object.entries(settings).map(([name, value]) => `env=${encodeURIComponent(`${name}=${value}`)}`)
    const host = `image+${tool}://${image}${query.length > 0 ? `?${query.join("&")}` : ""}`
    return remember({ kind: "container", host, key: keys.engine(), started: Date.now(), tool, image })
  }
  return runContainer(tool, image, flags, settings)
}

/** The official image by its digest, from where the user wants it. */
export function officialImage(given = env("OPENIM_ENGINE_IMAGE"), digest: string | undefined = ENGINE_DIGEST): string {
  if (!digest) {
    say(`WARNING: ${given ?? ENGINE_IMAGE} is taken by its tag: no digest is recorded for ${DAGGER}`)
    return given ?? ENGINE_IMAGE
  }
  const [, name, other] = /^(.+?)(?::[^/@:]+)?(?:@(sha256:[0-9a-f]+))?$/.exec(given ?? ENGINE_IMAGE) ?? []
  if (!name || (other && other !== digest)) {
    throw new Problem(
      `OPENIM_ENGINE_IMAGE=${given} is not the engine ${DAGGER}, which has the digest ${digest}`,
      "name a mirror of registry.dagger.io/engine; for an engine of another kind set _EXPERIMENTAL_DAGGER_RUNNER_HOST=docker-image://IMAGE",
    )
  }
  return `${name}@${digest}`
}

/** How dagger names the container that it keeps for an image. */
export function keptContainer(image: string): string {
  const [, digest] = /@sha256:([0-9a-f]{16})/.exec(image) ?? []
  return `dagger-engine-${digest ?? DAGGER}`
}

/** The engine from packages, as an image. */
export async function startPackagesInContainer(makeRoom: () => Promise<void>): Promise<Engine> {
  const { tool } = await containerTool()
  if (!tool) throw new Problem("no container engine answers")
  if (process.arch !== "x64") throw new Problem(`an engine from packages is for linux/amd64, and this is ${process.arch}`)
  const own = `openim-engine:${keys.engine()}`
  const there = async (image: string): Promise<boolean> =>
    (await attempt([tool, "image", "inspect", image], { limitSeconds: 20 })).code === 0
  let origin = (await there(own)) ? undefined : bundleOrigin()
  let image = marked(own, origin)
  if (!(await there(image))) {
    const parts = await engineParts()
    origin = originOfParts(parts)
    image = marked(own, origin)
    await step({ name: "engine-load", title: `Loading the engine's image into ${tool}`, seconds: 40 }, async () => {
      const work = temporary("image")
      mkdirSync(join(work, "archive"))
      const files = writeDockerArchive(await engineImage(parts, join(work, "blobs")), join(work, "archive"), image)
      await run(["tar", "-cf", join(work, "image.tar"), "-C", join(work, "archive"), ...files])
      await run([tool, "load", "-i", join(work, "image.tar")], { log: "docker.log", purpose: `${tool} load` })
      await remove(work)
    })
  }
  const flags = await workingFlags(tool, image)
  await makeRoom()
  return runContainer(tool, image, flags, engineEnvironment(), origin)
}

/** The engine needs rights that not every daemon can give: tried with a container that ends at once. */
async function workingFlags(tool: string, image: string): Promise<string[]> {
  const reasons: string[] = []
  for (const flags of [PRIVILEGED, REDUCED]) {
    const tried = await attempt([tool, "run", "--rm", ...flags, "--entrypoint", "dagger-engine", image, "--version"], { limitSeconds: 60 })
    if (tried.code === 0) return flags
    reasons.push(lastWords(tried.tail, 1))
  }
  throw new Problem(
    `${tool} does not give the engine the rights it needs: with --privileged: ${reasons[0]}; with all capabilities but SYS_RESOURCE: ${reasons[1]}`,
  )
}

async function runContainer(
  tool: string,
  image: string,
  flags: string[],
  settings: Record<string, string>,
  origin?: Origin,
): Promise<Engine> {
  const name = containerName()
  return step({ name: "engine-container", title: `Starting the engine in ${tool}`, seconds: 5 }, async () => {
    await attempt([tool, "stop", "-t", String(STOP_SECONDS), name], { limitSeconds: STOP_SECONDS + 30 })
    await attempt([tool, "rm", "-f", name], { limitSeconds: 60 })
    // What holds a password by its name alone: everybody may read a command line.
    const environment = Object.entries(settings).flatMap(([key, value]) => ["-e", holdsPassword({ value }) ? key : `${key}=${value}`])
    const state = ["-v", `${marked(name, origin)}:/var/lib/dagger`]
    await run([tool, "create", "--name", name, "--restart", "unless-stopped", ...state, ...flags, ...environment, image], {
      env: settings,
      log: "docker.log",
      purpose: `${tool} create`,
    })
    await copyCertificates(tool, name)
    await copyConfig(tool, name)
    await run([tool, "start", name], { log: "docker.log", purpose: `${tool} start` })
    await ready(tool, name)
    return remember({
      kind: "container",
      host: `container+${tool}://${name}`,
      key: keys.engine(),
      started: Date.now(),
      bundle: origin,
      tool,
      container: name,
      image,
    })
  })
}

async function copyCertificates(tool: string, name: string): Promise<void> {
  const extra = extraCertificates()
  if (extra.length === 0) return
  const folder = temporary("certificates")
  extra.forEach((pem, i) => writeFileSync(join(folder, `host-${i}.crt`), `${pem}\n`))
  await run([tool, "cp", `${folder}/.`, `${name}:/usr/local/share/ca-certificates/`], {
    purpose: "handing the host's certificates to the engine",
  })
  await remove(folder)
}

async function copyConfig(tool: string, name: string): Promise<void> {
  const config = engineConfig()
  if (!config) return
  const folder = temporary("config")
  writeFileSync(join(folder, "engine.json"), config)
  await run([tool, "cp", join(folder, "engine.json"), `${name}:/etc/dagger/engine.json`], { purpose: "handing its settings to the engine" })
  await remove(folder)
}

async function ready(tool: string, name: string): Promise<void> {
  const limit = startSeconds()
  const until = Date.now() + limit * 1000
  const log = async (): Promise<string> => lastWords((await attempt([tool, "logs", "--tail", "8", name])).tail, 8)
  while (Date.now() < until) {
    if ((await attempt([tool, "exec", name, "test", "-S", "/run/dagger/engine.sock"], { limitSeconds: 10 })).code === 0) return
    const state = (await attempt([tool, "container", "inspect", "--format", "{{.State.Status}}", name])).stdout.trim()
    if (state !== "running" && state !== "created") throw new Problem(`the engine ended while it started: ${await log()}`)
    await new Promise((wake) => setTimeout(wake, 200))
  }
  throw new Problem(`the engine does not answer within ${limit} s: ${await log()}`)
}

function remember(record: ContainerRecord): Engine {
  writeJson(paths.engineRecord, record)
  return { host: record.host, by: `${record.tool}, image ${record.image}` }
}

/** Ends our container. Where dagger keeps the engine itself, that is its own container of the pinned version. */
export async function stopContainer(record: ContainerRecord): Promise<void> {
  await step({ name: "container-stop", title: "Stopping the engine", seconds: 10 }, async () => {
    const name = record.container ?? keptContainer(record.image)
    // Politely first: an engine that is killed may lose what it has not written yet.
    await attempt([record.tool, "stop", "-t", String(STOP_SECONDS), name], { limitSeconds: STOP_SECONDS + 30 })
    const stopped = await attempt([record.tool, "rm", "-f", name], { limitSeconds: 60 })
    if (stopped.code !== 0 && !/no such container/i.test(stopped.tail)) {
      throw new Problem(`${record.tool} does not stop ${name}: ${lastWords(stopped.tail, 1)}`, knownCause(stopped.tail)?.next)
    }
  })
}
