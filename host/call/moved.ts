// What older versions of this project called otherwise, so that a message can give today's name.
import type { FunctionList } from "./list"

/** Options of single functions that are options of the whole call now, under another name. */
const RENAMED: Record<string, string> = { username: "registry-username", password: "registry-password", ca: "registry-ca" }

/** Today's name of an option, which all functions take. */
export function renamedOption(name: string, { main, objects }: FunctionList): string | undefined {
  const now = Object.hasOwn(RENAMED, name) ? RENAMED[name]! : undefined
  return now !== undefined && Object.hasOwn(objects[main]!.options, now) ? now : undefined
}

/** Functions of objects that have another name now. */
const RENAMED_FUNCTIONS: Record<string, string> = { mongo: "mongodb-stand-in" }

/** Today's name of a function, where an object has it. */
export function renamedFunction(name: string, known: string[]): string | undefined {
  const now = Object.hasOwn(RENAMED_FUNCTIONS, name) ? RENAMED_FUNCTIONS[name]! : undefined
  return now !== undefined && known.includes(now) ? now : undefined
}

/** A key of .env that was an option of one function, such as PUBLISH_USERNAME or BUILD_VERSION: the option of today. */
export function movedKey(key: string, { main, objects }: FunctionList): string | undefined {
  const options = Object.keys(objects[main]!.options)
  const plain = (name: string): string => name.toLowerCase().replace(/[-_]/g, "")
  for (const name of Object.keys(objects[main]!.functions)) {
    if (!plain(key).startsWith(plain(name)) || plain(key) === plain(name)) continue
    const rest = plain(key).slice(plain(name).length)
    const found = Object.keys(RENAMED).includes(rest) ? RENAMED[rest] : options.find((option) => plain(option) === rest)
    if (found !== undefined && options.includes(found)) return found
  }
  return undefined
}

/** Objects that have a function of this name, by the functions that lead to them: tests for redis. */
export function nestedFunction(name: string, { main, own, objects }: FunctionList): string[] {
  return Object.entries(objects[main]!.functions).flatMap(([outer, { gives, options }]) =>
    own.includes(gives) && Object.hasOwn(objects[gives]!.functions, name) && !Object.values(options).some((type) => type.endsWith("!"))
      ? [`${outer} ${name}`]
      : [],
  )
}
