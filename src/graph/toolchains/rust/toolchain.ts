// Rust, with what it does in containers.

import { rust as plan } from "../../../plan/toolchains/rust/toolchain.js"
import { type FoundSource, textsOf, wholeOf } from "../../build/foundSource.js"
import type { Settings } from "../../call/settings.js"
import type { Toolchain } from "../toolchain.js"
import { rustToolchain } from "./container.js"
import { rustCrates, rustInputs, rustPrograms } from "./programs.js"

export const rust: Toolchain = {
  ...plan,
  prepare: rustToolchain,
  programs: { build: rustPrograms, inputs: rustInputs },
  versionTexts: toolchainFiles,
  dockerfileArguments: async ({ mirrors }) => ({ CARGO_REGISTRY: (await mirrors.of("cargo"))[0] ?? "" }),
  bundled: {
    source: (settings, source) => crates(settings, source),
    imports: (settings, source) => crates(settings, source),
  },
}

async function crates(settings: Settings, source: FoundSource & { toolchain: { version: string } }) {
  const { container } = await rustToolchain({ ...settings, from: "packages" }, source.toolchain.version)
  return rustCrates(settings, container, source)
}

/** In the source's folder. */
async function toolchainFiles(found: FoundSource): Promise<string[]> {
  const { root, path } = wholeOf(found)
  const folder = path === "." ? root : root.directory(path)
  return textsOf(folder, ["rust-toolchain.toml", "rust-toolchain"])
}
