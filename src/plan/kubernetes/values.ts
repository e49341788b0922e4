// The values of a chart: each with what it is for, and what it may be.

import { stringify, type ToStringOptions } from "yaml"

export interface Value {
  name: string
  purpose: string
  /** Its default, or the values below it. */
  value: unknown
  below?: Value[]
  schema: object
}

export const value = (name: string, purpose: string, given: unknown, schema: object): Value => ({ name, purpose, value: given, schema })

/** Its values are these, and no others: a typo is refused. */
export function section(name: string, purpose: string, below: Value[]): Value {
  return { name, purpose, value: Object.fromEntries(below.map((one) => [one.name, one.value])), below, schema: objectOf(below) }
}

/** `others` are known, and described elsewhere. */
export function objectOf(values: Value[], others: Record<string, object> = {}): object {
  return {
    type: "object",
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(values.map(({ name, purpose, schema }) => [name, { description: purpose, ...schema }])),
      ...others,
    },
  }
}

export const text = { type: "string" }
export const flag = { type: "boolean" }
export const count = (least = 0) => ({ type: "integer", minimum: least })
export const texts = { type: "array", items: text }
export const anything = { type: "object" }
export const list = { type: "array" }
export const choice = (...words: string[]) => ({ enum: words })

/** For Helm, which takes off and yes for flags where they have no quotes, as YAML 1.1 does. */
export function helmYaml(content: object, options: ToStringOptions & { aliasDuplicateObjects?: boolean } = {}): string {
  return stringify(content, { version: "1.1", lineWidth: 0, ...options })
}

/** values.yaml: a line for each value, with its purpose above. */
export function valuesText(head: string, values: Value[]): string {
  return `${[comment(head, ""), ...values.map((one) => entryText(one, ""))].join("\n\n")}\n`
}

function entryText({ name, purpose, value: given, below }: Value, indent: string): string {
  const title = comment(purpose, indent)
  if (below === undefined || below.length === 0)
    return `${title}\n${helmYaml({ [name]: given }, { flowCollectionPadding: true })
      .trimEnd()
      .replace(/^/gm, indent)}`
  return `${title}\n${indent}${name}:\n${below.map((one) => entryText(one, `${indent}  `)).join("\n")}`
}

function comment(purpose: string, indent: string): string {
  return purpose
    .split("\n")
    .map((line) => `${indent}# ${line}`.trimEnd())
    .join("\n")
}

/** values.schema.json of these values. Helm puts `global` into the values of every chart. */
export function schemaText(title: string, values: Value[], others: Record<string, object> = {}): string {
  const schema = { $schema: "http://json-schema.org/draft-07/schema#", title, ...objectOf(values, others) }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** A table for people: the values by their whole names. */
export function valueRows(values: Value[], before = ""): [name: string, given: string, purpose: string][] {
  return values.flatMap((one) =>
    one.below === undefined
      ? [[`${before}${one.name}`, JSON.stringify(one.value), one.purpose] as [string, string, string]]
      : valueRows(one.below, `${before}${one.name}.`),
  )
}
