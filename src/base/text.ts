// Small questions about text.

/** What stands before the first separator; all of it where there is none. */
export function textBefore(text: string, separator: string): string {
  const at = text.indexOf(separator)
  return at === -1 ? text : text.slice(0, at)
}
