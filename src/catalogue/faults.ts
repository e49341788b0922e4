// Everything that is wrong with a file's data, by its schema: not the first fault only.

import * as v from "valibot"
import { nearest } from "../base/nearest.js"
import type { Path } from "./document.js"
import type { Shapes } from "./fields.js"

export interface Fault {
  path: Path
  /** What the fault is about: the value, or the name that it has. */
  at: "key" | "value"
  /** What should be there; what was found is said with it. */
  expected?: string
  /** What ends the message: the name that was probably meant. */
  hint?: string
  /** The whole message, instead of what was expected and found. */
  text?: string
}

/** The parts of valibot's schemas that say what is below them. */
interface AnySchema extends v.GenericSchema {
  wrapped?: AnySchema
  getter?: (input: unknown) => AnySchema
  entries?: Record<string, AnySchema>
  key?: AnySchema
  value?: AnySchema
  item?: AnySchema
  options?: string[]
  shapes?: Shapes["shapes"]
}

export function schemaFaults(schema: v.GenericSchema, data: unknown, issues: readonly v.BaseIssue<unknown>[]): Fault[] {
  const misplaced = [...misplacedIn(schema, data, [])]
  const covered = misplaced.map(({ path, missing }) => missing ?? path)
  const found = issues.filter((issue) => issue.expected !== "never").map((issue) => issueFault(schema, data, issue))
  // What a misspelt key was meant to be is not missing as well.
  return [...misplaced, ...found.filter(({ path }) => !covered.some((outer) => begins(path, outer)))]
}

function begins(path: Path, outer: Path): boolean {
  return outer.every((key, index) => path[index] === key)
}

/** Names that every object has in JavaScript; valibot leaves them out. */
const inherited = ["__proto__", "constructor", "prototype"]

/** Unknown keys, of which valibot reports the first of a mapping only; and lists in the places of mappings, which it takes. */
function* misplacedIn(schema: v.GenericSchema, data: unknown, path: Path): Generator<Fault & { missing?: Path }> {
  const { entries, value, item } = shapeOf(schema, data)
  if (item !== undefined && Array.isArray(data)) {
    for (const [index, one] of data.entries()) yield* misplacedIn(item, one, [...path, index])
  }
  if (entries === undefined && value === undefined) return
  if (Array.isArray(data)) return yield { path, at: "value", expected: expectation(schema, data) }
  if (!isMapping(data)) return
  for (const [key, below] of Object.entries(data)) {
    const child = value ?? (Object.hasOwn(entries!, key) ? entries![key] : undefined)
    if (inherited.includes(key)) yield { path: [...path, key], at: "key", text: `the name "${key}" cannot be used` }
    else if (child !== undefined) yield* misplacedIn(child, below, [...path, key])
    else yield unknownKey(schema as AnySchema, data, path, key)
  }
}

function unknownKey(schema: AnySchema, data: object, path: Path, key: string): Fault & { missing?: Path } {
  const known = Object.keys(shapeOf(schema, data).entries ?? {})
  const shapes = shapesOf(schema)
  if (Object.values(shapes).some(({ entries }) => Object.hasOwn(entries, key))) {
    const kind = Object.keys(shapes).find((one) => known.includes(one))
    const text = `no ${key} next to ${kind}: the keys that go with ${kind} are ${known.filter((one) => one !== kind).join(", ")}`
    // Of an entry that could be either, nothing else is certain.
    return { path: [...path, key], at: "key", text, ...(Object.hasOwn(shapes, key) ? { missing: path } : {}) }
  }
  const meant = nearest(key, known)
  const missing = meant === undefined || Object.hasOwn(data, meant) ? {} : { missing: [...path, meant] }
  return { path: [...path, key], at: "key", text: `unknown key "${key}".${hintFor(key, known)}`, ...missing }
}

function shapesOf(schema: AnySchema): Shapes["shapes"] {
  return schema.shapes ?? (schema.wrapped === undefined ? {} : shapesOf(schema.wrapped))
}

function issueFault(schema: v.GenericSchema, data: unknown, issue: v.BaseIssue<unknown>): Fault {
  const path = (issue.path ?? []).map(({ key }) => key as string | number)
  if (issue.type === "partial_check") return { path, at: "value", expected: issue.message }
  const outer = path.slice(0, -1)
  const holder = path.length === 0 ? undefined : at(schema, data, outer)
  const name = holder && issue.path?.at(-1)?.type === "object" ? shapeOf(holder.schema, holder.data).key : undefined
  if (name !== undefined && (issue.path?.at(-1) as { origin?: string } | undefined)?.origin === "key") {
    return { path, at: "key", expected: `${expectation(name)} as the key` }
  }
  const place = at(schema, data, path)
  const near = typeof place.data === "string" ? nearest(place.data, shapeOf(place.schema, place.data).options ?? []) : undefined
  return {
    path,
    at: "value",
    expected: expectation(place.schema, place.data),
    hint: near === undefined ? quotes(issue, place.data) : didYouMean(near),
  }
}

/** YAML takes 1.10 for a number and true for a boolean, and "80" for a text. */
function quotes({ type }: v.BaseIssue<unknown>, data: unknown): string | undefined {
  if (type === "string" && (typeof data === "number" || typeof data === "boolean")) return " Put it in quotes"
  return type === "number" && typeof data === "string" && /^\d+$/.test(data) ? " Write it without quotes" : undefined
}

/** The end of a message about an unknown name. */
export function hintFor(name: string, known: string[]): string {
  const near = nearest(name, known)
  return near === undefined ? ` Known: ${known.join(", ") || "none"}` : didYouMean(near)
}

function didYouMean(name: string): string {
  return ` Did you mean "${name}"?`
}

/** The data without keys that have no value: they count as missing. A name without an entry stays: something is missing there. */
export function withoutEmpty(schema: v.GenericSchema, data: unknown): unknown {
  const { entries, value, item } = shapeOf(schema, data)
  if (Array.isArray(data)) return item === undefined ? data : data.map((one) => withoutEmpty(item, one))
  if (!isMapping(data)) return data
  const kept = Object.entries(data).filter(([key, below]) => below !== null || entries === undefined || !Object.hasOwn(entries, key))
  return Object.fromEntries(kept.map(([key, below]) => [key, withoutEmpty(value ?? entries?.[key] ?? v.unknown(), below)]))
}

/** The schema and the data at a path. */
function at(schema: v.GenericSchema, data: unknown, path: Path): { schema: AnySchema; data: unknown } {
  const [key, ...rest] = path
  if (key === undefined) return { schema: schema as AnySchema, data }
  const { entries, value, item } = shapeOf(schema, data)
  const child = value ?? item ?? entries?.[key]
  if (child === undefined) return { schema: v.unknown() as AnySchema, data: undefined }
  return at(child, (data as Record<string, unknown> | undefined)?.[key], rest)
}

/** Without what may be missing, and with the shape that the data has. */
function shapeOf(schema: v.GenericSchema, data: unknown): AnySchema {
  const { wrapped, getter } = schema as AnySchema
  if (wrapped !== undefined) return shapeOf(wrapped, data)
  return getter === undefined ? (schema as AnySchema) : shapeOf(getter(data), data)
}

function expectation(schema: v.GenericSchema, data?: unknown): string {
  const shape = shapeOf(schema, data)
  const title = v.getTitle(shape)
  if (title !== undefined) return title
  if (shape.options !== undefined) return `one of ${shape.options.join(", ")}`
  if (shape.item !== undefined) return "a list"
  const required = Object.entries(shape.entries ?? {}).filter(([, entry]) => entry.type !== "optional")
  if (shape.entries === undefined || required.length === 0) return "a mapping"
  return `a mapping with the keys ${required.map(([key]) => key).join(", ")}`
}

export function isMapping(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data)
}
