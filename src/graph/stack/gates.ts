// Tests that images must pass before they are pushed: what is tested is the very image that is pushed, loaded from its layout.

import { type Container, type Directory, dag } from "@dagger.io/dagger"
import { firstIn } from "../../base/entries.js"
import { imageOf } from "../../plan/build/components.js"
import { shortDigest } from "../../plan/build/inputs.js"
import { type Gate, gatePlan, stackOf, suiteTools } from "../../plan/publish/gates.js"
import { failedCases } from "../../plan/publish/released.js"
import { stackOutcome } from "../../plan/stack/results.js"
import type { BuildOptions } from "../build/components.js"
import { type Layout, layoutArchive } from "../build/layouts.js"
import { log, type Settings } from "../call/settings.js"
import { runOnStack } from "./runs.js"
import { openStack, stopStack } from "./stack.js"
import { smokeTest } from "./tests.js"

/** An image that is to be pushed. */
export interface Candidate {
  component: string
  layout: Layout
  /** The layout's own image. */
  container: Container
}

export async function candidateOf(settings: Settings, component: string, layout: Layout): Promise<Candidate> {
  const archive = await layoutArchive(settings, layout, [imageOf(settings.catalogue, component).image])
  return { component, layout, container: dag.container().import_(archive) }
}

/** Fails when an image does not pass what can be seen of it alone. */
export async function smokeGate(settings: Settings, gate: Gate, { component, container }: Candidate): Promise<void> {
  if (!gatePlan(settings.catalogue, gate, component).smoke) {
    log(`WARNING: ${component}: published UNTESTED: --gate=none`)
    return
  }
  const failed = (await smokeTest(settings, imageOf(settings.catalogue, component), container)).filter(({ ok }) => !ok)
  if (failed.length > 0)
    throw new Error(`tests of the image failed: ${failed.map(({ name, detail }) => (detail ? `${name}: ${detail}` : name)).join("; ")}`)
}

/** Runs one stack with all of these images in their places; fails with the cases that failed. */
export async function stackGate(
  settings: Settings,
  options: BuildOptions,
  gate: Gate,
  candidates: Candidate[],
  checkout: Directory,
): Promise<void> {
  const { catalogue } = settings
  const names = candidates.map(({ component }) => component)
  const suites = gatePlan(catalogue, gate, firstIn(names, "image to test")).suites
  log(
    `${suites.join(", ")}: a stack with ${candidates.map(({ component, layout }) => `${component} ${layout.digest.slice(0, 19)}`).join(", ")}`,
  )
  const stack = await openStack(
    // --version is meant for what is published, not for what it runs with.
    { ...settings, version: undefined },
    {
      ...options,
      // The same images share one stack, others have nothing to do with it.
      name: `gate-${shortDigest(candidates.map(({ layout }) => layout.digest).sort())}`,
      groups: stackOf(catalogue, names),
      images: Object.fromEntries(candidates.map(({ component, container }) => [component, container])),
    },
  )
  try {
    for (const name of suites) {
      const { found } = await runOnStack(settings, stack, checkout, { name, tools: suiteTools[name] })
      const { cases } = stackOutcome(found)
      const failed = cases.filter(({ ok }) => !ok)
      if (failed.length > 0 || cases.length === 0) throw new Error(failedCases(name, names, cases))
      log(`${name}: ${cases.length} passed with ${names.join(", ")}`)
    }
  } finally {
    await stopStack(stack)
  }
}
