// The file .env as docker compose reads it, with every line kept: what is not changed stays as the user wrote it.

export interface EnvEntry {
  /** Counted from 1. */
  line: number
  key: string
  /** What stands behind the equals sign. */
  raw: string
  /** Without quotes and comment; references are not replaced. */
  text: string
  quote: "" | "'" | '"'
  /** Spaces around the equals sign. */
  spaced: boolean
  exported: boolean
  /** A comment behind an unquoted value: what stands there is not part of it. */
  cut?: string
  /** A quote without its end. */
  open: boolean
}

export interface DotenvFile {
  lines: string[]
  entries: EnvEntry[]
  /** Lines that are neither empty, nor a comment, nor KEY=VALUE. */
  unreadable: number[]
  byteOrderMark: boolean
  carriageReturns: boolean
}

const KEY = "[A-Za-z_][A-Za-z0-9_]*"

export function parseEnv(content: string): DotenvFile {
  const byteOrderMark = content.startsWith("\uFEFF")
  const carriageReturns = content.includes("\r")
  const text = content.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n")
  const lines = text.split("\n")
  if (lines.at(-1) === "") lines.pop()
  const entries: EnvEntry[] = []
  const unreadable: number[] = []
  for (const [index, whole] of lines.entries()) {
    if (/^\s*(#|$)/.test(whole)) continue
    const found = new RegExp(`^\\s*(export\\s+)?(${KEY})(\\s*)=(.*)$`).exec(whole)
    if (!found) {
      unreadable.push(index + 1)
      continue
    }
    const [, exported, key = "", before = "", raw = ""] = found
    entries.push({ line: index + 1, key, raw, exported: exported !== undefined, spaced: before !== "" || /^\s/.test(raw), ...valueIn(raw) })
  }
  return { lines, entries, unreadable, byteOrderMark, carriageReturns }
}

function valueIn(raw: string): Pick<EnvEntry, "text" | "quote" | "cut" | "open"> {
  const value = raw.trimStart()
  const first = value[0]
  if (first === "'" || first === '"') {
    let text = ""
    for (let at = 1; at < value.length; at++) {
      const letter = value[at] ?? ""
      if (letter === first) return { text, quote: first, open: false }
      if (letter === "\\" && first === '"' && at + 1 < value.length) {
        const next = value[++at] ?? ""
        text += next === "n" ? "\n" : next === "$" ? "\\$" : next
      } else text += letter
    }
    return { text, quote: first, open: true }
  }
  const comment = /(^|\s+)#.*$/.exec(value)
  if (comment) return { text: value.slice(0, comment.index).trimEnd(), quote: "", cut: comment[0].trim(), open: false }
  return { text: value.trimEnd(), quote: "", open: false }
}

/** Of a key that stands there twice, the last one counts. */
export function entriesByKey(file: DotenvFile): Map<string, EnvEntry> {
  return new Map(file.entries.map((entry) => [entry.key, entry]))
}

/** A value as it is written: plain where no reader can take it another way, otherwise in single quotes. */
export function writtenValue(value: string): string {
  if (/^[A-Za-z0-9_.:/@,+-]*$/.test(value)) return value
  return value.includes("'") || value.includes("\n") ? `"${value.replace(/[\\"$]/g, "\\$&").replaceAll("\n", "\\n")}"` : `'${value}'`
}

/** A default that refers to other settings is written as it is, so that the reference stays one. */
export function writtenDefault(value: string): string {
  return /\$\{/.test(value) && /^[A-Za-z0-9_.:/@,+${}-]*$/.test(value) ? value : writtenValue(value)
}

/** The text with LF ends, without byte order mark and with an end of the last line. */
export function envText(lines: string[]): string {
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`
}

/** The lines with KEY set: in the place of its last line, of a commented one, or at the end. `written` is the text behind the equals sign. */
export function withKey(lines: string[], key: string, written: string): string[] {
  const at = lastIndex(lines, new RegExp(`^\\s*(export\\s+)?${key}\\s*=`))
  const commented = at < 0 ? lastIndex(lines, new RegExp(`^\\s*#\\s*${key}=`)) : at
  if (commented < 0) return [...lines, `${key}=${written}`]
  return lines.map((line, index) => (index === commented ? `${key}=${written}` : line))
}

function lastIndex(lines: string[], pattern: RegExp): number {
  for (let at = lines.length - 1; at >= 0; at--) if (pattern.test(lines[at] ?? "")) return at
  return -1
}

/** The values by key, with ${NAME}, $NAME, ${NAME:-OTHER} and ${NAME-OTHER} replaced as compose does, but for single quotes. */
export function expandEnv(file: DotenvFile, fallback: (name: string) => string | undefined): Map<string, string> {
  const entries = entriesByKey(file)
  const done = new Map<string, string>()
  const open = new Set<string>()
  const valueOf = (name: string): string | undefined => {
    const entry = entries.get(name)
    if (!entry) return fallback(name)
    const known = done.get(name)
    if (known !== undefined) return known
    if (open.has(name)) return ""
    open.add(name)
    const value = entry.quote === "'" ? entry.text : expandText(entry.text, valueOf)
    open.delete(name)
    done.set(name, value)
    return value
  }
  for (const key of entries.keys()) valueOf(key)
  return done
}

export function expandText(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replace(
    new RegExp(`\\\\\\$|\\$\\$|\\$\\{(${KEY})(?:(:?)-([^}]*))?\\}|\\$(${KEY})`, "g"),
    (whole, braced: string | undefined, colon: string | undefined, other: string | undefined, plain: string | undefined) => {
      if (whole === "\\$" || whole === "$$") return "$"
      const value = valueOf(braced ?? plain ?? "")
      if (value === undefined || (value === "" && colon === ":")) return other ?? value ?? ""
      return value
    },
  )
}

/** Lines that were taken out (-) and put in (+), in order, each with the number that it has in its text. */
export function lineDiff(before: string[], after: string[]): string[] {
  // The longest common lines; both texts are a hundred lines or so.
  const longest: number[][] = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0))
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      longest[i]![j] = before[i] === after[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      i++
      j++
    } else if (i < before.length && (j >= after.length || longest[i + 1]![j]! >= longest[i]![j + 1]!)) lines.push(`-${before[i++]}`)
    else lines.push(`+${after[j++]}`)
  }
  return lines
}
