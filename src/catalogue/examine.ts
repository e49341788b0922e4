// Reads a file of the catalogue, and says everything that is wrong with it in one answer.

import * as v from "valibot"
import { type Path, YamlFile } from "./document.js"
import { type Fault, isMapping, schemaFaults, withoutEmpty } from "./faults.js"

/** A file that was looked at; its output counts only if there are no faults. */
export class Examined<T> {
  private constructor(
    private readonly file: string,
    private readonly yaml: YamlFile,
    /** What the file says, checked or not; nothing if it is not YAML. */
    readonly data: unknown,
    private readonly output: T,
    private readonly faults: { line: number; text: string }[],
  ) {}

  static file<const TSchema extends v.GenericSchema>(file: string, text: string, schema: TSchema): Examined<v.InferOutput<TSchema>> {
    const notUtf8 = text.split("\n").findIndex((line) => line.includes("\uFFFD"))
    const yaml = new YamlFile(text)
    const data = withoutEmpty(schema, yaml.data)
    const { output, issues } = v.safeParse(schema, data)
    const examined = new Examined(file, yaml, data, output as v.InferOutput<TSchema>, [...yaml.faults])
    // What is not UTF-8 has become this character on its way here.
    if (notUtf8 >= 0)
      examined.faults.push({ line: notUtf8 + 1, text: "this line is not UTF-8: save the file as UTF-8 (iconv -f ISO-8859-1 -t UTF-8)" })
    if (yaml.readable) examined.report(schemaFaults(schema, data, issues ?? []))
    return examined
  }

  report(faults: Fault[]): void {
    for (const fault of faults) this.faults.push({ line: this.yaml.line(fault.path, fault.at), text: this.sentence(fault) })
  }

  /** The faults as lines of a message, in the order of the file; each once. */
  get lines(): string[] {
    const sorted = [...this.faults].sort((a, b) => a.line - b.line)
    return [...new Set(sorted.map(({ line, text }) => `${this.file}:${line}: ${text}`))]
  }

  private sentence({ path, at, expected, text, hint = "" }: Fault): string {
    const where = path.length === 0 ? "" : `${shown(path)}: `
    if (text !== undefined) return `${where}${text}`
    return `${where}expected ${expected}, found ${at === "key" ? JSON.stringify(path.at(-1)) : this.found(path)}${hint === "" ? "" : `.${hint}`}`
  }

  private found(path: Path): string {
    const value = path.reduce<unknown>((data, key) => (data as Record<string, unknown> | undefined)?.[key], this.data)
    if (value === undefined || value === null) return "nothing"
    if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list"
    if (isMapping(value)) return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping"
    if (typeof value !== "string") return this.yaml.written(path) ?? String(value)
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value)
  }

  /** What several files say, if nothing is wrong with any of them. */
  static outputs<const T extends readonly Examined<unknown>[]>(
    ...files: T
  ): { [I in keyof T]: T[I] extends Examined<infer O> ? O : never } {
    refuse(files.flatMap(({ lines }) => lines))
    return files.map(({ output }) => output) as never
  }
}

export function refuse(lines: string[]): void {
  if (lines.length === 1) throw new Error(lines[0])
  if (lines.length > 1) throw new Error(`the catalogue has ${lines.length} faults:\n${lines.join("\n")}`)
}

function shown(path: Path): string {
  return path.map((key, index) => (typeof key === "number" ? `[${key}]` : index === 0 ? key : `.${key}`)).join("")
}
