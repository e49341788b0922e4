// What a program printed at its end, in one line.

/** The last lines that say something, on one line. */
export function lastWords(output: string, count = 3): string {
  const lines = output
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean)
  return lines.slice(-count).join(" / ") || "no output"
}
