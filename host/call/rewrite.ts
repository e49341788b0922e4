// What ./daggerw makes of a command before Dagger sees it: the module of this project is named from any folder, options of all
// functions may stand anywhere, and what can be known now is said now.
import { existsSync, readFileSync, statSync } from "node:fs"
import { dirname, join, sep } from "node:path"
import { Problem } from "../../src/base/problem"
import { readDotenv } from "../dotenv"
import { arrange, type GivenOption, optionsOf, type Segment, wordsOf } from "./arrange"
import { checkChecks } from "./checks"
import { type Command, readCommand } from "./command"
import { MODULE_COMMANDS, OTHER_COMMANDS } from "./dagger"
import { type FileOptions, fileOptions } from "./dotenvKeys"
import { functionList } from "./functions"
import { absolute, checkInputs, isRemote } from "./inputs"
import type { FunctionList } from "./list"

export interface Rewritten {
  words: string[]
  /** Where Dagger is to run, if not where the user is. */
  folder?: string
  /** Lines for the user. */
  remarks: string[]
  /** It puts an image into Docker, podman or nerdctl. */
  exportsImage?: boolean
}

export interface Place {
  /** The folder of the user. */
  folder: string
  project: string
  environment: Record<string, string | undefined>
  /** Somebody looks on: Dagger's view hides the log of what went well, so the way on is said before. */
  terminal?: boolean
}

/** Commands that write files into the folder where they run, or nothing at all. */
const IN_PROJECT = new Set(["check", "checks", "functions", "generate", "up", "config"])

export function rewrite(words: string[], place: Place, list: FunctionList = functionList): Rewritten {
  const command = readCommand(words)
  const loads = command.name === undefined ? command.script : MODULE_COMMANDS.has(command.name)
  if (!loads) {
    forgottenCall(command, list)
    return { words, remarks: [] }
  }
  if (!isOurs(command, place)) return { words, remarks: [] }
  if (command.name === "call") return call(words, command, place, list)
  if (command.name === "check" || command.name === "checks") checkChecks(command.help ? [] : command.operands, list)

  const away = place.folder !== place.project && command.module === undefined
  const file: FileOptions = command.help ? { options: [], remarks: [] } : dotenvOf(place, list)
  checkInputs(file.options, place.project, place.environment)
  if (!away) return { words, remarks: file.remarks }
  if (command.name !== undefined && IN_PROJECT.has(command.name)) return { words, folder: place.project, remarks: file.remarks }
  // A shell's and a query's paths are the user's.
  return { words: withModule(words, command.length, place.project), remarks: file.remarks }
}

function call(words: string[], command: Command, place: Place, list: FunctionList): Rewritten {
  const file = command.help ? { options: [], remarks: [] } : dotenvOf(place, list)
  const preset = (option: string, name?: string): boolean => file.options.some((entry) => entry.name === option && entry.function === name)
  const arranged = arrange(words, command.length, list, preset)
  const away = place.folder !== place.project
  if (arranged.help)
    return {
      words: away && command.module === undefined ? withModule(wordsOf(arranged), command.length, place.project) : wordsOf(arranged),
      remarks: [],
    }

  if (place.terminal) file.remarks.push(...wayOn(arranged.chain, arranged.gives))
  const exportsImage = arranged.chain.some(({ name, own }) => !own && name === "export-image")
  const used = file.options.filter((entry) => applies(entry, arranged.chain))
  checkInputs([...optionsOf(arranged), ...used], (option) => (used.includes(option) ? place.project : place.folder), place.environment)
  if (!away) return { words: wordsOf(arranged), remarks: file.remarks, exportsImage }

  // Paths in .env are relative to it, wherever the user is.
  for (const entry of used.filter(isLocalPath)) {
    const segment = arranged.chain.find(({ name }) => name === entry.function)
    segment?.given.push({ ...entry, value: located(entry, place.project) })
  }
  // Dagger writes changes of the project's files into the folder where it runs.
  if (arranged.gives === "Changeset" && !optionsOf(arranged).some(({ name }) => name === "catalogue")) {
    for (const segment of arranged.chain)
      segment.given = segment.given.map((entry) => (isLocalPath(entry) ? { ...entry, value: located(entry, place.folder) } : entry))
    return { words: wordsOf(arranged), folder: place.project, remarks: file.remarks }
  }
  const all = wordsOf(arranged)
  return { words: command.module === undefined ? withModule(all, command.length, place.project) : all, remarks: file.remarks, exportsImage }
}

/** For a call that ends with something inside the engine, of which Dagger prints an identifier. */
function wayOn(chain: Segment[], gives: string | undefined): string[] {
  const [first, last, ...more] = chain
  if (
    last === undefined ||
    !last.own ||
    more.length > 0 ||
    [first!, last].some(({ words }) => words.some((word) => /^(-o|--output)/.test(word)))
  )
    return []
  const name = last.given.find((entry) => entry.name === "component")?.value
  const call = `./daggerw call ${last.name}${name === undefined ? "" : ` --component=${name}`}`
  if (gives === "Container" && name !== undefined) {
    return [
      `${last.name} ends with a container inside the engine. Go on, with the same options, with one of:`,
      `  ./daggerw call archive --component=${name} export --path=${name}.tar`,
      `  ${call} export-image --name=${name}`,
      `  ./daggerw call publish --component=${name} --registry=HOST/NAMESPACE`,
      "  (--progress=plain shows its name, version, size and base)",
    ]
  }
  if (gives === "File" || gives === "Directory")
    return [`${last.name} ends with a ${gives.toLowerCase()} inside the engine. Write it here: ${call} export --path=PATH`]
  return []
}

/** `./daggerw build …` without call, unless Dagger has such a command itself. */
function forgottenCall({ name }: Command, list: FunctionList): void {
  if (name === undefined || OTHER_COMMANDS.has(name) || existsSync(name)) return
  if (Object.hasOwn(list.objects[list.main]!.functions, name))
    throw new Problem(`${name} is a function of the module: ./daggerw call ${name} …`)
}

/** Is it about this project's module? Below this project another module may be the nearest, as Dagger looks for it. */
function isOurs({ module }: Command, { folder, project, environment }: Place): boolean {
  if (module !== undefined) return module !== "" && !isRemote(module) && absolute(module, folder) === project
  if (environment["DAGGER_MODULE"]) return false
  if (folder !== project && !folder.startsWith(project + sep)) return true
  for (let at = folder; at !== project; at = dirname(at)) if (existsSync(join(at, "dagger.json"))) return false
  return true
}

function dotenvOf({ project, environment }: Place, list: FunctionList): FileOptions {
  const path = join(project, ".env")
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return { options: [], remarks: [] }
  const text = readFileSync(path, "utf8")
  return fileOptions(readDotenv(text, environment), text, list)
}

/** Does this call use what the file says, or does it say something else itself? */
function applies(entry: GivenOption, chain: Segment[]): boolean {
  const segment = chain.find(({ name, own }) => own && name === entry.function)
  return segment !== undefined && !segment.given.some(({ name }) => name === entry.name)
}

const PATHS = new Set(["Directory", "File", "Socket"])

function isLocalPath({ type, value }: GivenOption): boolean {
  if (type === "Secret") return /^file:/.test(value)
  return PATHS.has(type) && !isRemote(value)
}

function located({ type, value }: GivenOption, folder: string): string {
  if (type === "Secret") return `file://${absolute(value.replace(/^file:/, ""), folder)}`
  return absolute(value.replace(/^unix:\/\//, ""), folder)
}

function withModule(words: string[], length: number, project: string): string[] {
  return [...words.slice(0, length), `--mod=${project}`, ...words.slice(length)]
}
