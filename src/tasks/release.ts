// Carries a plan out: components are built and tested side by side, and what passed its gate is published; one that fails is tried again
// when nothing runs beside it, and leaves the others alone.

import type { Directory } from "@dagger.io/dagger"
import { atOnceThenAlone, type Done } from "../base/alone.js"
import { pairs } from "../base/entries.js"
import { once } from "../base/once.js"
import { Problem } from "../base/problem.js"
import { type BuildOptions, type BuildRequest, componentImage } from "../graph/build/components.js"
import { type BuiltImage, imageLayout } from "../graph/build/layouts.js"
import { tailOf } from "../graph/call/failures.js"
import { log, type Settings } from "../graph/call/settings.js"
import { imageAttachments, withReferrers } from "../graph/publish/attachments.js"
import { askRegistries, publishLayout } from "../graph/publish/publishing.js"
import type { RegistryAccess } from "../graph/publish/registries.js"
import { checkKey, type SigningKey, signedImages, signImages } from "../graph/publish/signing.js"
import { type Candidate, candidateOf, smokeGate, stackGate } from "../graph/stack/gates.js"
import { imageOf } from "../plan/build/components.js"
import { type Gate, type GatePlan, gatePlan, testedWords } from "../plan/publish/gates.js"
import type { PlanRow } from "../plan/publish/planRows.js"
import type { PublishedTag } from "../plan/publish/publishing.js"
import { type PublishedTo, type PublishTarget, publishedReferences, publishTargets } from "../plan/publish/registries.js"
import { checkExpected, type ReleasedComponent } from "../plan/publish/released.js"
import { defaultBuilder } from "../plan/supplychain/provenance.js"

/** Where images go and what they must pass before; absent for a build alone. */
export interface PublishOrder extends PublishedTo {
  access: RegistryAccess
  /** Without a key nothing is signed. */
  signing?: SigningKey
  /** Never used before, because registries are asked again. */
  nonce: string
  gate: Gate
  /** The tests that run on a stack. */
  checkout: Directory
  /** Digests that were tested elsewhere, by component: an image with another one is not pushed. */
  expected?: Record<string, string>
}

/** An image that has passed its smoke test. */
interface Prepared {
  request: BuildRequest
  image: BuiltImage
  candidate: Candidate
  plan: GatePlan
}

async function prepared(settings: Settings, request: BuildRequest, order?: PublishOrder): Promise<Prepared> {
  const component = imageOf(settings.catalogue, request.component)
  // Names and registries are checked before minutes are spent.
  if (order !== undefined) {
    const targets = publishTargets(component, order.registries, order.tags.length > 0 ? order.tags : ["version"])
    await askRegistries(settings, targets, order.access, order.nonce)
  }
  if (order?.signing !== undefined) await checkKey(settings, order.signing)
  const gate = order?.gate ?? "smoke"
  const image = await componentImage(settings, request)
  const layout = await imageLayout(settings, image)
  checkExpected(request.component, layout.digest, order?.expected)
  // What is pushed is tested as it is pushed; what is only built needs no second copy.
  const candidate =
    order === undefined
      ? { component: request.component, layout, container: image.container }
      : await candidateOf(settings, request.component, layout)
  await smokeGate(settings, gate, candidate)
  return { request, image, candidate, plan: gatePlan(settings.catalogue, gate, request.component) }
}

interface Published {
  digest: string
  tested: string
  tags: PublishedTag[]
}

/** Pushes an image that has passed its gate. */
async function pushed(settings: Settings, { request, image, candidate, plan }: Prepared, order: PublishOrder): Promise<Published> {
  const { layout } = candidate
  const component = imageOf(settings.catalogue, request.component)
  const tags = order.tags.length > 0 ? order.tags : [await image.container.label("org.opencontainers.image.version")]
  const targets = publishTargets(component, order.registries, tags)
  const attached = await withReferrers(settings, layout, await imageAttachments(settings, request, image, layout, defaultBuilder))
  if (order.signing === undefined) log(`${request.component}: not signed: no key is given (--sign-key)`)
  const beforeTags = () => signed(settings, targets, layout.digest, order)
  const published = await publishLayout(settings, attached, targets, order.access, order.nonce, { beforeTags })
  return { digest: layout.digest, tested: testedWords(plan), tags: published }
}

/** Builds an image and lets it be published only when it passes its gate. */
export async function releaseImage(settings: Settings, request: BuildRequest, order: PublishOrder): Promise<Published> {
  const built = await prepared(settings, request, order)
  if (built.plan.suites.length > 0) await stackGate(settings, request, order.gate, [built.candidate], order.checkout)
  return pushed(settings, built, order)
}

/** Each repository separately: they may be in several registries. */
async function signed(
  settings: Settings,
  targets: PublishTarget[],
  digest: string,
  { signing, access, nonce }: PublishOrder,
): Promise<void> {
  if (signing === undefined) return
  for (const { repository, tags } of targets) {
    await signImages(
      settings,
      tags.map((tag) => `${repository}:${tag}@${digest}`),
      signing,
      access,
      nonce,
    )
  }
}

/**
 * With a key, what a registry calls unchanged is only believed when this key has signed it under its name: a label can be copied by
 * anybody who may push there. Anything else is built, which gives the same digest where nothing was touched.
 */
export async function unsignedAreBuilt(settings: Settings, rows: PlanRow[], order: PublishOrder): Promise<PlanRow[]> {
  const { signing } = order
  if (signing === undefined) return rows
  return Promise.all(
    rows.map(async (row): Promise<PlanRow> => {
      // A record of ours names the digest: that one is signed.
      if (row.action === "build" || row.inputs === undefined || row.digest !== undefined) return row
      const published = publishedReferences(imageOf(settings.catalogue, row.component), order, row.version)
      const hosts = [...new Set(published.map(({ host }) => host))]
      const found = await Promise.all(
        hosts.map((name) => {
          const references = published.filter(({ host }) => host === name).map(({ reference }) => reference)
          return signedImages(settings, references, signing, order.access, order.nonce)
        }),
      )
      if (found.flat().length === published.length) return row
      return { ...row, action: "build", reason: "unchanged by its label, but not signed by this key" }
    }),
  )
}

/** What was published before there was a key gets its signature now, by the digest that a record of ours names. */
async function signRecorded(settings: Settings, row: PlanRow, order?: PublishOrder): Promise<void> {
  if (order?.signing === undefined || row.digest === undefined) return
  const tags = order.tags.length > 0 || row.version === undefined ? order.tags : [row.version]
  await signed(settings, publishTargets(imageOf(settings.catalogue, row.component), order.registries, tags), row.digest, order)
}

const stoppedReason = "not published: another component failed (--fail-fast)"

/** With failFast nothing more is published once something failed; what is being pushed comes to its end. */
export async function releaseAll(
  settings: Settings,
  rows: PlanRow[],
  options: BuildOptions,
  failFast: boolean,
  order?: PublishOrder,
): Promise<ReleasedComponent[]> {
  let stopped = rows.some(({ refused }) => refused !== undefined)
  const wanted = rows.filter(({ action, refused }) => action === "build" && refused === undefined)
  const works = wanted.map(({ component }) => (alone: boolean) => {
    if (alone) log(`${component}: built again, with nothing beside it`)
    return prepared(settings, { ...options, component }, order)
  })
  // What a source or a caller has wrong stays wrong.
  const made = atOnceThenAlone(works, (error) => !failFast && !(error instanceof Problem))
  const building = new Map(pairs(wanted, made))
  // One stack serves all images that must pass there, once each of them is built or has failed.
  const tested = once(async () => {
    const built = (await Promise.allSettled(made)).flatMap((one) => (one.status === "fulfilled" ? [one.value.value] : []))
    const inStack = built.filter(({ plan }) => plan.suites.length > 0).map(({ candidate }) => candidate)
    if (order !== undefined && !(failFast && stopped)) await stackGate(settings, options, order.gate, inStack, order.checkout)
  })
  const released = async (row: PlanRow, build?: Promise<Done<Prepared>>): Promise<ReleasedComponent> => {
    const { component } = row
    if (row.refused !== undefined) return { component, result: "failed", detail: row.refused, tags: [] }
    if (build === undefined) {
      await signRecorded(settings, row, order)
      return { component, result: "skipped", detail: row.reason, tags: [] }
    }
    const { value: built, failedBeside } = await build
    const reason = failedBeside === undefined ? row.reason : `${row.reason}; alone: beside the others it failed: ${tailOf(failedBeside, 1)}`
    if (order === undefined) {
      const { digest } = built.candidate.layout
      log(`${component}: built ${digest}`)
      return { component, result: "built", detail: reason, digest, tested: testedWords(built.plan), tags: [] }
    }
    if (built.plan.suites.length > 0) await tested()
    if (failFast && stopped) throw new Error(stoppedReason)
    const published = await pushed(settings, built, order)
    log(`${component}: published ${published.digest}`)
    return { component, result: "published", detail: reason, ...published }
  }
  return Promise.all(
    rows.map(async (row) => {
      try {
        return await released(row, building.get(row))
      } catch (error) {
        stopped = true
        log(`${row.component}: failed: ${tailOf(error, 3)}`)
        return { component: row.component, result: "failed", detail: tailOf(error), tags: [] }
      }
    }),
  )
}
