// Builds and runs the small shop below tests/fixtures: what would take minutes with the real source.

import { type Container, type Directory, ReturnType } from "@dagger.io/dagger"
import { componentBinaries, componentImage, openWorkshop } from "../graph/components.js"
import type { Settings } from "../graph/settings.js"
import { planGaps, sourceGaps } from "../graph/sourceParts.js"
import type { TestCase } from "../plan/suites.js"
import { casesOf, fails, has, same } from "./cases.js"
import { shopFixture } from "./shopFixture.js"

export async function shopTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const { source, wish, from } = await shopFixture(settings, checkout)
  const image = async (directory: Directory) => (await componentImage(from(directory), wish)).container
  const version = (container: Container) => container.withExec(["shop-api", "version"]).stdout()

  return casesOf([
    [
      "Go 1.22.7 is chosen by go.mod",
      async () => same(await version(await image(source)), "shop-api go1.22.7\n"),
    ],
    [
      "another Go is chosen by another go.mod",
      async () => {
        const { go } = settings.catalogue.pins
        const newer = source.withNewFile("go.mod", `module example.com/shop\n\ngo ${go}\n`)
        same(await version(await image(newer)), `shop-api go${go}\n`)
      },
    ],
    [
      "one binary holds both programs",
      async () => {
        const entries = await (await componentBinaries(from(source), wish)).entries()
        same(entries.sort().join(" "), "shop shop-api shop-worker")
      },
    ],
    [
      "a program with init() is built separately",
      async () => {
        const odd = source.withNewFile("cmd/shop-api/init.go", "package main\n\nfunc init() {}\n")
        const built = await image(odd)
        same(await version(built), "shop-api go1.22.7\n")
        same((await built.directory("/usr/local/bin").entries()).includes("shop"), false)
      },
    ],
    [
      "a source that does not compile ends with the compiler's words",
      async () => {
        const broken = source.withNewFile("internal/goods/broken.go", "package goods\n\nvar x int = \"tea\"\n")
        await fails(() => componentBinaries(from(broken), wish), "internal/goods/broken.go:3:13: cannot use")
      },
    ],
    [
      "a program that no image gets is named, and one that the catalogue leaves out on purpose is not",
      async () => {
        const more = source.withFile("cmd/shop-bot/main.go", source.file("cmd/shop-api/main.go"))
        const gaps = async (settings: Settings) => {
          const { source, toolchain } = await openWorkshop(settings, "shop", "debian")
          return (await sourceGaps(settings, "shop", source, toolchain)).join("\n")
        }
        same(await gaps(from(source)), "")
        has(await gaps(from(more)), "has programs that are in no image: cmd/shop-bot. Add them to stack.yaml")
        has((await planGaps(from(more.withoutDirectory("cmd/shop-worker")))).join("\n"), "does not have these programs of stack.yaml: cmd/shop-worker (shop-worker)")
        const { catalogue, ...rest } = from(more)
        const sources = { shop: { ...catalogue.sources.shop, otherPrograms: ["cmd/shop-bot"] } }
        same(await gaps({ ...rest, catalogue: { ...catalogue, sources } }), "")
      },
    ],
    [
      "a source without go.mod is told apart",
      () => fails(() => componentBinaries(from(source.withoutFile("go.mod")), wish), "the source has no go.mod: give the top"),
    ],
    [
      "the supervisor gives up when a program cannot run",
      async () => {
        const ill = (await image(source)).withEnvVariable("SHOP_WORKER", "ill")
        const ended = ill.withExec([], { useEntrypoint: true, expect: ReturnType.Any })
        const [code, output] = await Promise.all([ended.exitCode(), ended.stdout()])
        if (code === 0) throw new Error("the container ended with exit code 0")
        if (!output.includes("the worker is ill")) throw new Error("the programs' output is not on the standard output")
      },
    ],
    [
      "a healthy stack becomes ready",
      async () => {
        const service = (await image(source)).asService({ useEntrypoint: true })
        await service.start()
        await service.stop()
      },
    ],
  ])
}
