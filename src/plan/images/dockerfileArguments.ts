// Variables in the lines of a Dockerfile that name images.

import { Problem } from "../../base/problem.js"

/** What BuildKit defines before the first FROM. Images are for one platform only. */
const platformArguments: Record<string, string> = Object.fromEntries(
  ["BUILD", "TARGET"].flatMap((side) => [
    [`${side}PLATFORM`, "linux/amd64"],
    [`${side}OS`, "linux"],
    [`${side}ARCH`, "amd64"],
    [`${side}VARIANT`, ""],
  ]),
)

/** The values of ARGs by their names; undefined for one that is declared without a value. */
export type ArgumentValues = Record<string, string | undefined>

/** The ARGs before the first FROM, in their order: later ones may use earlier ones. */
export function argumentValues(
  file: string,
  declared: [name: string, value: string | null][],
  given: Record<string, string>,
): ArgumentValues {
  const values: ArgumentValues = { ...platformArguments }
  for (const [name, value] of declared) {
    values[name] = given[name] ?? (value === null ? values[name] : expanded(file, value, values))
  }
  return values
}

const variable = /\\(.)|\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]*))?\})/g

/** Replaces $NAME, ${NAME}, ${NAME:-default} and ${NAME:+other}, as a Dockerfile does. */
export function expanded(file: string, text: string, values: ArgumentValues): string {
  return text.replace(variable, (_, escaped: string, plain: string, braced: string, sign = "", word = "") => {
    if (escaped !== undefined) return escaped
    const name = plain ?? braced
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    const set = value !== undefined && (value !== "" || !sign.startsWith(":"))
    if (sign.endsWith("+")) return set ? expanded(file, word, values) : ""
    if (set) return value
    if (sign.endsWith("-")) return expanded(file, word, values)
    if (value !== undefined) return value
    const lacking = Object.hasOwn(values, name) ? `ARG ${name} has no default` : `no ARG ${name} stands before the first FROM`
    throw new Problem(`${file}: "${text}" names an image, but ${lacking}`, `write ARG ${name}=… there, or give --build-args=${name}=…`)
  })
}

/** NAME=VALUE, as a caller writes them. */
export function readBuildArguments(given: string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, value = ""] = /^(\w+)=(.*)$/s.exec(text) ?? []
      if (name === undefined) throw new Error(`--build-args "${text}": expected NAME=VALUE, such as ALPINE=3.22`)
      return [name, value]
    }),
  )
}
