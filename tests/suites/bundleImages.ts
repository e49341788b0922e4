// An image of a registry in a bundle: it is taken by its digest, and refused where the record or the archive says something else.

import type { Service } from "@dagger.io/dagger"
import { firstIn } from "../../src/base/entries.js"
import { bundledImage, readBundle } from "../../src/graph/bundle/bundle.js"
import { bundledItem } from "../../src/graph/bundle/prewarm.js"
import type { Settings } from "../../src/graph/call/settings.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { lockedVersions } from "../../src/tasks/bundleCheck.js"
import { casesOf, fails, same } from "./cases.js"

/** `reference` and `other` are different images in the registry. */
export async function bundleImageTests(
  settings: Settings,
  host: string,
  registry: Service,
  [reference, other]: [string, string],
): Promise<TestCase[]> {
  const online: Settings = { ...settings, from: "registry", registryServices: { [host]: registry } }
  const item = (one: string) => bundledItem(online, { kind: "image", references: [one] })
  return casesOf([
    [
      "bundle: an image of a registry is kept with its own manifest, taken by its digest, and lock pins that",
      async () => {
        const bundle = await readBundle(await item(reference))
        same(Object.values(bundle.records)[0]?.pulled, true)
        const { container, reference: found } = await bundledImage(bundle, [reference])
        same(found.startsWith(`${reference}@sha256:`), true)
        same((await container.rootfs().entries()).includes("etc/"), true)
        const text = `sources: {}\ntools: {}\nimages: {}\ngo: ${settings.catalogue.pins.go}\n`
        same((await lockedVersions(bundle, text)).includes(`${reference}: ${found.split("@")[1]}`), true)
      },
    ],
    [
      "bundle: a record that names another digest is not believed, and neither is lock",
      async () => {
        const bundle = await readBundle(await item(reference))
        const [name, record] = firstIn(Object.entries(bundle.records), "record")
        const forged = { ...bundle, records: { [name]: { ...record, reference: `${reference}@sha256:${"1".repeat(64)}` } } }
        await fails(() => bundledImage(forged, [reference]), "its manifest has the digest sha256:")
        await fails(() => lockedVersions({ ...forged }, ""), "its manifest has the digest sha256:")
      },
    ],
    [
      "bundle: another image under the same name and record is refused",
      async () => {
        const [ours, theirs] = await Promise.all([item(reference), item(other)])
        const bundle = await readBundle(ours)
        const [name] = Object.keys(bundle.records)
        const [archive = ""] = await theirs.glob("images/*.tar")
        const swapped = { ...bundle, directory: ours.withFile(`images/${name}.tar`, theirs.file(archive)) }
        await fails(() => bundledImage(swapped, [reference]), "the archive holds sha256:")
        const without = { ...bundle, directory: ours.withoutFile(`images/${name}.manifest.json`) }
        await fails(() => bundledImage(without, [reference]), "is not ")
      },
    ],
  ])
}
