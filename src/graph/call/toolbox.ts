// A small container with pinned tools: what talks to registries, lists contents, signs.

import type { Container } from "@dagger.io/dagger"
import { pinnedImage } from "../../catalogue/lookup.js"
import { plainPath } from "../../plan/build/image.js"
import { pullFirst, withSystemPackages } from "../build/bases.js"
import { toolProgram } from "../toolchains/helpers.js"
import type { Settings } from "./settings.js"

/** Tools of versions.yaml by their names on the PATH, and packages of the distribution by the fallback. */
export async function toolbox(settings: Settings, tools: string[], packages: string[] = []): Promise<Container> {
  const debian = await pullFirst(settings, [pinnedImage(settings.catalogue, "debian")])
  let runner = await withSystemPackages(settings, debian, "debian", ["ca-certificates", ...packages])
  for (const name of tools) {
    runner = runner.withFile(`/usr/local/bin/${name}`, await toolProgram(settings, name), { permissions: 0o755 })
  }
  return runner.withEnvVariable("PATH", plainPath)
}
