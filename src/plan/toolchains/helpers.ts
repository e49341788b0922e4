// Programs that belong to no source: those of this project, and the tools of versions.yaml. All are compiled by one toolchain.

import { Problem } from "../../base/problem.js"
import type { Catalogue, ToolPin } from "../../catalogue/types.js"
import { go } from "./go/toolchain.js"
import type { HelperPlan } from "./toolchain.js"

export const helperToolchain: HelperPlan = go

export function helperVersion({ pins }: Catalogue): string {
  return pins.go
}

export function toolPin({ pins, stack }: Catalogue, name: string): ToolPin {
  const pin = pins.tools[name]
  if (pin !== undefined) return pin
  throw new Problem(`stack ${stack}: versions.yaml has no tools.${name}`, "copy it from stacks/openim/versions.yaml")
}

/** The least one that a tool needs. */
export function toolVersion(pin: ToolPin): string {
  return pin.go
}
