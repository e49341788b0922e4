// Programs that belong to no source: tools of versions.yaml, and this project's own below go/.

import { type Container, type Directory, dag, type File } from "@dagger.io/dagger"
import type { ToolPin } from "../../../catalogue/types.js"
import { buildFlags, helperFolder, outsideModuleCache, toolFlags } from "../../../plan/toolchains/go/programs.js"
import { newer } from "../../../plan/toolchains/go/version.js"
import { helperVersion, toolPin, toolVersion } from "../../../plan/toolchains/helpers.js"
import { explain } from "../../call/failures.js"
import type { Settings } from "../../call/settings.js"
import type { PreparedToolchain } from "../toolchain.js"
import { compiling, withBuildCache, withModuleCache } from "./caches.js"
import { goToolchain } from "./container.js"
import { fetchModule } from "./sources.js"

/** They log in to registries and sign. */
const keyTools = ["regctl", "cosign"]

/** A program of a pinned Go module. */
export async function buildTool(settings: Settings, toolchain: PreparedToolchain, name: string): Promise<File> {
  const pin = toolPin(settings.catalogue, name)
  const builder = await toolToolchain(settings, toolchain, pin)
  // What gets passwords and keys is made of nothing that another build has left.
  const container = keyTools.includes(name) ? withModuleCache(settings, builder.container, "tools") : builder.container
  const source = fetchModule(container, pin.module, pin.version, pin.sum).withWorkdir("/module/source")
  return explain(`${name} ${pin.version} cannot be built`, "check the network and --goproxy", () =>
    withBuildCache(settings, builder.version, source)
      // Not `go install`: it also asks the proxy for the list of versions, which some refuse.
      .withExec(compiling(name, ["go", "build", ...toolFlags(pin), "-o", `/out/${name}`, `./${pin.package}`]))
      .file(`/out/${name}`)
      .sync(),
  )
}

/** The source's own Go saves fetching another one, unless the tool needs a newer one. */
async function toolToolchain(settings: Settings, toolchain: PreparedToolchain, pin: ToolPin): Promise<PreparedToolchain> {
  const version = newer(toolchain.version, toolVersion(pin))
  return version === toolchain.version ? toolchain : goToolchain(settings, version)
}

/** One of this module's own Go programs. */
export function buildHelper(settings: Settings, toolchain: PreparedToolchain, name: string): File {
  const source: Directory = dag.currentModule().source().directory(helperFolder(name))
  const helper = toolchain.container.withDirectory("/helper", source, { exclude: ["*_test.go"] }).withWorkdir("/helper")
  return withBuildCache(settings, toolchain.version, helper)
    .withExec(compiling(name, ["go", "build", ...buildFlags, "-o", `/out/${name}`, "."]))
    .file(`/out/${name}`)
}

/** The tests of all of them, each with Go's own report as its output. */
export async function helperTests(settings: Settings): Promise<Container[]> {
  const go = await goToolchain(settings, helperVersion(settings.catalogue))
  const source = dag.currentModule().source().directory(helperFolder(""))
  return (await source.entries())
    .map((entry) => entry.replace(/\/$/, ""))
    .map((name) => {
      return (
        withBuildCache(settings, go.version, go.container)
          .withDirectory("/helper", source.directory(name))
          .withWorkdir("/helper")
          // As builds do it, so that both find what the other has compiled.
          .withEnvVariable("GOFLAGS", "-trimpath")
          .withExec(compiling(`tests of ${name}`, ["sh", "-c", `${outsideModuleCache} && go vet ./... && go test -v ./...`]))
      )
    })
}
