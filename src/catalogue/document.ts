// A YAML file as data, and where each of its values stands.

import { type Document, type ErrorCode, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml"

export type Path = readonly (string | number)[]

export interface SyntaxFault {
  line: number
  text: string
}

export class YamlFile {
  readonly data: unknown
  readonly faults: SyntaxFault[]
  /** Whether the data is worth a look: a key that stands twice spoils nothing else. */
  readonly readable: boolean
  private readonly lines = new LineCounter()
  private readonly document: Document

  constructor(text: string) {
    this.document = parseDocument(text, { lineCounter: this.lines })
    const { errors } = this.document
    const [broken] = errors.filter(({ code }) => code !== "DUPLICATE_KEY")
    this.readable = broken === undefined
    // What a parser says after the first error often follows from it.
    this.faults = (broken === undefined ? errors : [broken]).map(({ code, message, pos: [start] }) => ({
      line: this.lineAt(start),
      text: reasons[code]?.(text.slice(start)) ?? syntaxFault(message),
    }))
    this.data = this.readable ? (this.document.toJS() ?? undefined) : undefined
  }

  /** The line of a value, or of its key; of what it is missing in, if it is missing. */
  line(path: Path, at: "key" | "value"): number {
    let node: Node | null = this.document.contents
    let offset = node?.range?.[0] ?? 0
    for (const [depth, key] of path.entries()) {
      const place: Place | undefined = this.below(node, key)
      if (place === undefined) break
      const last = depth === path.length - 1
      offset = (last && at === "value" ? place.value : place.key)?.range?.[0] ?? place.key?.range?.[0] ?? offset
      node = place.value
    }
    return this.lineAt(offset)
  }

  /** A value as the file writes it. */
  written(path: Path): string | undefined {
    let node: Node | null = this.document.contents
    for (const key of path) node = this.below(node, key)?.value ?? null
    return isScalar(node) ? node.source : undefined
  }

  private below(node: Node | null, key: string | number): Place | undefined {
    const whole = isAlias(node) ? (node.resolve(this.document) ?? null) : node
    if (isSeq(whole)) {
      const item = whole.items[Number(key)] as Node | undefined
      return item === undefined ? undefined : { key: item, value: item }
    }
    if (!isMap(whole)) return undefined
    // Of a key that stands twice, the last one counts.
    const pair = [...whole.items].reverse().find((one) => String(isScalar(one.key) ? one.key.value : one.key) === String(key))
    return pair === undefined ? undefined : { key: pair.key as Node | null, value: pair.value as Node | null }
  }

  private lineAt(offset: number): number {
    return this.lines.linePos(offset).line
  }
}

function syntaxFault(message: string): string {
  return `not valid YAML: ${message.split(/ at line \d+/)[0]}`
}

/** Where the parser's words do not say what to do. */
const reasons: Partial<Record<ErrorCode, (rest: string) => string>> = {
  DUPLICATE_KEY: (rest) => `this key stands here twice: ${rest.split(/:?\s/, 1)[0]}`,
  BLOCK_AS_IMPLICIT_KEY: () =>
    `${syntaxFault("Nested mappings are not allowed in compact mappings")}. A value with ": " in it needs quotes`,
  MULTIPLE_DOCS: () => "not valid YAML: the line --- begins a second document: put everything into one",
}

interface Place {
  key: Node | null
  value: Node | null
}
