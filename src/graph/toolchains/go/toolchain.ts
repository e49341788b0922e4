// Go, with what it does in containers.

import { go as plan } from "../../../plan/toolchains/go/toolchain.js"
import type { HelperToolchain } from "../toolchain.js"
import { bundledHelper, bundledImports, bundledSource, bundledTool } from "./bundled.js"
import { goToolchain } from "./container.js"
import { goInputs, goPrograms } from "./programs.js"
import { goproxyOf } from "./proxy.js"
import { goRegistry } from "./registry.js"
import { workspaceFiles } from "./sources.js"
import { buildHelper, buildTool, helperTests } from "./tools.js"

export const go: HelperToolchain = {
  ...plan,
  prepare: (settings, version) => goToolchain(settings, version),
  programs: { build: goPrograms, inputs: goInputs },
  versionTexts: workspaceFiles,
  dockerfileArguments: async (settings) => ({ GOPROXY: (await goproxyOf(settings)) ?? "" }),
  registry: goRegistry,
  bundled: { source: bundledSource, imports: bundledImports, helper: bundledHelper, tool: bundledTool },
  helper: buildHelper,
  tool: buildTool,
  helperTests,
}
