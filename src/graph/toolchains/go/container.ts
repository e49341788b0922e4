// Go in any version, in a container with the same layout wherever it comes from.

import type { Container } from "@dagger.io/dagger"
import { firstOf } from "../../../base/attempts.js"
import { pinnedImage } from "../../../catalogue/lookup.js"
import { plainPath } from "../../../plan/build/image.js"
import { type CompilerOrigin, compilerOrigins } from "../../../plan/build/origins.js"
import { moduleVariables } from "../../../plan/toolchains/go/modules.js"
import { goPackages } from "../../../plan/toolchains/go/origins.js"
import { helperVersion } from "../../../plan/toolchains/helpers.js"
import { compilerImage } from "../../../plan/toolchains/images.js"
import { freshened, fromFirst, pullFirst, withSystemPackages } from "../../build/bases.js"
import { tailOf } from "../../call/failures.js"
import { log, type Settings } from "../../call/settings.js"
import type { PreparedToolchain } from "../toolchain.js"
import { withModuleCache } from "./caches.js"
import { goproxyOf } from "./proxy.js"

const path = `/go/bin:/usr/local/go/bin:${plainPath}`

/** Go in this version; without one any Go will do, to fetch modules or to run a helper. */
export async function goToolchain(
  settings: Settings,
  version?: string,
  order = compilerOrigins(settings.from, settings.bundle !== undefined),
): Promise<PreparedToolchain> {
  const outcome = await firstOf(
    version === undefined ? "Go" : `Go ${version}`,
    order.map((origin) => ({
      name: names[origin],
      // Installing has its own limit; this one leaves room for waiting until other builds have installed theirs.
      limitSeconds: 1800,
      run: () => reasoned(() => origins[origin](settings, version)),
    })),
    log,
  )
  return { name: "go", version: version ?? helperVersion(settings.catalogue), container: outcome.value }
}

async function reasoned<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw new Error(tailOf(error, 3))
  }
}

const names: Record<CompilerOrigin, string> = {
  image: "official image",
  distribution: "Debian's Go and the toolchain module",
}

const origins: Record<CompilerOrigin, (settings: Settings, version?: string) => Promise<Container>> = {
  async image(settings, version = helperVersion(settings.catalogue)) {
    const reference = compilerImage(settings.catalogue, "golang", version)
    return prepared(settings, freshened(settings, await fromFirst(settings, [reference])).withEnvVariable("GOTOOLCHAIN", "local"))
  },

  /** Debian's Go becomes any other version automatically: it fetches Go's own toolchain module into the module cache. */
  async distribution(settings, version) {
    const debian = await pullFirst(settings, [pinnedImage(settings.catalogue, "debian")])
    const fresh = { ...debian, container: freshened(settings, debian.container) }
    // Private modules come from git where no proxy has them.
    const withGo = await withSystemPackages(
      settings,
      fresh,
      "debian",
      settings.toolchainOptions.go.access?.private === undefined ? goPackages : [...goPackages, "git"],
    )
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
function withAccess(
  {
    toolchainOptions: {
      go: { access },
    },
  }: Settings,
  container: Container,
): Container {
  if (access === undefined) return container
  const { netrc, service } = access
  let ready = Object.entries(moduleVariables(access)).reduce((go, [name, value]) => go.withEnvVariable(name, value), container)
  if (netrc !== undefined) ready = ready.withMountedSecret("/root/.netrc", netrc)
  return service === undefined ? ready : ready.withServiceBinding(service.host, service.service)
}
