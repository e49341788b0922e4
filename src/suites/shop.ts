// Builds and runs the small shop below tests/fixtures: what would take minutes with the real source.

import { type Container, type Directory, ReturnType } from "@dagger.io/dagger"
import { loadCatalogue } from "../catalogue/load.js"
import { type BuildWish, componentBinaries, componentImage } from "../graph/components.js"
import type { Settings } from "../graph/settings.js"
import type { TestCase } from "../plan/suites.js"
import { casesOf, fails, same } from "./cases.js"

export async function shopTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const fixture = checkout.directory("tests/fixtures/shop")
  const { pins, ...parts } = await loadCatalogue("shop", (name) => fixture.file(`catalogue/${name}`).contents())
  const shop = { ...parts, pins: { ...pins, tools: settings.catalogue.pins.tools } }
  const source = fixture.directory("source")
  const wish: BuildWish = { component: "shop", base: "debian", layout: "multicall", builder: "go" }
  const from = (directory: Directory): Settings => ({ ...settings, catalogue: shop, checkout: directory })
  const version = (image: Container) => image.withExec(["shop-api", "version"]).stdout()

  return casesOf([
    [
      "Go 1.22.7 is chosen by go.mod",
      async () => same(await version(await componentImage(from(source), wish)), "shop-api go1.22.7\n"),
    ],
    [
      "Go 1.25.0 is chosen by go.mod",
      async () => {
        const newer = source.withNewFile("go.mod", "module example.com/shop\n\ngo 1.25\n")
        same(await version(await componentImage(from(newer), wish)), "shop-api go1.25.0\n")
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
        const image = await componentImage(from(odd), wish)
        same(await version(image), "shop-api go1.22.7\n")
        same((await image.directory("/usr/local/bin").entries()).includes("shop"), false)
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
      "a source without go.mod is told apart",
      () => fails(() => componentBinaries(from(source.withoutFile("go.mod")), wish), "the source has no go.mod: give the top"),
    ],
    [
      "the supervisor gives up when a program cannot run",
      async () => {
        const ill = (await componentImage(from(source), wish)).withEnvVariable("SHOP_WORKER", "ill")
        const ended = ill.withExec([], { useEntrypoint: true, expect: ReturnType.Any })
        const [code, output] = await Promise.all([ended.exitCode(), ended.stdout()])
        if (code === 0) throw new Error("the container ended with exit code 0")
        if (!output.includes("the worker is ill")) throw new Error("the programs' output is not on the standard output")
      },
    ],
    [
      "a healthy stack becomes ready",
      async () => {
        const service = (await componentImage(from(source), wish)).asService({ useEntrypoint: true })
        await service.start()
        await service.stop()
      },
    ],
  ])
}
