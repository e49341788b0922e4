// All test suites by name, and their run.

import { randomUUID } from "node:crypto"
import type { Directory } from "@dagger.io/dagger"
import { unknownName } from "../../src/base/nearest.js"
import { once } from "../../src/base/once.js"
import { type BuildOptions, componentImage, openWorkshop } from "../../src/graph/build/components.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { openStack, type Stack, stopStack } from "../../src/graph/stack/stack.js"
import { helperTests, runsOnPath, smokeTest, unitTests } from "../../src/graph/stack/tests.js"
import { withMage } from "../../src/graph/toolchains/go/programs.js"
import { imageOf } from "../../src/plan/build/components.js"
import { runnableGroups } from "../../src/plan/stack/services.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { basesTests } from "./bases.js"
import { bundleTests } from "./bundle.js"
import { chartTests } from "./charts.js"
import { clusterPlanTests } from "./clusterPlan.js"
import { customisedTests } from "./customised.js"
import { deployTests, type MakeKit, monitored, otherDeployTests, updated, withCalls } from "./deploy.js"
import { deploymentTests } from "./deployment.js"
import { dockerfileTests } from "./dockerfiles.js"
import { firstGroup } from "./groups.js"
import { installedTests } from "./installed.js"
import { kubernetesTests } from "./kubernetes.js"
import { mirrorTests } from "./mirrors.js"
import { mongodbTests } from "./mongodb.js"
import { mutationTests } from "./openim/mutations.js"
import { separateTests } from "./openim/separate.js"
import { podmanTests } from "./podman.js"
import { programTests } from "./programs.js"
import { publishingTests } from "./publishing.js"
import { redisTests } from "./redis.js"
import { releasingTests } from "./releasing.js"
import { reproducibleTests } from "./reproducible.js"
import { servicesTests } from "./services.js"
import { shopTests } from "./shop.js"
import { shopFixture } from "./shopFixture.js"
import { stackSuite } from "./stack.js"
import { builtTests, otherStacksTests, runningTests, sourcesTests, suppliedTests, twiceTests } from "./stacks.js"
import { startTests } from "./starts.js"
import { supplychainTests } from "./supplychain.js"
import { aboutTested, building, type PlannedSuites, runTogether, type SuiteOutcome, type TestResult } from "./together.js"
import { upstreamTests } from "./upstream.js"
import { workflowTests } from "./workflows.js"

export interface SuiteContext {
  settings: Settings
  options: BuildOptions
  /** The project's files that the suite needs. */
  checkout: Directory
  /** For suites that test an image: only this one. */
  component?: string
  /** Suites on a stack run again although nothing changed. */
  nonce?: string
  /** Makes the kit for a server. */
  kit: MakeKit
  /** The images under test with all that they need. */
  stack: () => Promise<Stack>
}

type TestSuite = (context: SuiteContext) => Promise<TestCase[] | SuiteOutcome>

/** What registries and caches are asked under a nonce that was never used is asked again. */
const suites: Record<string, TestSuite> = {
  unit: ({ settings, checkout }) => unitTests(settings, checkout),
  smoke,
  // These have the most to compile where nothing is kept yet.
  supplychain: ({ settings, checkout }) => supplychainTests(settings, checkout, randomUUID()),
  services: ({ settings }) => servicesTests(settings),
  toolchain,
  helpers: ({ settings }) => helperTests(settings),
  shop: async ({ settings, checkout }) => (await Promise.all([shopTests(settings, checkout), mirrorTests(settings)])).flat(),
  redis: ({ settings, checkout }) => redisTests(settings, checkout),
  mongodb: ({ settings, checkout }) => mongodbTests(settings, checkout),
  installed: ({ settings }) => installedTests(settings),
  bases: ({ settings, checkout }) => basesTests(settings, checkout),
  upstream: ({ settings, checkout }) => upstreamTests(settings, checkout),
  reproducible,
  customised: ({ settings, checkout }) => customisedTests(settings, checkout),
  publishing: ({ settings, checkout }) => publishingTests(settings, checkout, randomUUID()),
  releasing: ({ settings, checkout }) => releasingTests(settings, checkout, randomUUID()),
  deployment: ({ settings, checkout }) => deploymentTests(settings, checkout),
  charts: ({ settings, checkout }) => chartTests(settings, checkout),
  workflows: ({ settings, checkout }) => workflowTests(settings, checkout),
  bundle: ({ settings }) => bundleTests(settings, new Date().toISOString()),
}

const loadTools = ["k6"]

/** Run where they are named only, and each night: they compile what no other suite needs. */
const namedSuites: Record<string, TestSuite> = {
  stacks: ({ settings, options, checkout }) => otherStacksTests(settings, options, checkout, randomUUID()),
}

/** The same, on another stack: its kit on a real Docker daemon. */
const namedOtherSuites: Record<string, TestSuite> = {
  deploy: ({ settings, kit, checkout, nonce }) => otherDeployTests(settings, kit, checkout, nonce),
}

/** The same, for what they know of OpenIM. Kubernetes takes 20 minutes of a processor where nothing is kept. */
const namedOpenimSuites: Record<string, TestSuite> = {
  // What other suites ask, in another way: the same recipes by another builder, the same programs each in its own image.
  buildah: ({ settings, checkout }) => dockerfileTests(settings, checkout),
  programs: ({ settings, options }) => programTests(settings, options),
  kubeplan: ({ settings, checkout }) => clusterPlanTests(settings, checkout),
  kubernetes: ({ settings, kit, checkout, nonce }) => kubernetesTests(settings, kit, checkout, nonce),
  // It needs images that the others do not.
  monitoring: ({ settings, kit, checkout, nonce }) => deployTests(settings, kit, checkout, nonce, monitored),
  // LiveKit takes 2 minutes of a processor where nothing is kept.
  calls: ({ settings, kit, checkout, nonce }) => deployTests(settings, kit, checkout, nonce, withCalls),
}

/** Of a stack whose sources are folders of this project. */
const folderSuites: Record<string, TestSuite> = {
  sources: ({ settings, checkout }) => sourcesTests(settings, checkout),
  images: ({ settings, options }) => builtTests(settings, options),
  twice: ({ settings, options }) => twiceTests(settings, options, randomUUID()),
  supplied: ({ settings, options }) => suppliedTests(settings, options),
  running: ({ settings, options }) => runningTests(settings, options, randomUUID()),
}

/**
 * On one stack, which is started for the first and stays. They follow each other, when the processors are theirs: what they measure
 * should not depend on others.
 */
const stackSuites: Record<string, TestSuite> = {
  integration: onStack("integration"),
  health: onStack("health"),
  performance: onStack("performance", loadTools),
  faults: onStack("faults"),
}

/** These measure nothing, and wait for programs most of the time. */
const waitingSuites: Record<string, TestSuite> = {
  starts: async ({ settings, options, stack, nonce }) => startTests(settings, options, await stack(), nonce ?? ""),
}

/** Of the same kind, on other stacks. The longest come first, and the others beside them. */
const openimSuites: Record<string, TestSuite> = {
  deploy: ({ settings, kit, checkout, nonce }) => deployTests(settings, kit, checkout, nonce),
  updates: ({ settings, kit, checkout, nonce }) => deployTests(settings, kit, checkout, nonce, updated),
  podman: ({ settings, checkout, nonce }) => podmanTests(settings, checkout, nonce),
}

/** Of the same kind, named only: the same cases with programs one by one, and suites that must turn red. */
const namedWaitingSuites: Record<string, TestSuite> = {
  separate: ({ settings, options, checkout, nonce }) => separateTests(settings, options, checkout, nonce),
  mutations: ({ settings, options, checkout, nonce }) => mutationTests(settings, options, checkout, nonce),
}

/** What a run without names leaves out: of OpenIM, and of each other stack. */
export const nightlySuites = {
  openim: Object.keys({ ...namedSuites, ...namedOpenimSuites, ...namedWaitingSuites }),
  others: Object.keys(namedOtherSuites),
}

function onStack(name: string, tools: string[] = []): TestSuite {
  return async ({ settings, stack, checkout, nonce }) => stackSuite(settings, await stack(), checkout, { name, tools, nonce })
}

/** Runs these suites, or all. */
export async function runSuites(names: string[], given: Omit<SuiteContext, "stack">): Promise<TestResult> {
  // They know its programs by name.
  const ofOpenim = given.settings.catalogue.stack === "openim"
  const atOnce = ofOpenim ? suites : folderSuites
  const onOne = ofOpenim ? stackSuites : {}
  const waiting = ofOpenim ? { ...openimSuites, ...waitingSuites } : {}
  const whenNamed = ofOpenim ? { ...namedSuites, ...namedOpenimSuites } : { ...namedSuites, ...namedOtherSuites }
  const waitingWhenNamed = ofOpenim ? namedWaitingSuites : {}
  const all = { ...atOnce, ...whenNamed, ...onOne, ...waiting, ...waitingWhenNamed }
  const odd = names.find((name) => !Object.hasOwn(all, name))
  if (odd !== undefined) throw unknownName("test suite", odd, Object.keys(all))
  const stack = once(() => openStack(given.settings, given.options))
  const context = { ...given, stack }
  const wanted = (table: Record<string, TestSuite>): PlannedSuites =>
    Object.entries(table)
      .filter(([name]) => names.length === 0 || names.includes(name))
      .map(([name, run]) => [name, () => run(context)])
  const named = (table: Record<string, TestSuite>): PlannedSuites => (names.length === 0 ? [] : wanted(table))
  const onShared = ofOpenim ? wanted({ ...stackSuites, ...waitingSuites }) : []
  // Built while the others run; whoever needs one of them learns what went wrong.
  if (onShared.length > 0) stack().catch(() => undefined)
  if (onShared.some(([name]) => name === "performance")) toolbox(given.settings, loadTools).catch(() => undefined)
  try {
    return await runTogether(aboutTested(given.settings, given.options.base), [
      [building, [...wanted(atOnce), ...named(whenNamed)]],
      [1, wanted(onOne)],
      [3, [...wanted(waiting), ...named(waitingWhenNamed)]],
    ])
  } finally {
    if (onShared.length > 0) await stack().then(stopStack, () => undefined)
  }
}

async function toolchain({ settings, options }: SuiteContext): Promise<TestCase[]> {
  const { source, toolchain } = await openWorkshop(settings, firstGroup(settings.catalogue).name, options.base)
  return [
    await runsOnPath(toolchain.container, ["go", "version"], `go${source.toolchain.version} `),
    await runsOnPath((await withMage(settings, toolchain)).container, ["mage", "-version"], "Mage Build Tool"),
  ]
}

/** The images that are most work to build; Redis and MongoDB have separate suites. */
async function smoke({ settings, options, component }: SuiteContext): Promise<TestCase[]> {
  const cases: TestCase[] = []
  for (const name of component === undefined ? runnableGroups(settings.catalogue).map((group) => group.name) : [component]) {
    const { container } = await componentImage(settings, { ...options, component: name })
    const found = await smokeTest(settings, imageOf(settings.catalogue, name), container)
    cases.push(...found.map((one) => ({ ...one, name: `${name}: ${one.name}` })))
  }
  return cases
}

async function reproducible({ settings, options, checkout, component }: SuiteContext): Promise<TestCase[]> {
  if (component !== undefined) return reproducibleTests(settings, { ...options, component }, randomUUID())
  const { from, source, request } = await shopFixture(settings, checkout)
  return reproducibleTests(from(source), request, randomUUID())
}
