// The filter of system calls of an old Docker, for real: what runs under it is refused clone3.

import type { Directory, File } from "@dagger.io/dagger"
import type { Settings } from "../../src/graph/call/settings.js"
import { withBuildCache } from "../../src/graph/toolchains/go/caches.js"
import { goToolchain } from "../../src/graph/toolchains/go/container.js"
import { buildFlags } from "../../src/plan/toolchains/go/programs.js"

/** Where tests put it: `refusesClone3 COMMAND…`. */
export const refusesClone3 = "/usr/local/bin/refuses-clone3"

/** The program of tests/fixtures/clone3. */
export async function clone3Filter(settings: Settings, checkout: Directory): Promise<File> {
  const go = await goToolchain(settings, settings.catalogue.pins.go)
  return withBuildCache(settings, go.version, go.container)
    .withDirectory("/clone3", checkout.directory("tests/fixtures/clone3"))
    .withWorkdir("/clone3")
    .withExec(["go", "build", ...buildFlags, "-o", "/out/clone3", "."])
    .file("/out/clone3")
}
