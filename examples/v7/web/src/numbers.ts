// Numbers as people write them, and as they read them.

/** Numbers with commas or spaces between them; undefined where something else stands there. */
export function readNumbers(text: string): number[] | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== "")
  const numbers = words.map(Number)
  return words.length > 0 && numbers.every(Number.isFinite) ? numbers : undefined
}

/** At most three digits behind the point. */
export function shown(value: number): string {
  return String(Math.round(value * 1000) / 1000)
}
