// The file .env beside dagger.json, as Dagger reads it: one option a line. What Dagger would take otherwise than it looks is
// refused with its line, so that the file has one meaning.
import { Problem } from "../src/base/problem"

export interface Entry {
  line: number
  key: string
  value: string
}

/** How a place in the file is shown: .env:3. */
export const placeOf = (line: number): string => `.env:${line}`

export function readDotenv(text: string, environment: Record<string, string | undefined> = process.env): Entry[] {
  const raw: { line: number; key: string; text: string }[] = []
  for (const [index, whole] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const line = whole.trim().replace(/^export\s+/, "")
    if (line === "" || line.startsWith("#")) continue
    const at = line.indexOf("=")
    const key = at < 0 ? line : line.slice(0, at)
    if (at < 0) throw wrong(index + 1, `"${line}" is not KEY=VALUE: write each option as KEY=VALUE, such as BASES=packages`)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      const spaces = /^[A-Za-z_][A-Za-z0-9_]*\s+$/.test(key)
      throw wrong(
        index + 1,
        spaces
          ? `write ${key.trim()}=${line.slice(at + 1).trim()} without spaces around the =`
          : `"${key}" cannot be a key: use letters, digits and _`,
      )
    }
    raw.push({ line: index + 1, key, text: line.slice(at + 1) })
  }
  const keys = new Map(raw.map((entry) => [entry.key, entry]))
  const open = new Set<string>()
  const valueOf = (entry: { line: number; key: string; text: string }): string => {
    if (open.has(entry.key)) throw wrong(entry.line, `${entry.key} refers to itself`)
    open.add(entry.key)
    const value = expanded(entry.text, entry.line, entry.key, (name) => {
      const other = keys.get(name)
      return other ? valueOf(other) : environment[name]
    })
    open.delete(entry.key)
    return value
  }
  // Of a key that stands there twice, the last one counts.
  return [...keys.values()].map((entry) => ({ line: entry.line, key: entry.key, value: valueOf(entry) }))
}

/** Keys that other values refer to: KEY in ${KEY}. */
export function referredTo(text: string): Set<string> {
  return new Set([...text.matchAll(/\$\{?([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name]) => name!))
}

const wrong = (line: number, what: string): Problem => new Problem(`${placeOf(line)}: ${what}`)

function expanded(text: string, line: number, key: string, lookup: (name: string) => string | undefined): string {
  if (!/["'`\\]|\$[A-Za-z_{(]/.test(text)) {
    if (/^\s/.test(text)) throw wrong(line, `write ${key}=${text.trim()} without spaces around the =`)
    if (/\s#/.test(text))
      throw wrong(line, `what stands behind # would belong to the value of ${key}: write the comment on a separate line`)
    return text
  }
  if (/`|\$\(/.test(text)) throw wrong(line, `${key} runs a command, which is not done here: write the value itself`)
  let value = ""
  let quote = ""
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!
    if (quote === "'") {
      if (letter === "'") quote = ""
      else value += letter
    } else if (letter === "\\" && at + 1 < text.length) {
      const next = text[++at]!
      value += quote === "" || /["\\$`]/.test(next) ? next : `\\${next}`
    } else if (letter === '"' || letter === "'") {
      if (quote === "") quote = letter
      else if (quote === letter) quote = ""
      else value += letter
    } else if (letter === "$" && /^\$(\{|[A-Za-z_])/.test(text.slice(at))) {
      const [whole, braced, fallback, plain] =
        /^\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/.exec(text.slice(at)) ?? []
      if (whole === undefined) throw wrong(line, `${key}: "${text.slice(at)}" cannot be read: write \${NAME} or \${NAME:-DEFAULT}`)
      const found = lookup((braced ?? plain)!)
      if (found === undefined && fallback === undefined) throw wrong(line, `${key} needs ${braced ?? plain}, which is not set`)
      value += found || fallback || ""
      at += whole.length - 1
    } else if (quote === "" && letter === "#" && (at === 0 || /\s/.test(text[at - 1]!))) {
      break
    } else {
      value += letter
    }
  }
  if (quote !== "") throw wrong(line, `${key} has a ${quote} without its end`)
  return value.trim()
}
