// Node, with what it does in containers.

import { node as plan } from "../../../plan/toolchains/node/toolchain.js"
import type { FoundSource, ResolvedSource } from "../../build/foundSource.js"
import type { Settings } from "../../call/settings.js"
import type { Toolchain } from "../toolchain.js"
import { nodeToolchain } from "./container.js"
import { nodeContent, nodePackages } from "./content.js"

export const node: Toolchain = {
  ...plan,
  prepare: nodeToolchain,
  content: nodeContent,
  versionTexts: versionFiles,
  dockerfileArguments: async ({ mirrors }) => ({ NPM_REGISTRY: (await mirrors.of("npm"))[0] ?? "" }),
  bundled: { source: packages, imports: packages },
}

async function packages(settings: Settings, source: ResolvedSource) {
  return nodePackages(await nodeToolchain({ ...settings, from: "packages" }, source.toolchain.version), source)
}

async function versionFiles({ directory }: FoundSource): Promise<string[]> {
  const names = (await directory.entries()).filter((name) => [".nvmrc", ".node-version"].includes(name))
  return Promise.all(names.map((name) => directory.file(name).contents()))
}
