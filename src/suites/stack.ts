// The suites that run against a whole stack.

import { randomUUID } from "node:crypto"
import type { Directory } from "@dagger.io/dagger"
import type { Settings } from "../graph/settings.js"
import { runStackTest, type Stack, type StackTest } from "../graph/stack.js"
import { stackOutcome, type StackResults } from "../plan/stackResults.js"
import type { SuiteOutcome } from "./together.js"

/**
 * Runs one of them. Where images, services and tests are what they were, the engine answers with what it found then; failures are
 * not believed but run again.
 */
export async function stackSuite(settings: Settings, stack: Stack, checkout: Directory, test: StackTest): Promise<SuiteOutcome> {
  const begun = Date.now()
  let folder = await runStackTest(settings, stack, checkout, test)
  let found = await readResults(folder)
  if (found.exitCode !== 0 && found.begun < begun) {
    folder = await runStackTest(settings, stack, checkout, { ...test, mark: randomUUID() })
    found = await readResults(folder)
  }
  const notes = Object.entries(stack.standIns).map(([name, standIn]) => `${name} is ${standIn}`)
  const names = await folder.entries()
  return {
    ...stackOutcome(found),
    notes,
    attachments: names.includes("attachments/") ? folder.directory("attachments") : undefined,
  }
}

/** The files that a run left. */
export async function readResults(folder: Directory): Promise<StackResults> {
  const names = await folder.entries()
  const text = async (name: string) => (names.includes(name) ? folder.file(name).contents() : undefined)
  const [exit, begun, output, tests, figures, logs] = await Promise.all(
    ["exit", "begun", "output.txt", "tests.json", "figures.json", "logs.json"].map(text),
  )
  return { exitCode: Number(exit), begun: Number(begun) * 1000, output: output ?? "", tests, figures, logs }
}
