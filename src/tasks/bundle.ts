// Offline bundles for a caller: made, compared with today, and locked.

import type { Changeset, Directory } from "@dagger.io/dagger"
import { checkFormat, formatted } from "../base/format.js"
import { prewarmed } from "../graph/bundle/prewarm.js"
import { bundleSettings, type CallOptions, sourceSettings } from "../graph/call/options.js"
import { checkPinned } from "../plan/build/versionNames.js"
import { bundleTable } from "../plan/bundle/check.js"
import { prewarmRequest } from "../plan/bundle/items.js"
import { prewarmTable } from "../plan/bundle/prewarm.js"
import { pinPaths } from "../plan/versions/pinFiles.js"
import { compareBundle, lockedVersions } from "./bundleCheck.js"
import { bumpPlace } from "./versions.js"

/** Which items a caller asks for. */
export interface BundleCall {
  components: string[]
  tools: string[]
  services: boolean
}

export async function prewarmedBundle(options: CallOptions, asked: BundleCall, renew: boolean, partial: boolean): Promise<Directory> {
  checkPinned(options.version)
  const settings = await sourceSettings(options, asked.components[0])
  const { bundle, rows } = await prewarmed(settings, prewarmRequest(settings.catalogue, { ...asked, base: options.base }), renew)
  if (!partial && rows.some(({ result }) => result === "failed")) throw new Error(prewarmTable(rows))
  return bundle
}

export async function bundleReport(options: CallOptions, asked: BundleCall, format: string): Promise<string> {
  checkFormat(format)
  const settings = await bundleSettings(options, asked.components[0])
  const request = prewarmRequest(settings.catalogue, { ...asked, base: options.base })
  const rows = await compareBundle(settings, settings.bundle, request, new Date().toISOString())
  return formatted(format, () => bundleTable(rows), rows)
}

export async function lockedChanges(options: CallOptions, checkout: Directory): Promise<Changeset> {
  const { bundle } = await bundleSettings(options)
  const { folder, stack } = bumpPlace(options, checkout)
  const path = pinPaths(stack).versions
  return folder.withNewFile(path, await lockedVersions(bundle, await folder.file(path).contents())).changes(folder)
}
