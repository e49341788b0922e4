// Reads a YAML document step by step. Whatever is not as expected becomes one sentence with file, line and path.

import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml"

export class Reader {
  private constructor(
    private readonly file: string,
    private readonly lines: LineCounter,
    private readonly path: string,
    private readonly node: Node | null,
    /** Where to point at when the value itself is missing. */
    private readonly parent: Node | null,
  ) {}

  static parse(file: string, text: string): Reader {
    const lines = new LineCounter()
    const document: Document = parseDocument(text, { lineCounter: lines })
    const error = document.errors[0]
    if (error !== undefined) {
      const reason = error.message.split(/ at line \d+/)[0]
      throw new Error(`${file}:${lines.linePos(error.pos[0]).line}: not valid YAML: ${reason}`)
    }
    return new Reader(file, lines, "", document.contents as Node | null, null)
  }

  /** The value below a key; it may be missing. */
  at(key: string): Reader {
    const value = isMap(this.node) ? (this.node.get(key, true) as Node | undefined) : undefined
    return new Reader(this.file, this.lines, this.path === "" ? key : `${this.path}.${key}`, value ?? null, this.node)
  }

  get missing(): boolean {
    return this.node === null || (isScalar(this.node) && this.node.value === null)
  }

  fail(expected: string): never {
    const offset = (this.node ?? this.parent)?.range?.[0] ?? 0
    const where = `${this.file}:${this.lines.linePos(offset).line}: ${this.path === "" ? "" : `${this.path}: `}`
    const found = this.missing ? "nothing" : isScalar(this.node) ? JSON.stringify(this.node.value) : this.kind()
    throw new Error(`${where}expected ${expected}, found ${found}`)
  }

  private kind(): string {
    return isMap(this.node) ? "a mapping" : isSeq(this.node) ? "a list" : "something else"
  }

  /** A mapping whose keys are all known: a misspelt key would otherwise be ignored. */
  keys(allowed: string[]): void {
    for (const [key, value] of this.entries()) {
      if (!allowed.includes(key)) value.fail(`no such key (known: ${allowed.join(", ")})`)
    }
  }

  /** The pairs of a mapping; none if it is missing. */
  entries(): [string, Reader][] {
    if (this.missing) return []
    if (!isMap(this.node)) this.fail("a mapping")
    return this.node.items.map((pair) => {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key)
      return [key, this.at(key)]
    })
  }

  /** The items of a list; none if it is missing. */
  items(): Reader[] {
    if (this.missing) return []
    if (!isSeq(this.node)) this.fail("a list")
    return this.node.items.map(
      (item, index) => new Reader(this.file, this.lines, `${this.path}[${index}]`, item as Node, this.node),
    )
  }

  text(expected = "a text", pattern = /./): string {
    const value = isScalar(this.node) ? this.node.value : undefined
    if (typeof value !== "string" || !pattern.test(value)) this.fail(expected)
    return value
  }

  optionalText(expected?: string, pattern?: RegExp): string | undefined {
    return this.missing ? undefined : this.text(expected, pattern)
  }

  whole(expected: string, least: number, most: number): number {
    const value = isScalar(this.node) ? this.node.value : undefined
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) this.fail(expected)
    return value
  }

  oneOf<T extends string>(known: readonly T[]): T {
    const value = isScalar(this.node) ? this.node.value : undefined
    const found = known.find((candidate) => candidate === value)
    return found ?? this.fail(`one of ${known.join(", ")}`)
  }

  texts(expected?: string, pattern?: RegExp): string[] {
    return this.items().map((item) => item.text(expected, pattern))
  }

  /** A mapping of names to texts; expected tells about the names. */
  dictionary(
    expected: string,
    keyPattern: RegExp,
    expectedText = "a text (put numbers and booleans in quotes)",
    pattern = /^/,
  ): Record<string, string> {
    const pairs = this.entries().map(([key, value]) => {
      if (!keyPattern.test(key)) value.fail(expected)
      return [key, value.text(expectedText, pattern)]
    })
    return Object.fromEntries(pairs)
  }
}
