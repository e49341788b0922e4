// Times as records have them.

/** RFC 3339 in UTC, without fractions of a second. */
export function shortTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z")
}
