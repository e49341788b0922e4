// Node, with what it does in containers.

import { node as plan } from "../../../plan/toolchains/node/toolchain.js"
import { type ResolvedSource, textsOf } from "../../build/foundSource.js"
import type { Settings } from "../../call/settings.js"
import type { Toolchain } from "../toolchain.js"
import { nodeToolchain } from "./container.js"
import { nodeContent, nodePackages } from "./content.js"

export const node: Toolchain = {
  ...plan,
  prepare: nodeToolchain,
  content: nodeContent,
  versionTexts: ({ directory }) => textsOf(directory, [".nvmrc", ".node-version"]),
  dockerfileArguments: async ({ mirrors }) => ({ NPM_REGISTRY: (await mirrors.of("npm"))[0] ?? "" }),
  bundled: { source: packages, imports: packages },
}

async function packages(settings: Settings, source: ResolvedSource) {
  return nodePackages(await nodeToolchain({ ...settings, from: "packages" }, source.toolchain.version), source)
}
