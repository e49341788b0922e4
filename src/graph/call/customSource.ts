// The source that --source, --git and --overlay give.

import type { Directory, Secret, Socket } from "@dagger.io/dagger"
import type { Catalogue } from "../../catalogue/types.js"
import { checkGitAddress, checkSourceOptions, customSourceName, sourcePath } from "../../plan/build/customSource.js"
import { manifestsOf } from "../build/customSources.js"
import type { CustomSource } from "./settings.js"

/** The options that say which source is built. */
export interface SourceOptions {
  source?: Directory
  git?: string
  gitRef: string
  gitUser?: string
  gitToken?: Secret
  gitSsh?: Socket
  gitKnownHosts?: string
  sourcePath?: string
  sourceOf?: string
  overlay?: Directory
}

/** Nothing where the pinned source is built as it is. */
export async function customSource(options: SourceOptions, catalogue: Catalogue, component?: string): Promise<CustomSource | undefined> {
  const {
    source,
    git: url,
    gitRef: ref,
    gitUser: username,
    gitToken: token,
    gitSsh: ssh,
    gitKnownHosts: knownHosts,
    sourceOf,
    overlay,
  } = options
  const path = sourcePath(options.sourcePath)
  const reading = token !== undefined || ssh !== undefined || Boolean(username) || ref !== "HEAD"
  checkSourceOptions({ checkout: source !== undefined, git: Boolean(url), reading, path })
  if (!source && !url && !overlay) return undefined
  if (url) checkGitAddress(url, { token: token !== undefined, knownHosts })
  const manifests = source ? await manifestsOf(source, path) : {}
  const of = customSourceName(catalogue, { given: sourceOf, component, manifests })
  return { of, checkout: source, git: url ? { url, ref, username, token, ssh, knownHosts } : undefined, overlay, path }
}
