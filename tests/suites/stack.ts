// The suites that run against a whole stack.

import type { Directory } from "@dagger.io/dagger"
import type { Settings } from "../../src/graph/call/settings.js"
import { runOnStack } from "../../src/graph/stack/runs.js"
import type { Stack, StackTest } from "../../src/graph/stack/stack.js"
import { stackOutcome } from "../../src/plan/stack/results.js"
import type { SuiteOutcome } from "./together.js"

/** Runs one of them. */
export async function stackSuite(settings: Settings, stack: Stack, checkout: Directory, test: StackTest): Promise<SuiteOutcome> {
  const { found, folder } = await runOnStack(settings, stack, checkout, test)
  const notes = Object.entries(stack.standIns).map(([name, standIn]) => `${name} is ${standIn}`)
  const names = await folder.entries()
  return {
    ...stackOutcome(found),
    notes,
    attachments: names.includes("attachments/") ? folder.directory("attachments") : undefined,
  }
}
