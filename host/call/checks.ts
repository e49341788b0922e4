// The checks that `dagger check` runs. A name that it does not know selects none, and it says that all went well.
import { nearest } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import type { FunctionList } from "./list"
import { kebab } from "./names"

/** As Dagger names them: smoke, or OBJECT:NAME for those of an object that a function gives. */
export function checkNames({ main, own, objects }: FunctionList): string[] {
  const below = (object: string, path: string[]): string[] =>
    Object.entries(objects[object]!.functions).flatMap(([name, { check, gives, options }]) => {
      const here = [...path, name]
      if (check) return [here.join(":")]
      const mayGoOn = own.includes(gives) && gives !== main && !Object.values(options).some((type) => type.endsWith("!"))
      return mayGoOn && path.length < 3 ? below(gives, here) : []
    })
  return below(main, [])
}

/** Throws a Problem for a name that selects no check. */
export function checkChecks(words: string[], list: FunctionList): void {
  const names = checkNames(list)
  for (const word of words) {
    if (/[*?[\]{}]/.test(word)) continue
    const wanted = word.split(":").map(kebab).join(":")
    if (names.some((name) => name === wanted || name.startsWith(`${wanted}:`))) continue
    if (Object.hasOwn(list.objects[list.main]!.functions, wanted))
      throw new Problem(`${wanted} is not a check, but a function: ./daggerw call ${wanted}`)
    // Of an object's checks the last part may be what was meant.
    const lastParts = names.map((name) => name.split(":").at(-1)!)
    const last = nearest(wanted, lastParts)
    const near = nearest(wanted, names) ?? names.find((name) => last !== undefined && name.endsWith(`:${last}`))
    throw new Problem(`there is no check ${word}${near === undefined ? "" : `, did you mean ${near}?`} (./daggerw check -l lists them)`)
  }
}
