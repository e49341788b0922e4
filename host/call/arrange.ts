// The words after `dagger call`, put in the order that Dagger takes: options of all functions stand before the first function,
// each function's own right behind its name. People write them anywhere. What is not known here stays as it is written.
import { nearest } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import { CALL } from "./dagger"
import type { FunctionList, KnownFunction, KnownObject, Options } from "./list"
import { nestedFunction, renamedFunction, renamedOption } from "./moved"
import { kebab } from "./names"
import { longOption, shortOptions } from "./words"

/** An option with its value, for those who check values. */
export interface GivenOption {
  /** How the user knows it: --source. */
  shown: string
  name: string
  /** Without the exclamation mark of those that must be given. */
  type: string
  value: string
  /** The function's name; absent for options of all functions. */
  function?: string
  /** It is one of the module's own, not of Dagger's objects. */
  own: boolean
}

export interface Arranged {
  /** What stands before the first function, then each function. */
  chain: Segment[]
  /** What is not known here, from there on. */
  rest: string[]
  /** The type of the call's result; absent where it is not known. */
  gives?: string
  help: boolean
}

export const wordsOf = ({ chain, rest }: Arranged): string[] => [...chain.flatMap(segmentWords), ...rest]
export const optionsOf = ({ chain }: Arranged): GivenOption[] => chain.flatMap(({ given }) => given)

function segmentWords({ name, words, given }: Segment): string[] {
  return [...(name === undefined ? [] : [name]), ...words, ...given.map((entry) => `--${entry.name}=${entry.value}`)]
}

/** Options that files or the environment give: "component" of "build". */
export type Preset = (option: string, functionName?: string) => boolean

export interface Segment {
  /** The function's name; absent for what stands before the first. */
  name?: string
  options: Options
  own: boolean
  /** Dagger's own options, as they are written. */
  words: string[]
  given: GivenOption[]
}

interface Pending {
  name: string
  value?: string
  type: string
}

/** The words up to the given number are those up to call itself. */
export function arrange(words: string[], start: number, list: FunctionList, preset: Preset = () => false): Arranged {
  const first: Segment = { options: list.objects[list.main]!.options, own: true, words: [], given: [] }
  const chain = [first]
  const waiting: Pending[] = []
  let type: string | undefined = list.main
  let help = false
  let rest: string[] = []

  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const segment = chain[chain.length - 1]!
    if (at === start - 1) {
      segment.words.push(word)
      continue
    }
    if (word === "--" || type === undefined) {
      rest = words.slice(at)
      help ||= rest.includes("--help") || rest.includes("-h")
      type = undefined
      break
    }
    if (word.startsWith("-") && word !== "-") {
      const long = longOption(word)
      if (!long) {
        const cluster = shortOptions(word, CALL)
        if (!cluster) throw new Problem(`${place(segment)} has no option ${word}: ./daggerw call ${path(chain)}--help lists them`)
        if (cluster.flags.some(({ short }) => short === "h")) help = true
        segment.words.push(word)
        if (cluster.open) segment.words.push(valueAfter(words, ++at, word))
        continue
      }
      const { name } = long
      const flag = Object.hasOwn(segment.options, name) ? undefined : CALL.find((known) => known.name === name)
      if (flag) {
        if (name === "help") help = true
        segment.words.push(word)
        if (flag.value && long.value === undefined) segment.words.push(valueAfter(words, ++at, word))
        continue
      }
      const owner = ownerOf(name, chain)
      const found = owner ? owner.options[name]! : typeAhead(name, list.objects[list.main]!, chain)
      if (found === undefined) throw unknownOption(name, chain, list)
      const plain = found.replace(/!$/, "")
      const value = long.value ?? (plain === "Boolean" ? undefined : valueAfter(words, ++at, `--${name}`, list))
      // bump --version and --version of all builds: in front of both, it is meant for the function that follows.
      const shared = chain.length === 1 && owner && typeAhead(name, list.objects[list.main]!, chain) === found
      if (owner && !shared) give(owner, { name, value, type: plain })
      else waiting.push({ name, value, type: plain })
      continue
    }
    const object: KnownObject | undefined = list.objects[type]
    const name = kebab(word)
    const found: KnownFunction | undefined = object && Object.hasOwn(object.functions, name) ? object.functions[name] : undefined
    if (found === undefined) {
      // A list's elements, or an object that the list does not have: Dagger knows.
      if (object === undefined && !PLAIN.has(type)) {
        type = undefined
        at -= 1
        continue
      }
      throw unknownFunction(word, chain, object, list)
    }
    const next: Segment = { name, options: found.options, own: list.own.includes(type), words: [], given: [] }
    chain.push(next)
    type = found.gives
    for (const entry of waiting.splice(0)) {
      const owner = [next, first].find(({ options }) => Object.hasOwn(options, entry.name))
      if (owner) give(owner, entry)
      else waiting.push(entry)
    }
  }
  // Nothing follows: what all functions have is for them.
  for (const entry of waiting.splice(0)) {
    if (Object.hasOwn(first.options, entry.name)) give(first, entry)
    else waiting.push(entry)
  }
  const lost = waiting[0]
  if (lost) throw unknownOption(lost.name, chain, list)
  if (!help && rest.length === 0) for (const segment of chain.slice(1)) demand(segment, chain, preset)
  return { chain, rest, gives: type, help }
}

/** Types of results that nothing can follow. */
const PLAIN = new Set(["String", "Boolean", "Int", "void", "[String]", "[Boolean]", "[Int]"])

function give(segment: Segment, { name, value, type }: Pending): void {
  const entry = { shown: `--${name}`, name, type, value: value ?? "true", own: segment.own }
  segment.given.push(segment.name === undefined ? entry : { ...entry, function: segment.name })
}

/** The function that an option belongs to: the last one that has it, then all functions' options. */
function ownerOf(name: string, chain: Segment[]): Segment | undefined {
  return [...chain].reverse().find(({ options }) => Object.hasOwn(options, name))
}

/** The type of an option that stands before its function, which is not read yet. */
function typeAhead(name: string, main: KnownObject, chain: Segment[]): string | undefined {
  if (chain.length > 1) return undefined
  return Object.values(main.functions).find(({ options }) => Object.hasOwn(options, name))?.options[name]
}

function valueAfter(words: string[], at: number, option: string, list?: FunctionList): string {
  const value = words[at]
  const next = value === undefined ? undefined : longOption(value)
  const known =
    next && list && (Object.hasOwn(list.objects[list.main]!.options, next.name) || typeAhead(next.name, list.objects[list.main]!, []))
  if (value === undefined || known) throw new Problem(`${option} needs a value: write ${option}=VALUE`)
  return value
}

const place = ({ name }: Segment): string => (name === undefined ? "call" : name)
const path = (chain: Segment[]): string => chain.map(({ name }) => (name === undefined ? "" : `${name} `)).join("")

function unknownOption(name: string, chain: Segment[], list: FunctionList): Problem {
  const segment = chain[chain.length - 1]!
  const main = list.objects[list.main]!
  const here =
    chain.length > 1
      ? chain.slice(1).flatMap(({ options }) => Object.keys(options))
      : Object.values(main.functions).flatMap(({ options }) => Object.keys(options))
  const known = [...new Set([...here, ...Object.keys(main.options), ...CALL.map((flag) => flag.name)])]
  const renamed = renamedOption(name, list)
  if (renamed !== undefined)
    return new Problem(
      `${place(segment)} has no option --${name}: write --${renamed}, which is an option of the whole call (./daggerw call --help lists them)`,
    )
  const near = nearest(name, known)
  const meant = near === undefined ? "" : `, did you mean --${near}?`
  const others = Object.entries(main.functions).filter(([, { options }]) => Object.hasOwn(options, name))
  const elsewhere =
    near === undefined && others.length > 0
      ? ` (${others
          .map(([key]) => key)
          .slice(0, 4)
          .join(", ")} ${others.length === 1 ? "has" : "have"} it)`
      : ""
  return new Problem(`${place(segment)} has no option --${name}${meant || elsewhere} (./daggerw call ${path(chain)}--help lists them)`)
}

function unknownFunction(word: string, chain: Segment[], object: KnownObject | undefined, list: FunctionList): Problem {
  const last = chain[chain.length - 1]!
  const switches = last.given[last.given.length - 1]
  if (/^(true|false)$/.test(word) && switches?.type === "Boolean")
    return new Problem(`write ${switches.shown}=${word}: an option that is on or off takes its value behind a =`)
  const known = Object.keys(object?.functions ?? {})
  const near = renamedFunction(kebab(word), known) ?? nearest(kebab(word), known)
  const wanted = Object.entries(last.options).find(([name, type]) => type.endsWith("!") && !last.given.some((entry) => entry.name === name))
  if (last.name !== undefined && near === undefined && wanted) {
    return new Problem(`${last.name} takes "${word}" as an option: ./daggerw call ${path(chain)}--${wanted[0]}=${word}`)
  }
  const meant = near === undefined ? "" : `, did you mean ${near}?`
  const nested = last.name === undefined ? nestedFunction(kebab(word), list) : []
  if (nested.length > 0) return new Problem(`there is no function ${word}: ./daggerw call ${nested.join(" or ./daggerw call ")}`)
  if (last.name === undefined) return new Problem(`there is no function ${word}${meant} (./daggerw functions lists them)`)
  if (known.length === 0) return new Problem(`${word} cannot follow ${last.name}, which gives text`)
  const own = Object.keys(list.objects[list.main]!.functions).includes(kebab(word))
    ? `; ${kebab(word)} is called directly: ./daggerw call ${kebab(word)}`
    : ""
  return new Problem(`${word} cannot follow ${last.name}${meant || own} (./daggerw call ${path(chain)}--help lists what can)`)
}

/** Words that stand for a value in an example, by the option's name or its type. */
const EXAMPLES: Record<string, string> = {
  component: "server",
  path: "PATH",
  images: "REGISTRY/NAME@sha256:…",
  Secret: "env://NAME",
  Directory: "FOLDER",
  File: "FILE",
  "[String]": "A,B",
}

function demand(segment: Segment, chain: Segment[], preset: Preset): void {
  const missing = Object.entries(segment.options).filter(
    ([name, type]) =>
      type.endsWith("!") && !segment.given.some((entry) => entry.name === name) && !preset(name, segment.own ? segment.name : undefined),
  )
  if (missing.length === 0) return
  const names = missing.map(([name]) => `--${name}`).join(" and ")
  const example = missing
    .map(([name, type]) => `--${name}=${EXAMPLES[name] ?? EXAMPLES[type.replace(/!$/, "")] ?? name.toUpperCase()}`)
    .join(" ")
  const before = path(chain.slice(0, chain.indexOf(segment) + 1))
  throw new Problem(
    `${segment.name} needs ${names}, such as ./daggerw call ${before}${example} (./daggerw call ${before}--help explains it)`,
  )
}
