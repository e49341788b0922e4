// An offline bundle as the functions prewarm, prewarm-check and lock have it: made, compared, built from, and pinned. Its subject is
// Redis, which takes the least. That a bundle does without a network is for the host tests to show.

import { type Directory, dag } from "@dagger.io/dagger"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { sourceEntry } from "../../src/catalogue/lookup.js"
import { componentImage } from "../../src/graph/build/components.js"
import { imageLayout } from "../../src/graph/build/layouts.js"
import { readBundle } from "../../src/graph/bundle/bundle.js"
import { checkNeeds } from "../../src/graph/bundle/needs.js"
import { prewarmed } from "../../src/graph/bundle/prewarm.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { type BundleRow, bundleTable } from "../../src/plan/bundle/check.js"
import { prewarmRequest } from "../../src/plan/bundle/items.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { compareBundle, lockedVersions } from "../../src/tasks/bundleCheck.js"
import { casesOf, fails, same } from "./cases.js"
import { firstGroup } from "./groups.js"

export async function bundleTests(given: Settings, moment: string): Promise<TestCase[]> {
  const { catalogue } = given
  const settings = { ...given, bundle: undefined }
  const needs = (...components: string[]) => prewarmRequest(catalogue, { components, base: "debian", tools: [], services: false })
  const request = { component: "redis", base: "debian", layout: "multicall", builder: "go" } as const
  const { bundle: folder, rows } = await prewarmed(settings, needs("redis"))
  const compared = async (directory: Directory, ...components: string[]) =>
    compareBundle(settings, await readBundle(directory), needs(...components), moment)
  const digest = async (changed: Partial<Settings>) => {
    const used = { ...settings, ...changed }
    return (await imageLayout(used, await componentImage(used, request))).digest
  }

  return casesOf([
    [
      "prewarm fetches every item, and says so in its report",
      async () => {
        const unfetched = rows.filter(({ result }) => result !== "fetched")
        same(unfetched.map(({ title, result, reason }) => `${title}: ${result} ${reason}`).join("\n"), "")
        const items = await folder.glob("items/*.json")
        same(items.length, rows.length)
        same((await folder.file("report.txt").contents()).includes(`${rows.length} of ${rows.length} (100 %)`), true)
      },
    ],
    [
      "prewarm fetches nothing that the bundle has",
      async () => {
        const again = await prewarmed({ ...settings, bundle: await readBundle(folder) }, needs("redis"))
        same(
          again.rows
            .filter(({ result }) => result !== "in the bundle")
            .map(({ title }) => title)
            .join(),
          "",
        )
        same(again.rows.length, rows.length)
      },
    ],
    [
      "prewarm-check finds a new bundle current, item by item",
      async () => {
        const found = await compared(folder, "redis")
        same(
          found
            .filter(({ state }) => state !== "current")
            .map(text)
            .join("\n"),
          "",
        )
        same(bundleTable(found).trimEnd().split("\n").at(-1), `${rows.length} current`)
      },
    ],
    [
      "prewarm-check names a damaged file's item, what another component lacks, and what nobody needs",
      async () => {
        const record = Object.entries((await readBundle(folder)).records).find(
          ([, { kind, set }]) => kind === "packages" && set !== undefined,
        )!
        const [file = ""] = await folder.glob(`packages/${record[0]}/**/*.deb`)
        const damaged = folder.withNewFile(file, "cut")
        const found = await compared(damaged, "redis")
        same(
          found
            .filter(({ state }) => state !== "current")
            .map(text)
            .join("\n"),
          `damaged ${record[1].title}`,
        )
        await fails(
          () => readBundle(damaged).then((bundle) => checkNeeds({ ...settings, bundle }, needs("redis"))),
          `the bundle is damaged: missing or changed: ${file} (`,
        )
        const other = await compared(folder, firstGroup(catalogue).name)
        const states = (state: BundleRow["state"]) => other.filter((row) => row.state === state).map(({ title }) => title)
        for (const title of [`Go modules of ${sourceEntry(catalogue, firstGroup(catalogue).source).title}`]) {
          if (!states("missing").some((one) => one.startsWith(title)))
            throw new Error(`${title} is not missing: ${other.map(text).join("\n")}`)
        }
        if (!states("unneeded").some((title) => title.includes("redis")))
          throw new Error(`nothing of Redis is unneeded: ${other.map(text).join("\n")}`)
      },
    ],
    [
      "lock pins what the bundle holds; a build with a network then installs the same",
      async () => {
        const bundle = await readBundle(folder)
        const texts = dag.currentModule().source().directory(`stacks/${catalogue.stack}`)
        const file = (name: string) => texts.file(name).contents()
        const versions = await lockedVersions(bundle, await file("versions.yaml"))
        const locked = await loadCatalogue(catalogue.stack, async (name) => (name === "versions.yaml" ? versions : file(name)))
        const sets = Object.values(bundle.records).flatMap(({ set, packages }) =>
          set === undefined || !packages ? [] : [[set, packages] as const],
        )
        const redis = sets.find(([, packages]) => "redis-server" in packages)!
        same(JSON.stringify(locked.pins.packages[redis[0]]), JSON.stringify(redis[1]))
        same(await lockedVersions(bundle, versions), versions)
        same(await digest({ catalogue: locked }), await digest({ bundle, from: "packages" }))
      },
    ],
    [
      "what is not a bundle, and what the bundle lacks, is said before anything is built",
      async () => {
        await fails(
          () => readBundle(dag.directory().withNewFile("a", "")),
          "--bundle: this folder is not an offline bundle (no items/*.json)",
        )
        const bundle = await readBundle(folder)
        await fails(() => checkNeeds({ ...settings, bundle }, needs(firstGroup(catalogue).name)), "the bundle has no ")
      },
    ],
  ])
}

function text({ state, title }: BundleRow): string {
  return `${state} ${title}`
}

/** The source of the component server. */
