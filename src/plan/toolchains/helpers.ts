// Programs that are no source's: those of this project, and the tools of versions.yaml. All are compiled by one toolchain.

import type { Catalogue, ToolPin } from "../../catalogue/types.js"
import { toolchains } from "./toolchains.js"

export const helperToolchain = toolchains.go

export function helperVersion({ pins }: Catalogue): string {
  return pins.go
}

/** The least one that a tool needs. */
export function toolVersion(pin: ToolPin): string {
  return pin.go
}
