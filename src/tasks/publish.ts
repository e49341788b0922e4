// Plans, publishes and releases for a caller.

import { randomUUID } from "node:crypto"
import type { Changeset, Directory, File, Secret } from "@dagger.io/dagger"
import { formatted } from "../base/format.js"
import type { Catalogue } from "../catalogue/types.js"
import { fetchedFrom } from "../graph/call/mirrors.js"
import { buildOptions, type CallOptions, componentSettings, pinnedSettings, registryAccess, stackSettings } from "../graph/call/options.js"
import { readSigning } from "../graph/publish/signing.js"
import { planGaps } from "../graph/versions/sourceParts.js"
import type { BundleRequest } from "../plan/bundle/items.js"
import { fetchedLines } from "../plan/call/mirrorReports.js"
import { type Gate, gateNeeds, readGate } from "../plan/publish/gates.js"
import { planRows, planTable, readPlanRecord, recordedRow } from "../plan/publish/planRows.js"
import { publishedTable } from "../plan/publish/publishing.js"
import { chosenComponents, readExpected, releasedReport } from "../plan/publish/released.js"
import { earlierImages, planInputs } from "./plan.js"
import { type PublishOrder, releaseImage } from "./release.js"
import { bumpPlace } from "./versions.js"
import { wholeRelease } from "./wholeRelease.js"

/** What would be done, compared with a record or with what registries have. */
export async function planReport(options: CallOptions, format: string, registries: string[], record?: File | null): Promise<string> {
  const access = await registryAccess(options)
  const settings = await pinnedSettings(options)
  const inputs = await planInputs(settings, buildOptions(options))
  const where = { registries, tags: [], access, nonce: randomUUID() }
  const rows = planRows(inputs, record ? readPlanRecord(await record.contents()) : await earlierImages(settings, inputs, where))
  const [fetched, gaps] = await Promise.all([fetchedFrom(settings), planGaps(settings)])
  const lines = () => planTable(rows) + gaps.map((gap) => `${gap}\n`).join("") + fetchedLines(fetched)
  return formatted(format, lines, { stack: options.stack, rows: rows.map(recordedRow), warnings: gaps, ...fetched })
}

/** How a caller wants images published; what is not said arrives as null. */
export interface PublishCall {
  checkout: Directory
  registry: string[]
  tags: string[]
  gate: string
  signKey?: Secret | null
  signPassword?: Secret | null
}

/** Names, secrets and expectations are checked before anything is built. */
async function orderOf(options: CallOptions, call: PublishCall): Promise<Omit<PublishOrder, "expected">> {
  const gate = readGate(call.gate)
  const access = await registryAccess(options)
  const signing = await readSigning(call.signKey, call.signPassword)
  return { registries: call.registry, tags: call.tags, access, signing, nonce: randomUUID(), gate, checkout: call.checkout }
}

export async function publishedReport(
  options: CallOptions,
  component: string,
  call: PublishCall & { expect?: string | null },
): Promise<string> {
  const order = await orderOf(options, call)
  const { catalogue } = await stackSettings(options)
  const settings = await componentSettings(options, component, publishingNeeds(catalogue, [component], order))
  const expected = readExpected(catalogue, call.expect ? [`${component}=${call.expect}`] : [])
  const { tags, tested } = await releaseImage(settings, { ...buildOptions(options), component }, { ...order, expected })
  return `${publishedTable(tags)}\ntested before it was pushed: ${tested}\n`
}

export interface ReleaseCall extends PublishCall {
  components: string[]
  channel: string
  record?: File | null
  failFast: boolean
  date?: string | null
  expect: string[]
}

/** The texts of the report and of the state file, and the changed pins. */
export async function released(options: CallOptions, call: ReleaseCall): Promise<[report: string, state: string, changes: Changeset]> {
  const order = await orderOf(options, call)
  const { catalogue } = await stackSettings(options)
  const names = chosenComponents(catalogue, call.components)
  const expected = readExpected(catalogue, call.expect)
  const pinned = await pinnedSettings(options, publishingNeeds(catalogue, names, order), call.components[0])
  const request = {
    names,
    channel: call.channel,
    date: call.date ?? undefined,
    record: await call.record?.contents(),
    failFast: call.failFast,
  }
  const done = await wholeRelease(pinned, buildOptions(options), bumpPlace(options, call.checkout), request, { ...order, expected })
  return [releasedReport(done.released), done.record, done.changes]
}

/** What publishing needs beside what building does. */
function publishingNeeds(
  catalogue: Catalogue,
  components: string[],
  { gate, signing }: { gate: Gate; signing?: unknown },
): Partial<BundleRequest> {
  const tested = gateNeeds(catalogue, gate, components)
  const tools = ["syft", ...(signing ? ["cosign"] : []), ...tested.tools]
  return { components: [...new Set([...components, ...tested.components])], services: tested.services, tools }
}
