// A command line of the Dagger CLI, as far as it must be known here: its command, and whose module it is about.
import { type Flag, MODULE, ROOT } from "./dagger"
import { longOption, shortOptions } from "./words"

export interface Command {
  /** The command's name, such as call; absent where only options are given. */
  name?: string
  /** How many words stand before what follows the command's name. */
  length: number
  /** What follows it, without options and their values. */
  operands: string[]
  /** The module or none that the words name: -m, --mod, -M. */
  module?: string
  /** It only asks for help. */
  help: boolean
  /** A script is given: -c. */
  script: boolean
}

/** Reads the words up to the command's name, and looks for -m and --help in all of them. */
export function readCommand(words: string[]): Command {
  const command: Command = { length: 0, operands: [], help: false, script: false }
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (word === "--") break
    if (!word.startsWith("-") || word === "-") {
      if (command.name === undefined) {
        command.name = word
        command.length = at + 1
      } else command.operands.push(word)
      continue
    }
    const known: Flag[] = ROOT
    const long = longOption(word)
    const cluster = long ? undefined : shortOptions(word, command.name === undefined ? known : MODULE)
    const flags = long ? known.filter(({ name }) => name === long.name) : (cluster?.flags ?? [])
    const open = long ? long.value === undefined && flags.some(({ value }) => value) : (cluster?.open ?? false)
    const value = open ? words[at + 1] : (long?.value ?? cluster?.value)
    for (const { name } of flags) {
      if (name === "mod") command.module = value ?? ""
      else if (name === "no-mod") command.module = ""
      else if (name === "help") command.help = true
      else if (name === "command" && command.name === undefined) command.script = true
    }
    if (word === "-h") command.help = true
    if (open) at += 1
  }
  return command
}
