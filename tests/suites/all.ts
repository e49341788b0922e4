// All test suites by name, and their run.

import { randomUUID } from "node:crypto"
import type { Directory } from "@dagger.io/dagger"
import { unknownName } from "../../src/base/nearest.js"
import { once } from "../../src/base/once.js"
import { type BuildOptions, componentImage, openWorkshop } from "../../src/graph/build/components.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { openStack, type Stack, stopStack } from "../../src/graph/stack/stack.js"
import { agedTests, helperTests, runsOnPath, smokeTest, unitTests } from "../../src/graph/stack/tests.js"
import { withMage } from "../../src/graph/toolchains/go/programs.js"
import { imageOf } from "../../src/plan/build/components.js"
import { runnableGroups } from "../../src/plan/stack/services.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { basesTests } from "./bases.js"
import { bundleTests } from "./bundle.js"
import { chartTests } from "./charts.js"
import { clusterPlanTests } from "./clusterPlan.js"
import { customisedTests } from "./customised.js"
import { busy, type DeployStory, deployTests, type MakeKit, monitored, otherDeployTests, updated, withCalls } from "./deploy.js"
import { deploymentTests } from "./deployment.js"
import { developmentTests } from "./development.js"
import { dockerfileTests } from "./dockerfiles.js"
import { dockersTests } from "./dockers.js"
import { firstGroup } from "./groups.js"
import { installedTests } from "./installed.js"
import { kubernetesTests } from "./kubernetes.js"
import { mirrorTests } from "./mirrors.js"
import { mongodbTests } from "./mongodb.js"
import { mutationTests } from "./openim/mutations.js"
import { separateTests } from "./openim/separate.js"
import { podmansTests, podmanTests } from "./podman.js"
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
import { aboutTested, buildingAtOnce, type PlannedSuites, runTogether, type SuiteOutcome, type TestResult } from "./together.js"
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

type Run = (context: SuiteContext) => Promise<TestCase[] | SuiteOutcome>

/**
 * When a suite runs, one group after the other: `building` at the same time; `measuring` one by one on one stack, when the processors are
 * theirs; `waiting` two at once, since these wait for programs most of the time; `loaded` alone, because a server that is starved fails
 * the requests of the users whom it must not harm.
 */
type When = "building" | "measuring" | "waiting" | "loaded"

interface TestSuite {
  when: When
  run: Run
  /** A run without names leaves it out: it compiles what no other suite needs, or asks what others ask in another way. */
  nightly?: true
  /** It runs on the stack that is started once for all of them. */
  onStack?: true
}

const building = (run: Run): TestSuite => ({ when: "building", run })
const waiting = (run: Run): TestSuite => ({ when: "waiting", run })
const nightly = (suite: TestSuite): TestSuite => ({ ...suite, nightly: true })
const measuring = (name: string, tools: string[] = []): TestSuite => ({
  when: "measuring",
  onStack: true,
  run: async ({ settings, stack, checkout, nonce }) => stackSuite(settings, await stack(), checkout, { name, tools, nonce }),
})
const deployed =
  (story?: DeployStory): Run =>
  ({ settings, kit, checkout, nonce }) =>
    deployTests(settings, kit, checkout, nonce, story)

const loadTools = ["k6"]

/** Of OpenIM, in the order in which those of a group start. Registries and caches are asked again under a nonce that was never used. */
const openimSuites: Record<string, TestSuite> = {
  unit: building(({ settings, checkout }) => unitTests(settings, checkout)),
  aged: nightly(building(({ settings, checkout }) => agedTests(settings, checkout))),
  smoke: building(smoke),
  // These have the most to compile where nothing is kept yet.
  supplychain: building(({ settings, checkout }) => supplychainTests(settings, checkout, randomUUID())),
  services: building(({ settings }) => servicesTests(settings)),
  toolchain: building(toolchain),
  helpers: building(({ settings }) => helperTests(settings)),
  shop: building(async ({ settings, checkout }) => (await Promise.all([shopTests(settings, checkout), mirrorTests(settings)])).flat()),
  redis: building(({ settings, checkout }) => redisTests(settings, checkout)),
  mongodb: building(({ settings, checkout }) => mongodbTests(settings, checkout)),
  installed: building(({ settings }) => installedTests(settings)),
  bases: building(({ settings, checkout }) => basesTests(settings, checkout)),
  upstream: building(({ settings, checkout }) => upstreamTests(settings, checkout)),
  reproducible: building(reproducible),
  customised: building(({ settings, checkout }) => customisedTests(settings, checkout)),
  publishing: building(({ settings, checkout }) => publishingTests(settings, checkout, randomUUID())),
  releasing: building(({ settings, checkout }) => releasingTests(settings, checkout, randomUUID())),
  deployment: building(({ settings, checkout }) => deploymentTests(settings, checkout)),
  charts: building(({ settings, checkout }) => chartTests(settings, checkout)),
  workflows: building(({ settings, checkout }) => workflowTests(settings, checkout)),
  bundle: building(({ settings }) => bundleTests(settings, new Date().toISOString())),
  // The same recipes by another builder, and the same programs each in its own image.
  buildah: nightly(building(({ settings, checkout }) => dockerfileTests(settings, checkout))),
  programs: nightly(building(({ settings, options }) => programTests(settings, options))),
  stacks: nightly(building(({ settings, options, checkout }) => otherStacksTests(settings, options, checkout, randomUUID()))),
  // Kubernetes takes 20 minutes of a processor where nothing is kept.
  kubeplan: nightly(building(({ settings, checkout }) => clusterPlanTests(settings, checkout))),
  kubernetes: nightly(building(({ settings, kit, checkout, nonce }) => kubernetesTests(settings, kit, checkout, nonce))),
  monitoring: nightly(building(deployed(monitored))),
  // LiveKit takes 2 minutes of a processor where nothing is kept.
  calls: nightly(building(deployed(withCalls))),
  busy: nightly(building(deployed(busy))),
  podmans: nightly(building(({ settings, checkout, nonce }) => podmansTests(settings, checkout, nonce))),
  dockers: nightly(building(({ settings, kit, checkout, nonce }) => dockersTests(settings, kit, checkout, nonce))),
  integration: measuring("integration"),
  health: measuring("health"),
  performance: nightly(measuring("performance", loadTools)),
  faults: measuring("faults"),
  // The longest comes first, and the others beside it.
  deploy: waiting(deployed()),
  podman: waiting(({ settings, checkout, nonce }) => podmanTests(settings, checkout, nonce)),
  starts: {
    ...waiting(async ({ settings, options, stack, nonce }) => startTests(settings, options, await stack(), nonce ?? "")),
    onStack: true,
  },
  separate: nightly(waiting(({ settings, options, checkout, nonce }) => separateTests(settings, options, checkout, nonce))),
  mutations: nightly(waiting(({ settings, options, checkout, nonce }) => mutationTests(settings, options, checkout, nonce))),
  updates: { when: "loaded", run: deployed(updated) },
}

/** Of a stack whose sources are folders of this project. */
const folderSuites: Record<string, TestSuite> = {
  sources: building(({ settings, checkout }) => sourcesTests(settings, checkout)),
  images: building(({ settings, options }) => builtTests(settings, options)),
  twice: building(({ settings, options }) => twiceTests(settings, options, randomUUID())),
  supplied: building(({ settings, options }) => suppliedTests(settings, options)),
  running: building(({ settings, options }) => runningTests(settings, options, randomUUID())),
  // Its debugger is compiled for it alone.
  develop: nightly(building(({ settings, options }) => developmentTests(settings, options, randomUUID()))),
  deploy: nightly(waiting(({ settings, kit, checkout, nonce }) => otherDeployTests(settings, kit, checkout, nonce))),
}

/** What a run without names leaves out: of OpenIM, and of each other stack. */
export const nightlySuites = { openim: nightlyOf(openimSuites), others: nightlyOf(folderSuites) }

function nightlyOf(suites: Record<string, TestSuite>): string[] {
  return Object.keys(suites).filter((name) => suites[name]?.nightly)
}

/** Runs these suites, or all but those of each night. */
export async function runSuites(names: string[], given: Omit<SuiteContext, "stack">): Promise<TestResult> {
  const all = given.settings.catalogue.stack === "openim" ? openimSuites : folderSuites
  const odd = names.find((name) => !Object.hasOwn(all, name))
  if (odd !== undefined) throw unknownName("test suite", odd, Object.keys(all))
  const chosen = Object.entries(all).filter(([name, suite]) => (names.length === 0 ? !suite.nightly : names.includes(name)))
  const stack = once(() => openStack(given.settings, given.options))
  const context = { ...given, stack }
  const of = (when: When): PlannedSuites =>
    chosen.filter(([, suite]) => suite.when === when).map(([name, { run }]) => [name, () => run(context)])
  const needsStack = chosen.some(([, { onStack }]) => onStack)
  // Built while the others run; whoever needs one of them learns what went wrong.
  if (needsStack) stack().catch(() => undefined)
  if (chosen.some(([name]) => name === "performance")) toolbox(given.settings, loadTools).catch(() => undefined)
  try {
    return await runTogether(aboutTested(given.settings, given.options.base), [
      [buildingAtOnce, of("building")],
      [1, of("measuring")],
      [2, of("waiting")],
      [1, of("loaded")],
    ])
  } finally {
    if (needsStack) await stack().then(stopStack, () => undefined)
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
