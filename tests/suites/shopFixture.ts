// The small shop below tests/fixtures: a stack of two programs that builds in seconds.

import type { Directory } from "@dagger.io/dagger"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { BuildRequest } from "../../src/graph/build/components.js"
import type { Settings } from "../../src/graph/call/settings.js"

export interface ShopFixture {
  source: Directory
  request: BuildRequest
  /** The call's settings with the shop's catalogue and this source. */
  from(source: Directory): Settings
}

export async function shopFixture(settings: Settings, checkout: Directory): Promise<ShopFixture> {
  const fixture = checkout.directory("tests/fixtures/shop")
  const { pins, ...parts } = await loadCatalogue("shop", (name) => fixture.file(`catalogue/${name}`).contents())
  const catalogue = { ...parts, pins: { ...pins, tools: settings.catalogue.pins.tools } }
  return {
    source: fixture.directory("source"),
    request: { component: "shop", base: "debian", layout: "multicall", builder: "go" },
    from: (source) => ({ ...settings, catalogue, custom: { of: "shop", checkout: source } }),
  }
}
