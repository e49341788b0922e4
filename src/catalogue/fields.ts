// What the values in stack.yaml and versions.yaml are made of. A title says what is expected, in errors, in editors and in
// docs/catalogue.md; a description says what a key is for.

import * as v from "valibot"
import { nearest } from "../base/nearest.js"

/** A key's value with what it is for. */
export const about = <const TSchema extends v.GenericSchema>(description: string, schema: TSchema) =>
  v.pipe(schema, v.description(description))

export const text = (title = "a text", pattern = /./) => v.pipe(v.string(), v.regex(pattern), v.title(title))

export const whole = (least: number, most: number, what = "a whole number") =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most), v.title(`${what} from ${least} to ${most}`))

export const list = <const TItem extends v.GenericSchema>(item: TItem) => v.optional(v.array(item), [])

type Mapping<TKey extends v.GenericSchema<string, string>, TValue extends v.GenericSchema> = v.OptionalSchema<
  v.RecordSchema<TKey, TValue, undefined>,
  v.InferInput<v.RecordSchema<TKey, TValue, undefined>>
>

export function mapping<const TKey extends v.GenericSchema<string, string>, const TValue extends v.GenericSchema>(
  key: TKey,
  value: TValue,
) {
  return v.optional(v.record(key, value), {} as never) as Mapping<TKey, TValue>
}

/** A mapping of names to entries, at least one. */
export const named = <const TEntry extends v.GenericSchema>(entry: TEntry) =>
  v.pipe(v.record(name(), entry), v.minEntries(1), v.title("a mapping with at least one entry"))

/** Each entry knows its name. */
export function withNames<T extends object>(entries: Record<string, T>): Record<string, T & { name: string }> {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, { name, ...entry }]))
}

/** A mapping with these keys. */
export type ShapeSchema = v.GenericSchema & { entries: object }

/** An entry that has one of several shapes, each known by a key that it must have; `called` is what such an entry is called. */
export interface Shapes {
  shapes: Record<string, ShapeSchema>
  called: string
}

/** The shape is that of the first of these keys which is given, or which a misspelt key probably is. */
export function shaped<const TShapes extends Record<string, ShapeSchema>>(called: string, shapes: TShapes) {
  const kinds = Object.keys(shapes)
  const known = Object.values(shapes).flatMap(({ entries }) => Object.keys(entries))
  const none = v.pipe(
    v.custom<never>(() => false),
    v.title(`${called} with one of the keys ${kinds.join(", ")}`),
  )
  const shapeOf = (input: unknown): TShapes[keyof TShapes] | typeof none => {
    const keys = typeof input === "object" && input !== null ? Object.keys(input) : []
    const unknown = keys.filter((key) => !known.includes(key))
    const kind = kinds.find((one) => keys.includes(one)) ?? unknown.map((key) => nearest(key, kinds)).find((one) => one !== undefined)
    return kind === undefined ? none : (shapes[kind] as TShapes[keyof TShapes])
  }
  return Object.assign(v.lazy(shapeOf), { shapes, called } satisfies Shapes)
}

export const name = (what = "a name of small letters, digits and hyphens") => text(what, /^[a-z][a-z0-9-]*$/)
/** Below a source's folder. */
export const relativePath = (what = "a path below the source") => text(what, /^(?!\/)(?!.*\.\.)[A-Za-z0-9._/-]+$/)
export const absolutePath = () => text("an absolute path", /^\/(?!.*\.\.)[A-Za-z0-9._/-]*$/)
export const variable = () => text("a variable's name in capitals", /^[A-Z][A-Z0-9_]*$/)
/** Variables with their values, which may be empty. */
export const variables = () => mapping(variable(), text("a text", /^/))
export const port = () => whole(1, 65535, "a port number")
export const words = () => v.pipe(v.array(text("a word of a command")), v.minLength(1), v.title("a command as a list of words"))
export const https = () => text("an https:// address", /^https:\/\//)
