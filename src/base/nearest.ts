// An unknown name is answered with the known ones and the one that was probably meant.

import { distance } from "fastest-levenshtein"

export function unknownName(kind: string, name: string, known: string[]): Error {
  const near = nearest(name, known)
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`
  return new Error(`unknown ${kind} "${name}".${hint} Known: ${known.join(", ") || "none"}`)
}

/** The known name with the fewest changed letters, if they are few enough to be a slip. */
export function nearest(name: string, known: string[]): string | undefined {
  const wanted = name.toLowerCase()
  const part = wanted.length >= 3 ? known.find((candidate) => candidate.endsWith(`-${wanted}`)) : undefined
  if (part !== undefined) return part
  let best: string | undefined
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const changes = distance(wanted, candidate.toLowerCase())
    if (changes < least) {
      least = changes
      best = candidate
    }
  }
  return best
}
