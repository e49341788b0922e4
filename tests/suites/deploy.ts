// A kit on a machine with a real Docker daemon: deployed, used, broken, repaired, removed.

import { randomUUID } from "node:crypto"
import { type Container, type Directory, ReturnType } from "@dagger.io/dagger"
import type { Settings } from "../../src/graph/call/settings.js"
import { readResults } from "../../src/graph/stack/runs.js"
import { stackOutcome } from "../../src/plan/stack/results.js"
import type { GivenImage } from "../../src/tasks/deployment.js"
import { dockerHost } from "./dockerHost.js"
import { installedTests } from "./installed.js"
import { storeImage, webImage } from "./standIns.js"
import type { SuiteOutcome } from "./together.js"

/** Makes a kit with the images of all components, those that are given not built; with `registry`, only with their names. */
export type MakeKit = (given: Record<string, GivenImage>, profiles: string[], images?: "archives" | "registry") => Promise<Directory>

const results = "/results"
const publicName = "im.example.test"

/** Ends well in any case: what a failed command left could not be read. */
export function vitestRun(folder: string): string {
  return `
mkdir -p ${folder}
date +%s > ${folder}/begun
{ npx vitest run --config tests/deploy/vitest.config.ts 2>&1; echo $? > ${folder}/exit; } | tee ${folder}/output.txt`
}

/** What runs on the machine, and what the kit has for it. */
export interface DeployStory {
  profiles: string[]
  files: string
  /** Packages of Debian that the machine has for it. */
  packages?: string[]
  /** Servers whose images no other suite tests. */
  servers?: string[]
}

const everyday: DeployStory = { profiles: ["core", "frontend"], files: "tests/deploy/*.test.ts" }
export const updated: DeployStory = { ...everyday, files: "tests/deploy/updates/*.test.ts" }
export const busy: DeployStory = { ...everyday, files: "tests/deploy/busy/*.test.ts" }
export const monitored: DeployStory = {
  profiles: ["core", "frontend", "monitoring", "logs"],
  files: "tests/deploy/monitoring/*.test.ts",
  packages: ["openssh-server"],
  servers: ["victorialogs", "vlagent"],
}

export const withCalls: DeployStory = {
  profiles: ["core", "frontend", "calls"],
  files: "tests/deploy/calls/*.test.ts",
  servers: ["livekit"],
}

export async function deployTests(
  settings: Settings,
  makeKit: MakeKit,
  checkout: Directory,
  nonce?: string,
  { profiles, files, packages, servers = [] } = everyday,
): Promise<SuiteOutcome> {
  const cases = servers.length === 0 ? [] : await installedTests(settings, servers)
  const [{ given, notes }, host] = await Promise.all([standIns(settings, checkout), dockerHost(settings, checkout, packages)])
  const outcome = await deployedOn(withUsers(host), await makeKit(given, profiles), files, nonce)
  return { ...outcome, cases: [...cases, ...outcome.cases], notes }
}

/** What takes the places of images that no package registry has. */
export async function standIns(settings: Settings, checkout: Directory): Promise<{ given: Record<string, GivenImage>; notes: string[] }> {
  const [store, web] = await Promise.all([storeImage(settings), webImage(settings, checkout)])
  return {
    given: {
      mongodb: { name: "openim/stand-in-mongodb:test", container: store.container },
      web: { name: "openim/stand-in-web:test", container: web },
      admin: { name: "openim/stand-in-web:test", container: web },
    },
    notes: [`mongodb is ${store.standIn}`, "web and admin are a page with OpenIM's SDK for browsers"],
  }
}

/** Where the users of tests/stacks/openim find the server: the name that the machine itself answers to. */
export function withUsers(host: Container): Container {
  return host.withEnvVariable("STACK_API", `https://${publicName}/api`).withEnvVariable("STACK_GATEWAY", `wss://${publicName}/msg_gateway`)
}

/** The same for a stack that needs nothing in the place of its images. */
export async function otherDeployTests(settings: Settings, makeKit: MakeKit, checkout: Directory, nonce?: string): Promise<SuiteOutcome> {
  // Jaeger's image comes from a registry.
  const profiles = settings.catalogue.stack === "kratos" ? ["core"] : []
  const [host, kit] = await Promise.all([dockerHost(settings, checkout), makeKit({}, profiles)])
  // Tests of examples in a browser: below the folder that has its driver.
  const machine = host.withDirectory("tests/deploy/examples", checkout.directory("examples"), { include: ["**/browser/*.test.ts"] })
  return deployedOn(machine, kit, "tests/deploy/stacks/*.test.ts", nonce)
}

export async function deployedOn(host: Container, kit: Directory, files: string, nonce?: string): Promise<SuiteOutcome> {
  const ran = host
    .withMountedDirectory("/kit", kit)
    .withEnvVariable("RESULTS", results)
    .withEnvVariable("DEPLOY_TESTS", files)
    .withEnvVariable("PUBLIC_NAME", publicName)
    .withEnvVariable("DEPLOY_RUN", nonce ?? randomUUID())
    // Docker needs the rights of a machine's root: see docs/testing.md.
    .withExec(["sh", "-c", vitestRun(results)], { insecureRootCapabilities: true, expect: ReturnType.Any })
  return stackOutcome(await readResults(ran.directory(results)))
}
