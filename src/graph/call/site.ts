// What a call's options say about the stack and about where things are fetched from.

import type { Directory } from "@dagger.io/dagger"
import { loadCatalogue } from "../../catalogue/load.js"
import { bytesFrom } from "../../plan/build/origins.js"
import { checkToolchains } from "../../plan/toolchains/toolchains.js"
import { readUpstreams } from "../../plan/versions/upstreamAnswers.js"
import { watchedOf } from "../../plan/versions/watch.js"
import { readBundle } from "../bundle/bundle.js"
import { checkToolchainOptions, type ToolchainOptions } from "../toolchains/options.js"
import { callMirrors } from "./mirrors.js"
import type { Settings } from "./settings.js"

export interface Site {
  stack: string
  catalogue?: Directory | null
  bases: string
  toolchainOptions: ToolchainOptions
  mirrors: string[]
  upstreams: string[]
  bundle?: Directory | null
}

export async function siteSettings({
  stack,
  catalogue: folder,
  bases,
  toolchainOptions,
  mirrors,
  upstreams,
  bundle,
}: Site): Promise<Settings> {
  checkToolchainOptions(toolchainOptions)
  const catalogue = await loadCatalogue(stack, folder ? (name) => folder.file(name).contents() : undefined)
  checkToolchains(catalogue)
  return {
    catalogue,
    from: bytesFrom(bases, process.env.DAGGER_BASES),
    bundle: bundle ? await readBundle(bundle) : undefined,
    toolchainOptions,
    mirrors: callMirrors(mirrors),
    upstreams: readUpstreams(upstreams, watchedOf(catalogue)),
  }
}
