// What pyproject.toml says of a source. It is read without a parser of TOML: a few keys of one table.

export interface Project {
  name?: string
  /** Such as ">=3.11". */
  requiresPython?: string
  /** Such as "simpleeval>=1,<2". */
  dependencies: string[]
}

export function projectOf(manifest: string): Project {
  const table = /^\[project\]\s*$([^]*?)(?=^\[|(?![^]))/m.exec(withoutComments(manifest))?.[1] ?? ""
  const text = (key: string) => new RegExp(`^${key}\\s*=\\s*["']([^"']*)["']`, "m").exec(table)?.[1]
  return { name: text("name"), requiresPython: text("requires-python"), dependencies: listIn(table, "dependencies") }
}

/** Strings keep their number signs. */
function withoutComments(text: string): string {
  return text.replace(/("(?:[^"\\\n]|\\.)*"|'[^'\n]*')|#.*$/gm, (_, string: string | undefined) => string ?? "")
}

/** A package's extras are brackets too, within the strings. */
function listIn(table: string, key: string): string[] {
  const start = new RegExp(`^${key}\\s*=\\s*\\[`, "m").exec(table)
  if (start === null) return []
  const found: string[] = []
  for (const [token, double, single] of table.slice(start.index + start[0].length).matchAll(/"([^"]*)"|'([^']*)'|\]/g)) {
    if (token === "]") break
    found.push(double ?? single ?? "")
  }
  return found
}

/** As PyPI compares them. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-")
}
