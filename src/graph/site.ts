// What a call's options say about the stack and about where things are fetched from.

import type { Directory } from "@dagger.io/dagger"
import { loadCatalogue } from "../catalogue/load.js"
import { bytesFrom } from "../plan/origins.js"
import { readUpstreams } from "../plan/upstreamAnswers.js"
import { watchedOf } from "../plan/watch.js"
import { readBundle } from "./bundle.js"
import { callMirrors } from "./mirrors.js"
import type { Settings } from "./settings.js"

export interface Site {
  stack: string
  catalogue?: Directory | null
  bases: string
  goproxy?: string | null
  mirrors: string[]
  upstreams: string[]
  bundle?: Directory | null
}

export async function siteSettings({ stack, catalogue: folder, bases, goproxy, mirrors, upstreams, bundle }: Site): Promise<Settings> {
  const catalogue = await loadCatalogue(stack, folder ? (name) => folder.file(name).contents() : undefined)
  return {
    catalogue,
    from: bytesFrom(bases, process.env.DAGGER_BASES),
    bundle: bundle ? await readBundle(bundle) : undefined,
    goproxy: goproxy ?? undefined,
    mirrors: callMirrors(mirrors),
    upstreams: readUpstreams(upstreams, watchedOf(catalogue)),
  }
}
