// Python with pip in a container, from its image or from Debian.

import type { Container } from "@dagger.io/dagger"
import { firstOf } from "../../../base/attempts.js"
import { pinnedImage } from "../../../catalogue/lookup.js"
import { plainPath } from "../../../plan/build/image.js"
import { type CompilerOrigin, compilerOrigins } from "../../../plan/build/origins.js"
import { compilerImage } from "../../../plan/toolchains/images.js"
import { pythonPackages } from "../../../plan/toolchains/python/origins.js"
import { pipVariables } from "../../../plan/toolchains/python/pip.js"
import { servesFor } from "../../../plan/toolchains/python/version.js"
import { freshened, fromFirst, pullFirst, withSystemPackages } from "../../build/bases.js"
import { tailOf } from "../../call/failures.js"
import { log, type Settings } from "../../call/settings.js"
import type { PreparedToolchain } from "../toolchain.js"

/** The wanted Python from its image; from packages the one that Debian has, if that is not older. */
export async function pythonToolchain(settings: Settings, version = ""): Promise<PreparedToolchain> {
  const order = compilerOrigins(settings.from, settings.bundle !== undefined)
  const outcome = await firstOf(
    `Python ${version}`.trim(),
    order.map((origin) => ({ name: names[origin], limitSeconds: 1200, run: () => found(settings, origin, version) })),
    log,
  )
  const { container, actual } = outcome.value
  if (version !== "" && !`${actual}.`.startsWith(`${version}.`))
    log(`the source asks for Python ${version}; ${outcome.by} has ${actual}, which is used`)
  return { name: "python", version: actual, container }
}

const names: Record<CompilerOrigin, string> = { image: "official image", distribution: "Debian's python3" }

const origins: Record<CompilerOrigin, (settings: Settings, version: string) => Promise<Container>> = {
  async image(settings, version) {
    return freshened(settings, await fromFirst(settings, [compilerImage(settings.catalogue, "python", version || "3")]))
  },

  async distribution(settings) {
    const debian = await pullFirst(settings, [pinnedImage(settings.catalogue, "debian")])
    // Behind the packages, which are the same whenever they are installed.
    return freshened(settings, await withSystemPackages(settings, debian, "debian", pythonPackages))
  },
}

async function found(settings: Settings, origin: CompilerOrigin, version: string): Promise<{ container: Container; actual: string }> {
  try {
    const container = (await origins[origin](settings, version)).withEnvVariable("PATH", plainPath)
    const text = await container.withExec(["python3", "-c", "import platform; print(platform.python_version())"]).stdout()
    const actual = text.trim()
    if (!servesFor(version, actual)) throw new Error(`it has Python ${actual}, which is too old`)
    return { container: await withIndex(settings, container), actual }
  } catch (error) {
    throw new Error(tailOf(error, 3))
  }
}

async function withIndex(settings: Settings, container: Container): Promise<Container> {
  const ready = Object.entries(pipVariables).reduce((made, [name, value]) => made.withEnvVariable(name, value), container)
  const [index] = settings.bundle ? [] : await settings.mirrors.of("pypi")
  return index === undefined ? ready : ready.withEnvVariable("PIP_INDEX_URL", index)
}
