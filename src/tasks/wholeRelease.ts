// A release from newer versions to what registries hold: the pins, the plan, the images, and the record of it.

import type { Changeset } from "@dagger.io/dagger"
import type { BuildOptions } from "../graph/build/components.js"
import type { Settings } from "../graph/call/settings.js"
import type { WatchTools } from "../graph/versions/upstream.js"
import { planRows, readPlanRecord } from "../plan/publish/planRows.js"
import { type ReleasedComponent, releaseRecord } from "../plan/publish/released.js"
import { earlierImages, planInputs } from "./plan.js"
import { type PublishOrder, releaseAll, unsignedAreBuilt } from "./release.js"
import { type BumpPlace, catalogueIn, releaseChanges } from "./versions.js"

export interface ReleaseRequest {
  names: string[]
  /** Which newer versions to take; pinned for none. */
  channel: string
  date?: string
  /** The text of an earlier release's state, instead of asking registries. */
  record?: string
  failFast: boolean
}

export interface WholeRelease {
  released: ReleasedComponent[]
  record: string
  changes: Changeset
}

export async function wholeRelease(
  pinned: Settings,
  options: BuildOptions,
  place: BumpPlace,
  request: ReleaseRequest,
  order: PublishOrder,
  tools?: WatchTools,
): Promise<WholeRelease> {
  const { names } = request
  const changes = await releaseChanges(pinned, place, names, request.channel, request.date, tools)
  const settings = { ...pinned, catalogue: await catalogueIn(changes.after(), place.stack) }
  const to = { registries: order.registries, tags: order.tags }
  const inputs = await planInputs(settings, options, names)
  const earlier = request.record === undefined ? await earlierImages(settings, inputs, order) : readPlanRecord(request.record, to)
  const rows = await unsignedAreBuilt(settings, planRows(inputs, earlier), order)
  const released = await releaseAll(settings, rows, options, request.failFast, order)
  return { released, record: releaseRecord(settings.catalogue, rows, released, to), changes }
}
