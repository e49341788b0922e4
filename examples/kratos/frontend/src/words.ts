// What the page says of a check.

export function verdict(crossed: readonly string[]): string {
  if (crossed.length === 0) return "The text crosses no red line."
  return `The text crosses ${crossed.length === 1 ? "a red line" : `${crossed.length} red lines`}: ${crossed.join(", ")}.`
}
