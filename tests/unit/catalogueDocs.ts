// docs/catalogue.md: every key of stack.yaml and versions.yaml, in tables made from their JSON schemas.

import type { JsonSchema } from "./catalogueSchema.js"
import { anchorsOf } from "./markdown.js"

interface Section {
  heading: string
  /** Below the heading: a sentence, a table. */
  parts: string[]
}

/** A link until the anchors are known: to the section of this number. */
const link = (section: number) => `#section:${section}`

/** The page: an introduction, and for each file its tables. */
export function cataloguePage(introduction: string, files: { name: string; schema: JsonSchema }[]): string {
  const sections: Section[] = []
  for (const { name, schema } of files) {
    sections.push({ heading: `## ${name}`, parts: [] })
    addTables(sections, "", schema)
  }
  const text = [introduction.trim(), ...sections.flatMap(({ heading, parts }) => (heading === "" ? parts : [heading, ...parts]))].join(
    "\n\n",
  )
  const anchors = anchorsOf(text).slice(anchorsOf(introduction).length)
  const headed = sections.filter(({ heading }) => heading !== "")
  return `${text.replace(/#section:(\d+)/g, (_, number) => `#${anchors[headed.indexOf(sections[Number(number)]!)]}`)}\n`
}

/** A mapping's table, and then those of the mappings in it. */
function addTables(sections: Section[], path: string, schema: JsonSchema): void {
  const shapes = schema.anyOf as JsonSchema[] | undefined
  if (shapes === undefined) return addTable(sections, path, path, schema, Object.keys(schema.properties ?? {}))
  const same = (key: string) => shapes.every((shape) => entryText(shape, key) === entryText(shapes[0]!, key))
  const common = Object.keys(shapes[0]!.properties ?? {}).filter(same)
  addTable(sections, path, path, shapes[0]!, common)
  for (const shape of shapes) {
    const own = Object.keys(shape.properties ?? {}).filter((key) => !common.includes(key))
    addTable(sections, path, `${path}${shape.title!.slice(shape.title!.indexOf(" with "))}`, shape, own)
  }
}

const entryText = (shape: JsonSchema, key: string) => JSON.stringify([shape.properties?.[key], shape.required?.includes(key)])

function addTable(sections: Section[], path: string, heading: string, schema: JsonSchema, keys: string[]): void {
  const section: Section = { heading: heading === "" ? "" : `### ${heading}`, parts: [] }
  sections.push(section)
  const rows = keys.map((key) => {
    const value = schema.properties![key] as JsonSchema
    const below = mappingBelow(path === "" ? key : `${path}.${key}`, value)
    const place = sections.length
    if (below !== undefined) addTables(sections, below.path, below.schema)
    const what = below === undefined ? valueText(value) : `${below.each ? "by name: " : ""}[${below.path}](${link(place)})`
    return [`\`${key}\``, what, needText(value, schema.required?.includes(key) ?? false), cell(value.description ?? "")]
  })
  section.parts.push(
    ["| key | value | needed | what it is for |", "|---|---|---|---|", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n"),
  )
}

/** The mapping that a key's value is, or those that it holds by name or in a list. */
function mappingBelow(path: string, value: JsonSchema): { path: string; schema: JsonSchema; each: boolean } | undefined {
  const found = [
    { path, schema: value, each: false },
    { path: `${path}.NAME`, schema: value.additionalProperties as JsonSchema, each: true },
    { path: `${path}[]`, schema: value.items as JsonSchema, each: false },
  ]
  return found.find(({ schema }) => typeof schema === "object" && (schema.properties ?? schema.anyOf) !== undefined)
}

function valueText(value: JsonSchema): string {
  if (value.enum !== undefined) return value.enum.map((one) => `\`${String(one)}\``).join(", ")
  if (value.type === "array") {
    const text = valueText(value.items as JsonSchema)
    return text.startsWith("list: ") ? text.replace("list: ", "list of lists: ") : `list: ${text}`
  }
  if (value.type === "object") {
    const names = (value.propertyNames as JsonSchema).title ?? "a name"
    return `mapping: ${cell(names)} → ${valueText(value.additionalProperties as JsonSchema)}`
  }
  return cell(value.title ?? (value.type as string))
}

function needText(value: JsonSchema, required: boolean): string {
  if (required) return "required"
  return typeof value.default === "number" ? `default: ${value.default}` : "optional"
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ")
}
