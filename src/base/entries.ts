// What must be there. A missing entry is an error that names it, not an undefined that fails further on.

import { unknownName } from "./nearest.js"

/** The entry of this name. */
export function entryOf<T>(kind: string, entries: Readonly<Record<string, T>>, name: string): T {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined
  if (entry === undefined) throw unknownName(kind, name, Object.keys(entries))
  return entry
}

/** The first of a list that is never empty. */
export function firstIn<T>(list: readonly T[], kind: string): T {
  const [first] = list
  if (first === undefined) throw new Error(`there is not one ${kind}`)
  return first
}

/** Two lists of the same length, as pairs. */
export function pairs<A, B>(left: readonly A[], right: readonly B[]): [A, B][] {
  if (left.length !== right.length) throw new Error(`${left.length} items do not match ${right.length}`)
  return left.map((item, index) => [item, right[index] as B])
}
