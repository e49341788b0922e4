// An unknown name is answered with the known ones and the one that was probably meant.

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

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}
