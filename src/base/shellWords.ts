// Words of a command for a POSIX shell.

/** The word as a shell reads it back: quoted where it has more than harmless characters. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ")
}
