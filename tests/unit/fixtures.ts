// The catalogue for tests of logic: small, and with versions that no bump changes.

import { readFileSync } from "node:fs"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"

const folder = new URL("../fixtures/im/", import.meta.url)

export const fixtureText = (name: string) => readFileSync(new URL(name, folder), "utf8")

export function fixtureCatalogue(): Promise<Catalogue> {
  return loadCatalogue("im", async (name) => fixtureText(name))
}
