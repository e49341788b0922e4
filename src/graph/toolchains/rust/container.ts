// Rust in a container with the same layout wherever it comes from.

import type { Container } from "@dagger.io/dagger"
import { firstOf } from "../../../base/attempts.js"
import { pinnedImage } from "../../../catalogue/lookup.js"
import { plainPath } from "../../../plan/build/image.js"
import { type CompilerOrigin, compilerOrigins } from "../../../plan/build/origins.js"
import { compilerImage } from "../../../plan/toolchains/images.js"
import { cargoConfig, cargoHome, cargoVariables, vendorConfig, vendorFolder } from "../../../plan/toolchains/rust/cargo.js"
import { rustPackages } from "../../../plan/toolchains/rust/origins.js"
import { foundRust, isVersion, rustVersionScript } from "../../../plan/toolchains/rust/version.js"
import { freshened, fromFirst, pullFirst, withSystemPackages } from "../../build/bases.js"
import { tailOf } from "../../call/failures.js"
import { log, type Settings } from "../../call/settings.js"
import type { PreparedToolchain } from "../toolchain.js"

/** The wanted Rust from its image; from packages the one that Debian has, whichever is wanted: newer ones compile older code. */
export async function rustToolchain(settings: Settings, version = "1"): Promise<PreparedToolchain> {
  const order = compilerOrigins(settings.from, settings.bundle !== undefined)
  const outcome = await firstOf(
    `Rust ${version}`,
    order.map((origin) => ({ name: names[origin], limitSeconds: 1800, run: () => found(origins[origin](settings, version)) })),
    log,
  )
  const { container, version: actual } = outcome.value
  if (!isVersion(version, actual)) log(`the source asks for Rust ${version}; ${outcome.by} has ${actual}, which is used`)
  return { name: "rust", version: actual, container }
}

const names: Record<CompilerOrigin, string> = { image: "official image", distribution: "Debian's cargo" }

const origins: Record<CompilerOrigin, (settings: Settings, version: string) => Promise<Container>> = {
  async image(settings, version) {
    const image = await fromFirst(settings, [compilerImage(settings.catalogue, "rust", version)])
    const path = `/usr/local/cargo/bin:${plainPath}`
    // Without the variable rustup would fetch the exact version that a source names.
    const named = freshened(settings, image).withEnvVariable("PATH", path)
    const toolchain = (await named.withExec(["sh", "-c", "rustup show active-toolchain | cut -d ' ' -f 1"]).stdout()).trim()
    return named.withEnvVariable("RUSTUP_TOOLCHAIN", toolchain)
  },

  async distribution(settings) {
    const debian = await pullFirst(settings, [pinnedImage(settings.catalogue, "debian")])
    // Behind the packages, which are the same whenever they are installed.
    return freshened(settings, await withSystemPackages(settings, debian, "debian", rustPackages)).withEnvVariable("PATH", plainPath)
  },
}

async function found(made: Promise<Container>): Promise<{ container: Container; version: string }> {
  try {
    const container = await made
    const version = foundRust(await container.withExec(["sh", "-c", rustVersionScript]).stdout())
    return { container, version }
  } catch (error) {
    throw new Error(tailOf(error, 3))
  }
}

/** With cargo's own settings, and with crates from where this call has them. */
export async function withCrates(settings: Settings, container: Container): Promise<Container> {
  const ready = Object.entries(cargoVariables).reduce((made, [name, value]) => made.withEnvVariable(name, value), container)
  if (settings.bundle) {
    return ready
      .withMountedDirectory(vendorFolder, settings.bundle.directory.directory("cargo"))
      .withNewFile(`${cargoHome}/config.toml`, vendorConfig)
  }
  const config = cargoConfig((await settings.mirrors.of("cargo"))[0])
  return config === "" ? ready : ready.withNewFile(`${cargoHome}/config.toml`, config)
}
