// Which options the keys of .env stand for: BASE=alpine is --base=alpine, PUBLISH_REGISTRY=… is the option of one function.
import { nearest } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import { type Entry, placeOf, referredTo } from "../dotenv"
import { VARIABLES } from "../env"
import type { GivenOption } from "./arrange"
import type { FunctionList } from "./list"
import { movedKey } from "./moved"

interface Key {
  option: string
  type: string
  function?: string
}

/** Keys as Dagger takes them, whatever their case: GITREF, BUILD_VERSION, BUILDALL_FAILFAST or BUILD_ALL_FAILFAST. */
export function knownKeys({ main, own, objects }: FunctionList): Map<string, Key> {
  const keys = new Map<string, Key>()
  for (const name of own) {
    const before = name === main ? [""] : prefixes(name.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase())
    const add = (prefix: string, option: string, type: string, functionName?: string): void => {
      for (const start of before)
        keys.set(`${start}${prefix}${joined(option)}`, { option, type: type.replace(/!$/, ""), function: functionName })
    }
    for (const [option, type] of Object.entries(objects[name]!.options)) add("", option, type)
    for (const [functionName, { options }] of Object.entries(objects[name]!.functions)) {
      for (const prefix of prefixes(functionName))
        for (const [option, type] of Object.entries(options)) add(prefix, option, type, functionName)
    }
  }
  return keys
}

const joined = (name: string): string => name.replaceAll("-", "")
const prefixes = (name: string): string[] => [...new Set([`${joined(name)}_`, `${name.replaceAll("-", "_")}_`])]

export interface FileOptions {
  options: GivenOption[]
  /** What is worth a line, but no reason to stop. */
  remarks: string[]
}

/** The options that a file gives. A key that looks like one, but is none, ends the call: it would be built without it. */
export function fileOptions(entries: Entry[], text: string, list: FunctionList): FileOptions {
  const keys = knownKeys(list)
  const referred = referredTo(text)
  const options: GivenOption[] = []
  const remarks: string[] = []
  for (const { key, value, line } of entries) {
    const plain = key.toLowerCase().replace(new RegExp(`^${list.main.toLowerCase()}_`), "")
    const found = keys.get(key.toLowerCase()) ?? keys.get(plain)
    if (found) {
      if (found.type === "Boolean" && value !== "true" && value !== "false")
        throw new Problem(`${placeOf(line)}: ${key} is ${value || "empty"}: write true or false`)
      options.push({
        shown: `${placeOf(line)}: ${key}`,
        name: found.option,
        type: found.type,
        value,
        own: true,
        ...(found.function === undefined ? {} : { function: found.function }),
      })
    } else if (VARIABLES.some(({ name }) => name === key)) {
      throw new Problem(`${placeOf(line)}: ${key} is a variable of the environment, which is not read from .env: export ${key}=…`)
    } else if (!referred.has(key)) {
      const moved = movedKey(plain, list)
      if (moved !== undefined)
        throw new Problem(`${placeOf(line)}: nothing reads ${key}: write ${joined(moved).toUpperCase()}, an option of the whole call`)
      const same = [...keys.keys()].find((known) => known.replaceAll("_", "") === plain.replaceAll("_", ""))
      const near = same ?? nearest(plain, [...keys.keys()])
      if (near !== undefined)
        throw new Problem(
          `${placeOf(line)}: nothing reads ${key}, did you mean ${near.toUpperCase()}? (./daggerw call --help lists the options)`,
        )
      remarks.push(`${placeOf(line)}: nothing reads ${key} (./daggerw call --help lists the options)`)
    }
  }
  return { options, remarks }
}
