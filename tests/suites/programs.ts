// Every program's own image, as build and publish give it: built, started, and found in a registry. The binary is the one of the whole
// server, which is compiled once.

import { randomUUID } from "node:crypto"
import type { Container } from "@dagger.io/dagger"
import { firstIn } from "../../src/base/entries.js"
import { type BuildOptions, componentImage } from "../../src/graph/build/components.js"
import { imageLayout, type Layout } from "../../src/graph/build/layouts.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { publishLayout } from "../../src/graph/publish/publishing.js"
import { withRegistryAccess } from "../../src/graph/publish/registries.js"
import { smokeTest } from "../../src/graph/stack/tests.js"
import { imageOf } from "../../src/plan/build/components.js"
import { publishTargets } from "../../src/plan/publish/registries.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, same } from "./cases.js"
import { registryName, testRegistries } from "./registries.js"

const host = `${registryName}:5000`

export async function programTests(settings: Settings, options: BuildOptions): Promise<TestCase[]> {
  const { catalogue } = settings
  const names = Object.values(catalogue.components).flatMap(({ kind, name }) => (kind === "program" ? [name] : []))
  const others = Object.values(catalogue.components).flatMap(({ kind, name }) => (kind === "group" ? [name] : []))
  const nonce = randomUUID()
  const { open } = await testRegistries(settings, nonce)
  const access = { plainHttp: true, service: open }
  const client = (await withRegistryAccess(await toolbox(settings, ["regctl"]), host, access)).withEnvVariable("ASKED", nonce)
  /** The lowest layer of each image, by the component's name. */
  const bases: Record<string, string> = {}
  const made = async (name: string) => {
    const image = await componentImage(settings, { ...options, component: name })
    const layout = await imageLayout(settings, image)
    bases[name] = await lowestLayer(client, layout)
    return { image, layout }
  }

  await open.start()
  const cases = await casesOf([
    ...names.map((name): [string, () => Promise<unknown>] => [
      `${name} is built, starts, and is published`,
      async () => {
        const { image, layout } = await made(name)
        const entry = imageOf(catalogue, name)
        const failed = (await smokeTest(settings, entry, image.container)).filter(({ ok }) => !ok)
        if (failed.length > 0) throw new Error(failed.map((test) => `${test.name}: ${test.detail ?? ""}`).join("\n"))
        const target = firstIn(publishTargets(entry, [`${host}/programs`], ["test"]), "target")
        const tags = await publishLayout(settings, layout, [target], access, `${nonce}-${name}`)
        same(tags.map(({ outcome }) => outcome).join(), "pushed")
        const found = await client.withExec(["regctl", "image", "digest", `${target.repository}:test`]).stdout()
        same(found.trim(), layout.digest)
      },
    ]),
    [
      "all images of the stack lie on one layer, which a registry and a server keep once",
      async () => {
        for (const name of [...others, "redis"]) await made(name)
        same(Object.keys(bases).length, names.length + others.length + 1)
        const layers = new Set(Object.values(bases))
        if (layers.size !== 1) throw new Error(`${layers.size} layers: ${JSON.stringify(bases)}`)
        same(/^sha256:[0-9a-f]{64}$/.test([...layers].join()), true)
      },
    ],
  ])
  await open.stop()
  return cases
}

async function lowestLayer(client: Container, { directory, digest }: Layout): Promise<string> {
  const manifest = client
    .withMountedDirectory("/layout", directory)
    .withExec(["regctl", "manifest", "get", "--format", "raw-body", `ocidir:///layout@${digest}`])
  const { layers } = JSON.parse(await manifest.stdout()) as { layers: { digest: string }[] }
  return firstIn(layers, "layer").digest
}
