// The plan as people and programs read it: what would be built, what not, and why.

import type { Catalogue, ComponentEntry } from "../catalogue/types.js"

/** One line of a plan. The digest covers everything that decides the image's content. */
export interface PlanRow {
  component: string
  action: "build" | "skip"
  reason: string
  source: string
  go: string
  base: string
  digest: string
}

export interface PlanRecord {
  stack: string
  rows: PlanRow[]
}

/** What is known of a component before it is compared with an earlier plan. */
export type PlanInput = Omit<PlanRow, "action" | "reason">

export function planRows(inputs: PlanInput[], earlier?: PlanRecord): PlanRow[] {
  const before = new Map(earlier?.rows.map((row) => [row.component, row]))
  return inputs.map((input) => ({ ...input, ...decision(input, before.get(input.component), earlier !== undefined) }))
}

function decision(now: PlanInput, before: PlanRow | undefined, compared: boolean): Pick<PlanRow, "action" | "reason"> {
  if (!compared) return { action: "build", reason: "no earlier plan to compare with" }
  if (before === undefined) return { action: "build", reason: "not in the earlier plan" }
  if (before.digest === now.digest) return { action: "skip", reason: `inputs unchanged since ${before.source}` }
  const changed = (["source", "go", "base"] as const).filter((key) => before[key] !== now[key])
  const what = changed.map((key) => `${key}: ${before[key]} → ${now[key]}`).join(", ")
  return { action: "build", reason: what === "" ? "its source or configuration changed" : what }
}

/** Reads what `plan --format=json` printed earlier. */
export function readPlanRecord(text: string): PlanRecord {
  let record: Partial<PlanRecord>
  try {
    record = JSON.parse(text)
  } catch {
    throw new Error("--record: not JSON. Give a file that `plan --format=json` wrote")
  }
  const valid = Array.isArray(record?.rows) && record.rows.every((row) => row?.component && row.digest && row.source)
  if (!valid) throw new Error("--record: no plan. Give a file that `plan --format=json` wrote")
  return record as PlanRecord
}

export function planTable(rows: PlanRow[]): string {
  return table(
    ["COMPONENT", "ACTION", "SOURCE", "GO", "BASE", "REASON"],
    rows.map((row) => [row.component, row.action, row.source, row.go, row.base, row.reason]),
  )
}

export function pinnedVersion(catalogue: Catalogue, component: ComponentEntry): string {
  const { references, sources } = catalogue.pins
  return component.kind === "reference" ? references[component.name] : sources[component.source].version
}

export function componentTable(catalogue: Catalogue, components: ComponentEntry[]): string {
  return table(
    ["COMPONENT", "PURPOSE", "SOURCE", "VERSION", "IMAGE", "RHYTHM", "MODE"],
    components.map((component) => [
      component.name,
      component.purpose,
      component.kind === "reference" ? "(referenced only)" : catalogue.sources[component.source].url,
      pinnedVersion(catalogue, component),
      component.registry === undefined ? `(private) ${component.image}` : `${component.registry}/${component.image}`,
      component.rhythm,
      component.mode,
    ]),
  )
}

/** Columns as wide as their widest cell; the last one is not padded. */
function table(head: string[], rows: string[][]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const line = (cells: string[]) =>
    cells.map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column]))).join("  ")
  return `${lines.map(line).join("\n")}\n`
}
