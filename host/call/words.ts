// One option as it stands among a command's words.
import type { Flag } from "./dagger"
import { kebab } from "./names"

export interface Word {
  /** The name in its usual form, without dashes in front. */
  name: string
  /** What follows "=". */
  value?: string
}

/** --name or --name=value; nothing for any other word. */
export function longOption(word: string): Word | undefined {
  const [, name, , value] = /^--([^=\s]+)(=([^]*))?$/.exec(word) ?? []
  return name === undefined ? undefined : { name: kebab(name), value }
}

export interface Cluster {
  flags: Flag[]
  /** The last one takes the next word as its value. */
  open: boolean
  /** The value of the last one, where it stands in the word. */
  value?: string
}

/** -y, -vv, -o=FILE, -oFILE; nothing when a letter is not known. */
export function shortOptions(word: string, known: Flag[]): Cluster | undefined {
  const flags: Flag[] = []
  for (let at = 1; at < word.length; at++) {
    const flag = known.find(({ short }) => short === word[at])
    if (flag === undefined) return undefined
    flags.push(flag)
    const rest = word.slice(at + 1)
    if (flag.value) return rest === "" ? { flags, open: true } : { flags, open: false, value: rest.replace(/^=/, "") }
    // A switch with its value: -y=false.
    if (rest.startsWith("=")) return { flags, open: false, value: rest.slice(1) }
  }
  return { flags, open: false }
}
