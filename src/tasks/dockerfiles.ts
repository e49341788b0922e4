// Dockerfiles for builds without Dagger: one for a caller, and all below dockerfiles/.

import type { Changeset, Directory } from "@dagger.io/dagger"
import { withArchiveSum } from "../graph/build/archives.js"
import { packageMirrors } from "../graph/call/mirrors.js"
import { type CallOptions, stackSettings } from "../graph/call/options.js"
import { dockerfileArguments } from "../graph/toolchains/toolchains.js"
import { baseOf, imageOf } from "../plan/build/components.js"
import { checkPinned } from "../plan/build/versionNames.js"
import { dockerfile, dockerfilesByPath } from "../plan/dockerfile/dockerfile.js"
import { installOf } from "../plan/packages/installed.js"

export async function componentDockerfile(options: CallOptions, component: string): Promise<string> {
  checkPinned(options.version)
  const settings = await stackSettings(options)
  const { catalogue } = settings
  const entry = imageOf(catalogue, component)
  const base = baseOf(catalogue, options.base)
  // A toolchain may be installed on Debian, whatever the base.
  const packages = await Promise.all(["debian", base.distribution].map((distribution) => packageMirrors(settings, distribution)))
  const archive = entry.kind === "installed" ? installOf(catalogue, entry, base).archive : undefined
  const summed = archive === undefined ? settings : await withArchiveSum(settings, entry.name, archive)
  return dockerfile(summed.catalogue, entry, base, {
    mirrors: Object.assign({}, ...packages),
    arguments: await dockerfileArguments(settings),
  })
}

/** Those below dockerfiles/, as the catalogue has them now. */
export async function dockerfilesChanges(options: CallOptions, checkout: Directory): Promise<Changeset> {
  const { catalogue } = await stackSettings(options)
  const others = checkout.filter({ exclude: [`${catalogue.dockerfiles}/*.Dockerfile`] })
  const files = Object.entries(dockerfilesByPath(catalogue))
  return files.reduce((made, [path, text]) => made.withNewFile(path, text), others).changes(checkout)
}
