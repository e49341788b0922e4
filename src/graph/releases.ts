// Carries a plan out: components are built, tested and published side by side; one that fails leaves the others alone.

import { defaultBuilder } from "../plan/provenance.js"
import type { PublishedTag } from "../plan/publishing.js"
import { publishedReferences, type PublishedTo, publishTargets } from "../plan/registries.js"
import type { ReleasedComponent } from "../plan/released.js"
import type { PlanRow } from "../plan/report.js"
import { imageOf } from "../plan/components.js"
import { imageAttachments, withReferrers } from "./attachments.js"
import { type BuildOptions, type BuildWish, componentImage } from "./components.js"
import { tailOf } from "./failures.js"
import { imageLayout } from "./layouts.js"
import { publishLayout } from "./publishing.js"
import type { RegistryAccess } from "./registries.js"
import { log, type Settings } from "./settings.js"
import { checkKey, signImages, type SigningKey } from "./signing.js"
import { smokeTest } from "./tests.js"

/** Where images go; absent for a build alone. */
export interface PublishOrder extends PublishedTo {
  access: RegistryAccess
  /** Without a key nothing is signed. */
  signing?: SigningKey
  /** Never used before, because registries are asked anew. */
  mark: string
}

/** Builds an image and lets it be published only when its tests pass. */
export async function releaseImage(
  settings: Settings,
  wish: BuildWish,
  order?: PublishOrder,
  stopped: () => boolean = () => false,
): Promise<{ digest: string; tags: PublishedTag[] }> {
  const component = imageOf(settings.catalogue, wish.component)
  // Names are checked before minutes are spent.
  if (order !== undefined) publishTargets(component, order.registries, order.tags.length > 0 ? order.tags : ["version"])
  if (order?.signing !== undefined) await checkKey(settings, order.signing)
  const image = await componentImage(settings, wish)
  const failed = (await smokeTest(settings, component, image.container)).filter(({ ok }) => !ok)
  if (failed.length > 0) throw new Error(`tests of the image failed: ${failed.map(({ name }) => name).join("; ")}`)
  const layout = await imageLayout(settings, image)
  if (order === undefined) return { digest: layout.digest, tags: [] }
  const tags = order.tags.length > 0 ? order.tags : [await image.container.label("org.opencontainers.image.version")]
  const targets = publishTargets(component, order.registries, tags)
  const attached = await withReferrers(settings, layout, await imageAttachments(settings, wish, image, layout, defaultBuilder))
  if (stopped()) throw new Error(stoppedReason)
  if (order.signing === undefined) log(`${wish.component}: not signed: no key is given (--sign-key)`)
  const sign = () => signed(settings, targets.map(({ repository }) => `${repository}@${layout.digest}`), order)
  return { digest: layout.digest, tags: await publishLayout(settings, attached, targets, order.access, order.mark, { beforeTags: sign }) }
}

const stoppedReason = "not published: another component failed (--fail-fast)"

/** Each by itself: they may be in several registries. */
async function signed(settings: Settings, references: string[], { signing, access, mark }: PublishOrder): Promise<void> {
  if (signing === undefined) return
  for (const reference of references) await signImages(settings, [reference], signing, access, mark)
}

/** With failFast nothing more is published once something failed; what is being pushed comes to its end. */
export async function releaseAll(
  settings: Settings,
  rows: PlanRow[],
  options: BuildOptions,
  failFast: boolean,
  order?: PublishOrder,
): Promise<ReleasedComponent[]> {
  let stopped = rows.some(({ refused }) => refused !== undefined)
  return Promise.all(
    rows.map(async (row): Promise<ReleasedComponent> => {
      if (row.refused !== undefined) return { component: row.component, result: "failed", detail: row.refused, tags: [] }
      try {
        if (row.action === "skip") {
          // What was published before there was a key gets its signature now.
          if (order?.signing !== undefined) {
            const published = publishedReferences(imageOf(settings.catalogue, row.component), order, row.version)
            await signed(settings, published.map(({ reference }) => reference), order)
          }
          return { component: row.component, result: "skipped", detail: row.reason, tags: [] }
        }
        const wish = { ...options, component: row.component }
        const { digest, tags } = await releaseImage(settings, wish, order, () => failFast && stopped)
        log(`${row.component}: ${order === undefined ? "built" : "published"} ${digest}`)
        return { component: row.component, result: order === undefined ? "built" : "published", detail: row.reason, digest, tags }
      } catch (error) {
        stopped = true
        log(`${row.component}: failed: ${tailOf(error, 3)}`)
        return { component: row.component, result: "failed", detail: tailOf(error), tags: [] }
      }
    }),
  )
}
