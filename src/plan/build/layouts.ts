// How a caller wants programs to be put together.

import { unknownName } from "../../base/nearest.js"

/** Each layout and its name on the command line. */
const layouts = ["multicall", "separate"] as const

export function readLayout(value: string): (typeof layouts)[number] {
  const found = layouts.find((known) => known === value)
  if (found === undefined) throw unknownName("value of --programs", value, [...layouts])
  return found
}
