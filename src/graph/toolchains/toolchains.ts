// The toolchains by name, with what they do in containers.

import { entryOf } from "../../base/entries.js"
import type { SourceEntry } from "../../catalogue/types.js"
import { toolchainNamed, toolchainOf, usedToolchains } from "../../plan/toolchains/toolchains.js"
import type { Settings } from "../call/settings.js"
import { go } from "./go/toolchain.js"
import { node } from "./node/toolchain.js"
import { python } from "./python/toolchain.js"
import { rust } from "./rust/toolchain.js"
import type { ProgramMaker, SourceRegistry, Toolchain } from "./toolchain.js"

const toolchains: Record<string, Toolchain> = { go, node, python, rust }

export function toolchainByName(name: string): Toolchain {
  return entryOf("toolchain", toolchains, toolchainNamed(name).name)
}

export function toolchainFor(entry: SourceEntry): Toolchain {
  return entryOf("toolchain", toolchains, toolchainOf(entry).name)
}

/** What makes programs by a toolchain. stack.yaml has been checked: only those that make some are asked. */
export function programMaker(name: string): ProgramMaker {
  const { programs, title } = toolchainByName(name)
  if (programs === undefined) throw new Error(`${title} makes no programs`)
  return programs
}

/** The same of what makes files. */
export function contentMaker(name: string): NonNullable<Toolchain["content"]> {
  const { content, title } = toolchainByName(name)
  if (content === undefined) throw new Error(`${title} makes no files`)
  return content
}

/** Where a source is published in its toolchain's own registry. Asked of those only that have one. */
export function registryOf(entry: SourceEntry): SourceRegistry {
  const { registry, title } = toolchainFor(entry)
  if (registry === undefined) throw new Error(`${title} has no registry of sources: ${entry.title} is in git alone`)
  return registry
}

/** Other defaults of Dockerfiles' build arguments, by what the caller has said. Mirrors of other toolchains are not asked. */
export async function dockerfileArguments(settings: Settings): Promise<Record<string, string>> {
  const used = usedToolchains(settings.catalogue).map(({ name }) => toolchainByName(name))
  return Object.assign({}, ...(await Promise.all(used.map((one) => one.dockerfileArguments(settings)))))
}
