// All test suites by name, and their run.

import { randomUUID } from "node:crypto"
import type { Directory } from "@dagger.io/dagger"
import { unknownName } from "../catalogue/nearest.js"
import { type BuildOptions, componentImage, openWorkshop } from "../graph/components.js"
import { withMage } from "../graph/programs.js"
import type { Settings } from "../graph/settings.js"
import { openStack, type Stack } from "../graph/stack.js"
import { helperTests, runsOnPath, smokeTest, unitTests } from "../graph/tests.js"
import { imageOf } from "../plan/components.js"
import type { TestCase } from "../plan/suites.js"
import { customisedTests } from "./customised.js"
import { dockerfileTests } from "./dockerfiles.js"
import { mongodbTests } from "./mongodb.js"
import { mutationTests } from "./mutations.js"
import { publishingTests } from "./publishing.js"
import { redisTests } from "./redis.js"
import { reproducibleTests } from "./reproducible.js"
import { servicesTests } from "./services.js"
import { shopTests } from "./shop.js"
import { shopFixture } from "./shopFixture.js"
import { stackSuite } from "./stack.js"
import { supplychainTests } from "./supplychain.js"
import { aboutTested, runTogether, type SuiteOutcome, type SuiteTurn, type TestResult } from "./together.js"
import { upstreamTests } from "./upstream.js"
import { workflowTests } from "./workflows.js"

export interface SuiteContext {
  settings: Settings
  options: BuildOptions
  /** The project's files that the suite needs. */
  checkout: Directory
  /** For suites that test an image: only this one. */
  component?: string
  /** The images under test with all that they need. */
  stack: () => Promise<Stack>
}

type TestSuite = (context: SuiteContext) => Promise<TestCase[] | SuiteOutcome>

/** Suites on one stack, which is started for the first and stays while they follow each other; the load comes when nothing else runs. */
const turns: Record<string, SuiteTurn> = { integration: "in turn", health: "in turn", faults: "in turn", mutations: "in turn", performance: "last" }

/** What registries and caches are asked under a mark that was never used is asked anew. */
const suites: Record<string, TestSuite> = {
  unit: ({ settings, checkout }) => unitTests(settings, checkout),
  toolchain,
  helpers: ({ settings }) => helperTests(settings),
  shop: ({ settings, checkout }) => shopTests(settings, checkout),
  redis: ({ settings }) => redisTests(settings),
  services: ({ settings }) => servicesTests(settings),
  mongodb: ({ settings, checkout }) => mongodbTests(settings, checkout),
  upstream: ({ settings, checkout }) => upstreamTests(settings, checkout),
  smoke,
  reproducible,
  customised: ({ settings, checkout }) => customisedTests(settings, checkout),
  publishing: ({ settings, checkout }) => publishingTests(settings, checkout, randomUUID()),
  buildah: ({ settings, checkout }) => dockerfileTests(settings, checkout),
  workflows: ({ settings, checkout }) => workflowTests(settings, checkout),
  supplychain: ({ settings, checkout }) => supplychainTests(settings, checkout, randomUUID()),
  integration: onStack("integration"),
  health: onStack("health"),
  faults: onStack("faults", ["k6"]),
  mutations: ({ settings, options, checkout }) => mutationTests(settings, options, checkout),
  performance: onStack("performance", ["k6"]),
}

function onStack(name: string, tools: string[] = []): TestSuite {
  return async ({ settings, stack, checkout }) => stackSuite(settings, await stack(), checkout, { name, tools })
}

/** Runs these suites, or all. */
export async function runSuites(names: string[], given: Omit<SuiteContext, "stack">): Promise<TestResult> {
  const known = Object.keys(suites)
  const odd = names.find((name) => !known.includes(name))
  if (odd !== undefined) throw unknownName("test suite", odd, known)
  const wanted = known.filter((name) => names.length === 0 || names.includes(name))
  let opened: Promise<Stack> | undefined
  const stack = () => (opened ??= openStack(given.settings, given.options))
  const context = { ...given, stack }
  const planned = wanted.map((name) => ({ name, run: () => suites[name](context), turn: turns[name] ?? "together" }))
  return runTogether(aboutTested(given.settings, given.options.base), planned)
}

async function toolchain({ settings, options }: SuiteContext): Promise<TestCase[]> {
  const { source, toolchain } = await openWorkshop(settings, "server", options.base)
  return [
    await runsOnPath(toolchain.container, ["go", "version"], `go${source.goVersion} `),
    await runsOnPath((await withMage(settings, toolchain)).container, ["mage", "-version"], "Mage Build Tool"),
  ]
}

/** The images that are most work to build; Redis and MongoDB have suites of their own. */
async function smoke({ settings, options, component }: SuiteContext): Promise<TestCase[]> {
  const cases: TestCase[] = []
  for (const name of component === undefined ? ["server", "chat"] : [component]) {
    const { container } = await componentImage(settings, { ...options, component: name })
    const found = await smokeTest(settings.catalogue, imageOf(settings.catalogue, name), container)
    cases.push(...found.map((one) => ({ ...one, name: `${name}: ${one.name}` })))
  }
  return cases
}

async function reproducible({ settings, options, checkout, component }: SuiteContext): Promise<TestCase[]> {
  if (component !== undefined) return reproducibleTests(settings, { ...options, component }, randomUUID())
  const { from, source, wish } = await shopFixture(settings, checkout)
  return reproducibleTests(from(source), wish, randomUUID())
}
