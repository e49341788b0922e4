// The programs of a group as containers, one for each, from the images of the single programs: they find each other through the registry.

import type { Directory, Service } from "@dagger.io/dagger"
import { entryOf } from "../../../src/base/entries.js"
import type { GroupEntry, ProgramEntry } from "../../../src/catalogue/types.js"
import { type BuildOptions, componentImage } from "../../../src/graph/build/components.js"
import type { Settings } from "../../../src/graph/call/settings.js"
import { controlTools, service } from "../../../src/graph/stack/services.js"
import { type Stack, stopStack, withNeeds } from "../../../src/graph/stack/stack.js"
import { imageOf, programsOf } from "../../../src/plan/build/components.js"
import { stackSuite } from "../stack.js"
import type { SuiteOutcome } from "../together.js"

const suite = "server"
const api = "server-api"
const gateway = "server-msggateway"
const second = "second-msggateway"

export async function separateTests(settings: Settings, options: BuildOptions, checkout: Directory, nonce?: string): Promise<SuiteOutcome> {
  const stack = await separateStack(settings, options)
  try {
    return await stackSuite(settings, stack, checkout, { name: "separate", nonce })
  } finally {
    await stopStack(stack)
  }
}

/** Separate services: what programs have registered elsewhere must not be found here. */
async function separateStack(settings: Settings, options: BuildOptions): Promise<Stack> {
  const { catalogue } = settings
  const entry = imageOf(catalogue, suite) as GroupEntry
  const programs = programsOf(catalogue, entry)
  const [tools, made, images] = await Promise.all([
    controlTools(settings),
    Promise.all(entry.needs.map(async (name) => ({ name, ...(await service(settings, name, "separate")) }))),
    Promise.all(programs.map(async ({ name }) => ({ name, image: await componentImage(settings, { ...options, component: name }) }))),
  ])
  const stores: Record<string, Service> = Object.fromEntries(made.map(({ name, service }) => [name, service]))
  const containers = Object.fromEntries(images.map(({ name, image }) => [name, withNeeds(catalogue, image.container, entry, stores)]))
  const running = Object.fromEntries(
    Object.entries(containers).map(([name, container]) => [name, container.asService({ useEntrypoint: true })]),
  )
  // Equal containers are one: this one is to be another.
  running[second] = entryOf("program", containers, gateway).withEnvVariable("CONTAINER", second).asService({ useEntrypoint: true })
  const [port] = portsOf(programs, gateway)
  return {
    parts: { ...stores, ...running },
    programs: {},
    health: {},
    standIns: Object.fromEntries(made.flatMap(({ name, standIn }) => (standIn === undefined ? [] : [[name, standIn]]))),
    env: {
      ...entry.connect,
      STACK_API: `http://${api}:${portsOf(programs, api)[0]}`,
      STACK_GATEWAY: `ws://${gateway}:${port}`,
      STACK_SECOND_GATEWAY: `ws://${second}:${port}`,
    },
    tools,
  }
}

function portsOf(programs: ProgramEntry[], name: string): number[] {
  return programs.find((entry) => entry.name === name)?.ports ?? []
}
