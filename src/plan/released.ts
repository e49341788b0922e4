// What became of each component of a plan, in one table.

import type { Catalogue } from "../catalogue/types.js"
import { componentOf } from "./components.js"
import type { PublishedTag } from "./publishing.js"
import type { PublishedTo } from "./registries.js"
import { type PlanRow, table } from "./report.js"

export interface ReleasedComponent {
  component: string
  result: "built" | "published" | "skipped" | "failed"
  /** Why it was built or skipped, or what went wrong. */
  detail: string
  digest?: string
  tags: PublishedTag[]
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
  const rows = released.map(({ component, result, detail, digest, tags }) => {
    const images = tags.map(({ reference, outcome }) => `${reference.split("@")[0]} (${outcome.slice(0, 28)})`).join(", ")
    return [component, result, (digest ?? "-").slice(0, 19), images || "-", result === "failed" ? "see below" : detail]
  })
  const failed = released.filter(({ result }) => result === "failed")
  const failures = failed.map(({ component, detail }) => `${component} failed:\n${detail.replace(/^/gm, "  ")}\n`)
  const counts = (["published", "built", "skipped", "failed"] as const)
    .map((result) => `${released.filter((one) => one.result === result).length} ${result}`)
    .filter((text) => !text.startsWith("0 "))
  const last = counts.length === 0 ? "nothing to do" : counts.join(", ")
  return [table(["COMPONENT", "RESULT", "DIGEST", "IMAGES", "REASON"], rows), ...failures, `${last}\n`].join("\n")
}

/** The state file: only what a registry has now, so it is never ahead of what was pushed. */
export function releaseRecord(catalogue: Catalogue, rows: PlanRow[], released: ReleasedComponent[], published: PublishedTo): string {
  const failed = new Set(released.filter(({ result }) => result === "failed").map(({ component }) => component))
  const kept = rows.filter(({ component, inputs }) => inputs !== undefined && !failed.has(component))
  const lines = kept.map(({ component, source, version, inputs }) => ({ component, source, version, inputs }))
  return `${JSON.stringify({ stack: catalogue.stack, published, rows: lines }, null, 2)}\n`
}
