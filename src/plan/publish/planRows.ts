// The plan as people and programs read it: what would be built, what not, and why.

import { Problem } from "../../base/problem.js"
import { digestPattern } from "../../base/references.js"
import { table } from "../../base/table.js"
import { sourceEntry } from "../../catalogue/lookup.js"
import type { Catalogue, ComponentEntry } from "../../catalogue/types.js"
import { changedInputs, type ImageInputs, inputsOfRecord, recordedInputs, shortReference, toolchainWords } from "../build/inputs.js"
import { pinnedVersion } from "./publishedAs.js"
import type { PublishedTo } from "./registries.js"

/** One line of a plan. */
export interface PlanRow {
  component: string
  action: "build" | "skip"
  reason: string
  /** Where the source comes from; for a component that is only referenced, the image. */
  source: string
  /** What its image is tagged with when nothing else is said. */
  version?: string
  /** Absent for what is not built. */
  inputs?: ImageInputs
  /** What a release of ours pushed, as its state file says; only where it is skipped because of that file. */
  digest?: string
  /** The inputs of its image where its programs could not be put into one binary. */
  otherwise?: ImageInputs
  /** Why it cannot be built. */
  refused?: string
}

/** What is known of a component before it is compared with what was built or published earlier. */
export type PlanInput = Omit<PlanRow, "action" | "reason">

/** What is known of a component's last image: its inputs and who says so, or why there are none. */
export type EarlierImage = { inputs: Partial<ImageInputs>; from: string; version?: string; digest?: string } | { none: string }

/** An image may be in several registries: it is skipped when all have it. */
export function planRows(inputs: PlanInput[], earlier: Record<string, EarlierImage[]>): PlanRow[] {
  return inputs.map((input) => ({ ...input, ...decision(input, earlier[input.component] ?? []) }))
}

function decision(
  { inputs, otherwise, refused, version }: PlanInput,
  earlier: EarlierImage[],
): Pick<PlanRow, "action" | "reason" | "digest"> {
  if (refused !== undefined) return { action: "skip", reason: refused }
  if (inputs === undefined) return { action: "skip", reason: "only referenced, never built" }
  const reasons = earlier.map((image) => {
    if ("none" in image) return image.none
    // The same files under another version's tag are another image for those who pull it.
    const moved = image.version !== undefined && version !== undefined && image.version !== version
    const same = otherwise !== undefined && changedInputs(image.inputs, otherwise) === undefined
    return (same ? undefined : changedInputs(image.inputs, inputs)) ?? (moved ? `version ${image.version} → ${version}` : undefined)
  })
  const reason = earlier.length === 0 ? "no earlier build is known" : reasons.find((reason) => reason !== undefined)
  if (reason !== undefined) return { action: "build", reason }
  const [digest] = earlier.flatMap((image) => ("digest" in image && image.digest !== undefined ? [image.digest] : []))
  const since = `unchanged since ${earlier.map((image) => ("from" in image ? image.from : "")).join(", ")}`
  return { action: "skip", reason: since, ...(digest === undefined ? {} : { digest }) }
}

/** A state file: what `plan --format=json` printed, or what `release` wrote. */
export interface PlanRecord {
  stack: string
  /** Of a release: where it went. */
  published?: PublishedTo
  rows: RecordedRow[]
}

/** A row as files have it. */
export type RecordedRow = Omit<PlanInput, "inputs" | "otherwise"> & { inputs?: Record<string, string>; otherwise?: Record<string, string> }

export function recordedRow(row: PlanInput): RecordedRow {
  const { inputs, otherwise } = row
  return { ...row, inputs: inputs && recordedInputs(inputs), otherwise: otherwise && recordedInputs(otherwise) }
}

/** Reads a state file. A release's own says nothing about other registries and tags than it went to. */
export function readPlanRecord(text: string, to?: PublishedTo): Record<string, EarlierImage[]> {
  const refuse = (what: string) => new Problem(`--record: ${what}`, "give a file that `plan --format=json` or a release wrote")
  let record: Partial<PlanRecord>
  try {
    record = JSON.parse(text)
  } catch {
    throw refuse("not JSON")
  }
  const valid = Array.isArray(record?.rows) && record.rows.every((row) => row?.component && row.source)
  if (!valid) throw refuse("no plan")
  const { published } = record as PlanRecord
  if (to !== undefined && published !== undefined && JSON.stringify(published) !== JSON.stringify(to)) return {}
  const built = (record as PlanRecord).rows.filter((row) => row.inputs !== undefined)
  const odd = built.find(({ digest }) => digest !== undefined && !digestPattern.test(digest))
  if (odd !== undefined) throw refuse(`${odd.component} has a digest that is not one`)
  return Object.fromEntries(
    built.map(({ component, source, version, inputs, digest }) => [
      component,
      [{ inputs: inputsOfRecord(inputs!), from: source, version, ...(digest === undefined ? {} : { digest }) }],
    ]),
  )
}

export function planTable(rows: PlanRow[]): string {
  return table(
    ["COMPONENT", "ACTION", "SOURCE", "TOOLCHAIN", "BASE", "REASON"],
    rows.map(({ component, action, source, inputs, reason }) => {
      return [
        component,
        action,
        source,
        inputs?.toolchain.version ? toolchainWords(inputs.toolchain) : "-",
        inputs === undefined ? "-" : shortReference(inputs.base),
        reason,
      ]
    }),
  )
}

function originOf(catalogue: Catalogue, component: ComponentEntry): string {
  if (component.kind === "reference") return "(referenced only)"
  return component.kind === "installed" ? component.url : sourceEntry(catalogue, component.source).url
}

export function componentTable(catalogue: Catalogue, components: ComponentEntry[]): string {
  return table(
    ["COMPONENT", "PURPOSE", "SOURCE", "VERSION", "IMAGE", "RHYTHM", "MODE"],
    components.map((component) => [
      component.name,
      component.purpose,
      originOf(catalogue, component),
      pinnedVersion(catalogue, component) ?? "(of packages)",
      component.registry === undefined ? `(private) ${component.image}` : `${component.registry}/${component.image}`,
      component.rhythm,
      component.mode,
    ]),
  )
}
