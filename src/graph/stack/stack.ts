// A whole stack on one network: the images under test with the services that they need, and the tests that use it.

import { randomUUID } from "node:crypto"
import type { Container, Directory, Service } from "@dagger.io/dagger"
import { entryOf } from "../../base/entries.js"
import { Problem } from "../../base/problem.js"
import type { Catalogue, GroupEntry } from "../../catalogue/types.js"
import { programsOf } from "../../plan/build/components.js"
import { binFolder, supervisorFolder } from "../../plan/build/image.js"
import { controlPort, groupControlLayer, hostsOf, runnableGroups, startOrder, withFreshSecrets } from "../../plan/stack/services.js"
import { type BuildOptions, componentImage } from "../build/components.js"
import { ownerOf } from "../build/images.js"
import { log, type Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { type ControlTools, controlTools, front, service } from "./services.js"
import { nodeProject } from "./tests.js"

export interface Stack {
  /** Services and groups by their names, which are host names as well. */
  parts: Record<string, Service>
  /** The programs of each group. */
  programs: Record<string, string[]>
  /** The shell command of each group's own health check. */
  health: Record<string, string>
  /** Services that are not what they stand for. */
  standIns: Record<string, string>
  /** Variables that tests find their way with, besides those above. */
  env: Record<string, string>
  tools: ControlTools
}

export interface StackOptions extends BuildOptions {
  /** The groups that are wanted; all that can run when not given. */
  groups?: string[]
  /**
   * Separate services, which have nothing to do with those of another stack: on the same ones, programs of the other would do what
   * this one's should, and what ends of the other would take these along.
   */
  name?: string
  /** Images that take the places of their components: those that are to be published. */
  images?: Record<string, Container>
  /** What is different about a group's container. */
  change?: (group: string, container: Container) => Container | Promise<Container>
  /** Whether a group counts as started when its programs answer, by the image's own health check. Tests wait themselves, and know more. */
  waitForPrograms?: boolean
}

/** Services and images are made side by side; nothing is started yet. */
export async function openStack(settings: Settings, options: StackOptions): Promise<Stack> {
  const { catalogue } = settings
  const wanted = options.groups ?? runnableGroups(catalogue).map(({ name }) => name)
  if (wanted.length === 0)
    throw new Error(`stack ${catalogue.stack}: no group in stack.yaml says what it needs, so there is nothing to run`)
  const { services, groups } = startOrder(catalogue, wanted)
  const given = options.images ?? {}
  const imageFor = async (component: string): Promise<Container> =>
    given[component] ?? (await componentImage(settings, { ...options, component })).container
  const [tools, images, made] = await Promise.all([
    controlTools(settings),
    Promise.all(groups.map(async (group) => ({ group, image: await imageFor(group.name) }))),
    Promise.all(services.map(async (name) => ({ name, ...(await service(settings, name, options.name, given)) }))),
  ])
  const parts: Record<string, Service> = Object.fromEntries(made.map(({ name, service }) => [name, service]))
  const change = options.change ?? ((_, container) => container)
  for (const { group, image } of images) {
    const container = connected(settings, group, image, parts, tools)
    const changed = await change(
      group.name,
      options.waitForPrograms ? container : container.withDockerHealthcheck(controlReady, controlTimes),
    )
    parts[group.name] = changed.asService({ useEntrypoint: true })
  }
  const standIns = made.flatMap(({ name, standIn }) => (standIn === undefined ? [] : [[name, standIn]]))
  const programs = Object.fromEntries(groups.map((group) => [group.name, programsOf(catalogue, group).map(({ program }) => program)]))
  const commands = images.map(async ({ group, image }) => [group.name, (await image.dockerHealthcheck().args()).at(-1) ?? ""])
  const health = Object.fromEntries(await Promise.all(commands))
  const env = Object.assign({}, ...groups.map(({ connect }) => connect))
  return { parts, programs, health, standIns: Object.fromEntries(standIns), env, tools }
}

const controlReady = [`${binFolder}/stackctl`, "probe", `tcp://127.0.0.1:${controlPort}`]
const controlTimes = { startPeriod: "30s", startInterval: "200ms", retries: 2 }

/** The image as it is, with the way to its supervisor. */
function connected(
  { catalogue }: Settings,
  group: GroupEntry,
  image: Container,
  parts: Record<string, Service>,
  tools: ControlTools,
): Container {
  const owner = ownerOf(catalogue)
  const container = image
    .withFile(`${binFolder}/stackctl`, tools.stackctl, { permissions: 0o755, owner: "0:0" })
    .withNewFile(`${supervisorFolder}/layers/002-control.yaml`, groupControlLayer(), { owner })
  return withNeeds(catalogue, container, group, parts)
}

/** The image with what it needs, and with the variables that make it find that. */
export function withNeeds(
  catalogue: Catalogue,
  image: Container,
  { connect, needs }: GroupEntry,
  parts: Record<string, Service>,
): Container {
  const configured = Object.entries(connect).reduce((container, [name, value]) => container.withEnvVariable(name, value), image)
  return needs.reduce((container, need) => withPart(catalogue, container, need, entryOf("part of the stack", parts, need)), configured)
}

/** The container finds the part under each of its host names. */
function withPart(catalogue: Catalogue, container: Container, name: string, part: Service): Container {
  return hostsOf(catalogue, name).reduce((bound, host) => bound.withServiceBinding(host, part), container)
}

/** A running stack for the machine that the caller sits at. Others may reach its ports: its passwords are known to nobody else. */
export async function stackFront(given: Settings, options: BuildOptions): Promise<Service> {
  const entry = given.catalogue.front
  if (entry === undefined) throw new Error(`stack ${given.catalogue.stack}: stack.yaml has no front, which says which ports it shows`)
  const { catalogue, changed } = withFreshSecrets(given.catalogue, () => randomUUID().replaceAll("-", ""))
  const settings = { ...given, catalogue }
  for (const [name, value] of Object.entries(changed)) log(`made for this call: ${name}=${value}`)
  const outside = (group: string, container: Container): Container =>
    Object.entries(entry.connect[group] ?? {}).reduce((image, [name, value]) => image.withEnvVariable(name, value), container)
  const { parts } = await openStack(settings, { ...options, change: outside, waitForPrograms: true })
  const hosts = new Set(Object.values(entry.ports).map((address) => address.split(":")[0]))
  const behind = Object.entries(parts)
    .flatMap(([name, part]) => hostsOf(catalogue, name).map((host) => [host, part] as const))
    .filter(([host]) => hosts.has(host))
  return front(settings, entry, Object.fromEntries(behind))
}

/**
 * Ends what still runs, at once: there is nothing to keep, and the end of a call does not wait long for programs that take their time.
 * What was never started is left alone.
 */
export async function stopStack({ parts }: Stack): Promise<void> {
  await Promise.all(
    Object.values(parts).map((part) =>
      part.stop({ kill: true }).catch((error: Error) => log(`a service is not stopped: ${error.message}`)),
    ),
  )
}

/** Where tests leave what they found. */
const results = "/results"

export interface StackTest {
  /** The group: a file below tests/stacks/STACK. */
  name: string
  /** Tools of versions.yaml that it uses. */
  tools?: string[]
  /** How long the stack may take to be ready. */
  limitSeconds?: number
  /** Runs it again although nothing changed. */
  nonce?: string
}

/** Runs tests against a stack, which is started for them; gives the folder of their results, whatever came of them. */
export async function runStackTest(settings: Settings, stack: Stack, checkout: Directory, test: StackTest): Promise<Directory> {
  const { stack: name } = settings.catalogue
  const tests = `tests/stacks/${name}`
  if ((await checkout.glob(`${tests}/vitest.config.ts`)).length === 0)
    throw new Problem(
      `stack ${name} has no tests on a running stack: there is no ${tests}/vitest.config.ts`,
      "write them as those in tests/stacks/openim, or publish with --gate=smoke",
    )
  const include = ["package.json", "package-lock.json", ".npmrc", "tsconfig.json", tests]
  const [project, installed] = await Promise.all([nodeProject(settings, checkout.filter({ include })), toolbox(settings, test.tools ?? [])])
  let runner = project.withFile(`${binFolder}/stackctl`, stack.tools.stackctl, { permissions: 0o755 })
  for (const tool of test.tools ?? [])
    runner = runner.withFile(`${binFolder}/${tool}`, installed.file(`${binFolder}/${tool}`), { permissions: 0o755 })
  for (const [name, part] of Object.entries(stack.parts)) runner = withPart(settings.catalogue, runner, name, part)
  for (const [group, programs] of Object.entries(stack.programs)) {
    runner = runner
      .withEnvVariable(`STACK_${group.toUpperCase()}_PROGRAMS`, programs.join(","))
      .withEnvVariable(`STACK_${group.toUpperCase()}_HEALTH`, stack.health[group] ?? "")
  }
  for (const [name, value] of Object.entries(stack.env)) runner = runner.withEnvVariable(name, value)
  const ran = runner
    .withEnvVariable("STACK_STAND_INS", JSON.stringify(stack.standIns))
    .withEnvVariable("STACK_LIMIT_SECONDS", String(test.limitSeconds ?? 120))
    .withEnvVariable("STACK_RUN", test.nonce ?? "")
    .withEnvVariable("RESULTS", results)
    .withExec(["sh", "-c", script, "test", results, test.name, `${tests}/vitest.config.ts`])
  return ran.directory(results)
}

/** Ends well in any case: what a failed command left could not be read. */
const script = `
mkdir -p "$1"
date +%s > "$1/begun"
{ npx vitest run --config "$3" "$2" 2>&1; echo $? > "$1/exit"; } | tee "$1/output.txt"`
