// What a caller can look up: components, base images, mirrors.

import type { Directory } from "@dagger.io/dagger"
import { formatted } from "../base/format.js"
import { choiceOf, detectedProxy, mirrorEntries } from "../graph/call/mirrors.js"
import { type CallOptions, givenProxies, pinnedSettings, stackSettings } from "../graph/call/options.js"
import { baseImagesReport } from "../graph/images/baseImages.js"
import { askEvery } from "../mirrors/choice.js"
import { baseOf } from "../plan/build/components.js"
import { checkMirrorFormat, mirrorReport } from "../plan/call/mirrorReports.js"
import { readBuildArguments } from "../plan/images/dockerfileArguments.js"
import { componentTable } from "../plan/publish/planRows.js"
import { pinnedVersion, publishedAs } from "../plan/publish/publishedAs.js"

export async function componentList(options: CallOptions, format: string): Promise<string> {
  const { catalogue } = await stackSettings(options)
  const list = Object.values(catalogue.components)
  const plain = list.map((entry) => ({ ...entry, version: pinnedVersion(catalogue, entry), published: publishedAs(catalogue, entry) }))
  return formatted(format, () => componentTable(catalogue, list), plain)
}

/** Every mirror of --mirrors is asked. */
export async function mirrorList(options: CallOptions, format: string): Promise<string> {
  checkMirrorFormat(format)
  const { catalogue } = await stackSettings(options)
  const entries = mirrorEntries(options.mirrors)
  const asked = await askEvery(choiceOf(entries), entries, baseOf(catalogue, options.base).distribution)
  return mirrorReport(format, { asked, ...givenProxies(options), proxy: detectedProxy() })
}

/** What is listed, of the stack or of a folder's Dockerfiles; what is not given arrives as null. */
export interface BaseImagesCall {
  format: string
  dockerfiles?: Directory | null
  buildArgs: string[]
  status: boolean
}

export async function baseImageList(options: CallOptions, { format, dockerfiles, buildArgs, status }: BaseImagesCall): Promise<string> {
  const request = {
    format,
    base: options.base,
    dockerfiles: dockerfiles ?? undefined,
    buildArguments: readBuildArguments(buildArgs),
    status,
  }
  return baseImagesReport(await pinnedSettings(options), request)
}
