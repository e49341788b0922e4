// The toolchains by name, with what they do in containers.

import { entryOf } from "../../base/entries.js"
import type { SourceEntry } from "../../catalogue/types.js"
import { toolchainNamed, toolchainOf } from "../../plan/toolchains/toolchains.js"
import type { Settings } from "../call/settings.js"
import { go } from "./go/toolchain.js"
import type { Toolchain } from "./toolchain.js"

const toolchains: Record<string, Toolchain> = { go }

export function toolchainByName(name: string): Toolchain {
  return entryOf("toolchain", toolchains, toolchainNamed(name).name)
}

export function toolchainFor(entry: SourceEntry): Toolchain {
  return entryOf("toolchain", toolchains, toolchainOf(entry).name)
}

/** Other defaults of Dockerfiles' build arguments, by what the caller has said. */
export async function dockerfileArguments(settings: Settings): Promise<Record<string, string>> {
  return Object.assign({}, ...(await Promise.all(Object.values(toolchains).map((one) => one.dockerfileArguments(settings)))))
}
