// The toolchains by name.

import { entryOf } from "../../base/entries.js"
import { unknownName } from "../../base/nearest.js"
import type { Catalogue, SourceEntry } from "../../catalogue/types.js"
import { go } from "./go/toolchain.js"
import type { ToolchainPlan } from "./toolchain.js"

export const toolchains: Record<string, ToolchainPlan> = { go }

export function toolchainNamed(name: string): ToolchainPlan {
  return entryOf("toolchain", toolchains, name)
}

export function toolchainOf(entry: SourceEntry): ToolchainPlan {
  return toolchainNamed(entry.toolchain)
}

/** Before anything is built: each source must name a toolchain that there is. */
export function checkToolchains({ stack, sources }: Catalogue): void {
  for (const [name, { toolchain }] of Object.entries(sources)) {
    try {
      toolchainNamed(toolchain)
    } catch (error) {
      throw new Error(`stack ${stack}: stack.yaml: sources.${name}.toolchain: ${(error as Error).message}`)
    }
  }
}

/** How a source's programs are built: as the caller says it, else in the toolchain's own way. */
export function builderOf({ builders }: ToolchainPlan, given = builders[0]): string {
  if (!builders.includes(given)) throw unknownName("value of --builder", given, builders)
  return given
}

/** Before it is known what is built: the name must be one that some toolchain has. */
export function knownBuilder(given?: string | null): string | undefined {
  const known = Object.values(toolchains).flatMap(({ builders }) => builders)
  if (!given || known.includes(given)) return given || undefined
  throw unknownName("value of --builder", given, known)
}
