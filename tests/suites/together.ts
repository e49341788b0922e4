// Suites that run at the same time: what each found, and how far they are.

import { mkdir, writeFile } from "node:fs/promises"
import { type Directory, dag } from "@dagger.io/dagger"
import { inPool } from "../../src/base/pool.js"
import { tailOf } from "../../src/graph/call/failures.js"
import { log, type Settings } from "../../src/graph/call/settings.js"
import { suitesFiles } from "../../src/plan/tests/files.js"
import { type SuiteReport, type TestCase, type TestRun, wasSkipped } from "../../src/plan/tests/suites.js"
import { suiteLine } from "../../src/plan/tests/text.js"
import { stopwatch } from "./cases.js"

/** What a suite answers with that has more to report than its cases. */
export interface SuiteOutcome extends Omit<SuiteReport, "suite" | "seconds" | "attachments"> {
  /** HTML files. */
  attachments?: Directory
}

/** What several machines found, each case under the machine's name. */
export function joined(found: [title: string, SuiteOutcome][]): SuiteOutcome {
  const titled = <T extends { name: string }>(title: string, ones: T[] = []): T[] =>
    ones.map((one) => ({ ...one, name: `${title}: ${one.name}` }))
  return {
    cases: found.flatMap(([title, { cases }]) => titled(title, cases)),
    figures: found.flatMap(([title, { figures }]) => titled(title, figures)),
    logs: Object.fromEntries(
      found.flatMap(([title, { logs = {} }]) => Object.entries(logs).map(([name, text]) => [`${title}: ${name}`, text] as const)),
    ),
  }
}

export type SuiteRun = () => Promise<TestCase[] | SuiteOutcome>

/** What a run found, and the HTML files of its suites, each suite's in its own folder. */
export interface TestResult {
  run: TestRun
  attachments: Directory
}

/** Suites by their names, and how each runs. */
export type PlannedSuites = [name: string, run: SuiteRun][]

/** Which suites may run beside each other, and how many of them. */
export type SuiteGroup = [atOnce: number, suites: PlannedSuites]

/** For suites that build. Most wait for something most of the time; but each step has a time limit, which too many at once would use up. */
export const buildingAtOnce = 4

/** One group after the other, the suites of each in the order in which they are given. One that fails does not keep the others from running. */
export async function runTogether(about: string[], groups: SuiteGroup[]): Promise<TestResult> {
  const begun = new Date().toISOString()
  const seconds = stopwatch()
  const ran: RanSuite[] = []
  for (const [atOnce, suites] of groups) ran.push(...(await inPool(atOnce, suites, runOne)))
  return {
    run: { about, begun, seconds: seconds(), suites: ran.map(({ report }) => report) },
    attachments: ran.reduce(
      (folder, { report, attachments }) => (attachments ? folder.withDirectory(report.suite, attachments) : folder),
      dag.directory(),
    ),
  }
}

interface RanSuite {
  report: SuiteReport
  attachments?: Directory
}

async function runOne([suite, run]: PlannedSuites[number]): Promise<RanSuite> {
  log(`${suite}: started`)
  const seconds = stopwatch()
  const { attachments, ...found } = await outcomeOf(run)
  const { names, ...files } = await readable(attachments)
  const cases = files.failed ? [...found.cases, files.failed] : found.cases
  const report = { suite, ...found, cases, seconds: seconds(), attachments: names }
  log(suiteLine(report))
  return { report, attachments: files.attachments }
}

async function outcomeOf(run: SuiteRun): Promise<SuiteOutcome> {
  try {
    const found = await run()
    const outcome = Array.isArray(found) ? { cases: found } : found
    const untested = {
      name: "the suite tests something",
      ok: false,
      detail: outcome.cases.length > 0 ? "all of its cases are skipped" : "it has no cases",
    }
    return outcome.cases.some((test) => !wasSkipped(test)) ? outcome : { ...outcome, cases: [...outcome.cases, untested] }
  } catch (error) {
    return { cases: [{ name: "the suite cannot run", ok: false, detail: tailOf(error) }] }
  }
}

interface ReadableFiles {
  attachments?: Directory
  names?: string[]
  failed?: TestCase
}

/** A folder is only made when something of it is asked for; one that cannot be made must not take the report with it. */
async function readable(folder?: Directory): Promise<ReadableFiles> {
  if (folder === undefined) return {}
  try {
    const attachments = folder.filter({ include: ["*.html"] })
    return { attachments, names: await attachments.entries() }
  } catch (error) {
    return { failed: { name: "the attachments can be read", ok: false, detail: tailOf(error) } }
  }
}

/** What a report must say to be of use later. */
export function aboutTested({ catalogue, custom, from }: Settings, base: string): string[] {
  const sources = Object.entries(catalogue.pins.sources)
  const versions = sources.map(([name, { version }]) => `${name} ${custom?.of === name ? "of your source" : version}`)
  return [catalogue.title, ...versions, `base ${base}`, from === "registry" ? "images from registries" : "images from packages"]
}

/** The run as files to keep. They go by the function's own folder: the log shows the whole text of a file that the engine writes. */
export async function reportFolder({ run, attachments }: TestResult): Promise<Directory> {
  await mkdir("report", { recursive: true })
  for (const [name, text] of Object.entries(suitesFiles(run))) await writeFile(`report/${name}`, text)
  return dag.currentModule().workdir("report").withDirectory("attachments", attachments)
}
