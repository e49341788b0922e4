// The Go toolchain: any version, the same layout wherever it comes from.

import { CacheSharingMode, type Container, dag, type Directory, type File } from "@dagger.io/dagger"
import type { ToolPin } from "../../../catalogue/types.js"
import { firstOf } from "../../../base/attempts.js"
import { cacheName, type Trust } from "../../../plan/build/caches.js"
import { newer } from "../../../plan/toolchains/go/version.js"
import { plainPath } from "../../../plan/build/image.js"
import { moduleVariables } from "../../../plan/toolchains/go/modules.js"
import { goOrigins, type GoOrigin, goPackages } from "../../../plan/toolchains/go/origins.js"
import { buildFlags } from "../../../plan/toolchains/go/programs.js"
import { freshened, fromFirst, pullFirst, withSystemPackages } from "../../build/bases.js"
import { explain, tailOf } from "../../call/failures.js"
import { goproxyOf } from "../../call/mirrors.js"
import { fetchModule } from "./sources.js"
import { log, type Settings } from "../../call/settings.js"

export interface Toolchain {
  version: string
  container: Container
}

const path = `/go/bin:/usr/local/go/bin:${plainPath}`

/** Go in this version; without one any Go will do, to fetch modules or to run a helper. */
export async function goToolchain(
  settings: Settings,
  version?: string,
  order = goOrigins(settings.from, settings.bundle !== undefined),
): Promise<Toolchain> {
  const outcome = await firstOf(
    version === undefined ? "Go" : `Go ${version}`,
    order.map((origin) => ({
      name: names[origin],
      // Installing has a limit of its own; this one leaves room for waiting until other builds have installed theirs.
      limitSeconds: 1800,
      run: () => reasoned(() => origins[origin](settings, version)),
    })),
    log,
  )
  return { version: version ?? settings.catalogue.pins.go, container: outcome.value }
}

async function reasoned<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw new Error(tailOf(error, 3))
  }
}

const names: Record<GoOrigin, string> = {
  image: "official image",
  distribution: "Debian's Go and the toolchain module",
}

const origins: Record<GoOrigin, (settings: Settings, version?: string) => Promise<Container>> = {
  async image(settings, version = settings.catalogue.pins.go) {
    const reference = settings.catalogue.pins.images.golang.replace("{version}", version)
    return prepared(settings, freshened(settings, await fromFirst(settings, [reference])).withEnvVariable("GOTOOLCHAIN", "local"))
  },

  /** Debian's Go becomes any other version by itself: it fetches Go's own toolchain module into the module cache. */
  async distribution(settings, version) {
    const debian = await pullFirst(settings, [settings.catalogue.pins.images.debian])
    const fresh = { ...debian, container: freshened(settings, debian.container) }
    // Private modules come from git where no proxy has them.
    const withGo = await withSystemPackages(settings, fresh, "debian", settings.modules?.private === undefined ? goPackages : [...goPackages, "git"])
    const wanted = version === undefined ? "local" : `go${version}`
    return prepared(settings, withGo.withEnvVariable("GOTOOLCHAIN", wanted))
  },
}

async function prepared(settings: Settings, container: Container): Promise<Container> {
  const ready = withModuleCache(settings, await withProxy(settings, container))
    .withEnvVariable("PATH", path)
    .withEnvVariable("GOPATH", "/go")
    .withEnvVariable("GO111MODULE", "on")
    .withEnvVariable("CGO_ENABLED", "0")
    .withExec(["go", "version"])
  return ready.sync()
}

async function withProxy(settings: Settings, container: Container): Promise<Container> {
  // A folder as the one and only proxy: Go asks no checksum database, whose place the bundle's own checksums take.
  if (settings.bundle) {
    return container
      .withMountedDirectory("/bundle/go", settings.bundle.directory.directory("go"))
      .withEnvVariable("GOPROXY", "file:///bundle/go")
      .withEnvVariable("GOSUMDB", "off")
  }
  const goproxy = await goproxyOf(settings)
  return withAccess(settings, goproxy ? container.withEnvVariable("GOPROXY", goproxy) : container)
}

/** Passwords are a file that is there while commands run, and in no layer. */
function withAccess({ modules }: Settings, container: Container): Container {
  if (modules === undefined) return container
  const { netrc, service } = modules
  let ready = Object.entries(moduleVariables(modules)).reduce((go, [name, value]) => go.withEnvVariable(name, value), container)
  if (netrc !== undefined) ready = ready.withMountedSecret("/root/.netrc", netrc)
  return service === undefined ? ready : ready.withServiceBinding(service.host, service.service)
}

/** The same for every Go, and for builds of different stacks. Several may fetch at once: Go itself locks what it writes. */
export function withModuleCache(settings: Settings, container: Container, trust?: Trust): Container {
  // What a bundle lacks must be missed, and what Go's checksum database did not see is for this bundle's builds alone.
  // Nor may private modules be found by those who cannot read them.
  const only = settings.modules === undefined ? undefined : "private"
  const name = cacheName("openim-go-mod", { bundle: settings.bundle !== undefined, trust, only })
  return container.withMountedCache("/go/pkg/mod", dag.cacheVolume(name), { sharing: CacheSharingMode.Shared })
}

/**
 * What this Go has compiled, for the steps that compile and no others: these wait for each other. Go uses all processors for one
 * build, and two that run at once compile what both need twice, as neither finds it yet.
 */
export function withBuildCache({ bundle, emptyCaches }: Settings, version: string, container: Container, trust?: Trust): Container {
  return withCompiled(container, emptyCaches ? emptied : cacheName(`openim-go-build-${version}`, { bundle: bundle !== undefined, trust }))
}

function withCompiled(container: Container, name: string): Container {
  return container.withMountedCache(compiled, dag.cacheVolume(name), { sharing: CacheSharingMode.Locked })
}

const compiled = "/root/.cache/go-build"
/** One for all runs: an engine keeps a volume for as long as it has room, and another name for each run would fill it. */
const emptied = "openim-go-build-emptied"

/** Before builds with `emptyCaches`. The mark must never have been used. */
export async function emptyBuildCache(box: Container, mark: string): Promise<void> {
  await withCompiled(box, emptied).withEnvVariable("EMPTIED_FOR", mark).withExec(["find", compiled, "-mindepth", "1", "-delete"]).sync()
}

/** They log in to registries and sign. */
const keyTools = ["regctl", "cosign"]

/** A program of a pinned Go module. */
export async function buildTool(settings: Settings, toolchain: Toolchain, name: string): Promise<File> {
  const pin = toolPin(settings, name)
  const builder = await toolToolchain(settings, toolchain, pin)
  // What gets passwords and keys is made of nothing that another build has left.
  const container = keyTools.includes(name) ? withModuleCache(settings, builder.container, "tools") : builder.container
  const source = fetchModule(container, pin.module, pin.version, pin.sum).withWorkdir("/module/source")
  return explain(`${name} ${pin.version} cannot be built`, "Check the network and --goproxy.", () =>
    withBuildCache(settings, builder.version, source)
      // Not `go install`: it also asks the proxy for the list of versions, which some refuse.
      .withExec(["go", "build", ...buildFlags, "-o", `/out/${name}`, `./${pin.package}`])
      .file(`/out/${name}`)
      .sync(),
  )
}

export function toolPin({ catalogue }: Settings, name: string): ToolPin {
  const pin = catalogue.pins.tools[name]
  if (pin !== undefined) return pin
  throw new Error(`stack ${catalogue.stack}: versions.yaml has no tools.${name}; copy it from stacks/openim/versions.yaml`)
}

/** The source's own Go saves fetching another one, unless the tool needs a newer one. */
async function toolToolchain(settings: Settings, toolchain: Toolchain, pin: ToolPin): Promise<Toolchain> {
  const version = newer(toolchain.version, pin.go)
  return version === toolchain.version ? toolchain : goToolchain(settings, version)
}

/** One of this module's own Go programs. */
export function buildHelper(settings: Settings, toolchain: Toolchain, name: string): File {
  const source: Directory = dag.currentModule().source().directory(`go/${name}`)
  const helper = toolchain.container.withDirectory("/helper", source, { exclude: ["*_test.go"] }).withWorkdir("/helper")
  return withBuildCache(settings, toolchain.version, helper)
    .withExec(["go", "build", ...buildFlags, "-o", `/out/${name}`, "."])
    .file(`/out/${name}`)
}

/** Its files themselves: a directory's digest is only the same on the same engine. What it imports stands in go.sum. */
export async function helperTexts(name: string): Promise<string[]> {
  const folder = dag.currentModule().source().directory(`go/${name}`)
  const files = (await folder.entries()).filter((file) => !file.endsWith("_test.go") && !file.endsWith("/")).sort()
  return Promise.all(files.map((file) => folder.file(file).contents()))
}
