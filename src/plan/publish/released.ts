// What became of each component of a plan, in one table.

import { table } from "../../base/table.js"
import type { Catalogue } from "../../catalogue/types.js"
import { componentOf, imageOf } from "../build/components.js"
import type { TestCase } from "../tests/suites.js"
import { type PlanRow, recordedRow } from "./planRows.js"
import type { PublishedTag } from "./publishing.js"
import type { PublishedTo } from "./registries.js"

export interface ReleasedComponent {
  component: string
  result: "built" | "published" | "skipped" | "failed"
  /** Why it was built or skipped, or what went wrong. */
  detail: string
  digest?: string
  /** The tests that it passed before it was pushed. */
  tested?: string
  tags: PublishedTag[]
}

/** Digests as a caller gives them: COMPONENT=sha256:… of what was tested elsewhere. */
export function readExpected(catalogue: Catalogue, texts: string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, component, digest = ""] = /^([a-z][a-z0-9-]*)=(sha256:[0-9a-f]{64})$/.exec(text) ?? []
      if (component === undefined) throw new Error(`--expect "${text}": expected COMPONENT=sha256:…, as the function digest prints it`)
      return [imageOf(catalogue, component).name, digest]
    }),
  )
}

/** Only what was tested may be pushed. */
export function checkExpected(component: string, digest: string, expected: Record<string, string> = {}): void {
  if (!Object.hasOwn(expected, component) || expected[component] === digest) return
  throw new Error(
    `not pushed: it is ${digest} now, but ${expected[component]} was tested (--expect): its packages or its base have moved since; test again`,
  )
}

/** So that the whole fits into the lines that a report keeps of a failure. */
const mostCases = 3

/** Why images are not pushed: the cases of a suite that failed with these components in the stack. */
export function failedCases(suite: string, components: string[], cases: TestCase[]): string {
  const failed = cases.filter(({ ok }) => !ok)
  const lines = failed.slice(0, mostCases).flatMap(({ name, detail }) => [
    name,
    ...(detail ?? "")
      .split("\n")
      .slice(0, 4)
      .map((line) => `  ${line}`),
  ])
  const more = failed.length > mostCases ? [`and ${failed.length - mostCases} more`] : []
  const what = cases.length === 0 ? `${suite} has no cases` : `${failed.length} of ${cases.length} cases of ${suite} failed`
  return [`not pushed: ${what} with ${components.join(", ")} in the stack`, ...lines.filter((line) => line.trim() !== ""), ...more].join(
    "\n",
  )
}

/** The components that a caller names, or all that are built without being asked for one by one. */
export function chosenComponents(catalogue: Catalogue, names: string[]): string[] {
  for (const name of names) {
    if (componentOf(catalogue, name).kind === "reference") {
      throw new Error(`${name} is only referenced: it is neither built nor published. Leave it out`)
    }
  }
  if (names.length > 0) return [...new Set(names)]
  const all = Object.values(catalogue.components)
  return all.filter(({ mode }) => mode === "auto" || mode === "incremental").map(({ name }) => name)
}

/** One line for each component, the failures' own words below, the counts at the end. */
export function releasedTable(released: ReleasedComponent[]): string {
  const anyTested = released.some(({ tested }) => tested !== undefined)
  const rows = released.map(({ component, result, detail, digest, tested, tags }) => {
    const images = tags.map(({ reference, outcome }) => `${reference.split("@")[0]} (${outcome.slice(0, 28)})`).join(", ")
    return [
      component,
      result,
      (digest ?? "-").slice(0, 19),
      images || "-",
      ...(anyTested ? [tested ?? "-"] : []),
      result === "failed" ? "see below" : detail,
    ]
  })
  const failed = released.filter(({ result }) => result === "failed")
  const failures = failed.map(({ component, detail }) => `${component} failed:\n${detail.replace(/^/gm, "  ")}\n`)
  const counts = (["published", "built", "skipped", "failed"] as const)
    .map((result) => `${released.filter((one) => one.result === result).length} ${result}`)
    .filter((text) => !text.startsWith("0 "))
  const last = counts.length === 0 ? "nothing to do" : counts.join(", ")
  return [
    table(["COMPONENT", "RESULT", "DIGEST", "IMAGES", ...(anyTested ? ["TESTED"] : []), "REASON"], rows),
    ...failures,
    `${last}\n`,
  ].join("\n")
}

/** The table; as an error where a component failed. */
export function releasedReport(released: ReleasedComponent[]): string {
  const text = releasedTable(released)
  if (released.some(({ result }) => result === "failed")) throw new Error(text)
  return text
}

/** The state file: only what a registry has now, so it is never ahead of what was pushed. */
export function releaseRecord(catalogue: Catalogue, rows: PlanRow[], released: ReleasedComponent[], published: PublishedTo): string {
  const failed = new Set(released.filter(({ result }) => result === "failed").map(({ component }) => component))
  const kept = rows.filter(({ component, inputs }) => inputs !== undefined && !failed.has(component))
  const built = new Map(released.map(({ component, digest }) => [component, digest]))
  // A digest that only a registry names stays out: what is signed by a record must have been built by us.
  const lines = kept.map(({ component, source, version, inputs, digest }) =>
    recordedRow({ component, source, version, inputs, digest: built.get(component) ?? digest }),
  )
  return `${JSON.stringify({ stack: catalogue.stack, published, rows: lines }, null, 2)}\n`
}
