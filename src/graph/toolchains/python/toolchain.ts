// Python, with what it does in containers.

import { python as plan } from "../../../plan/toolchains/python/toolchain.js"
import { type ResolvedSource, textsOf } from "../../build/foundSource.js"
import type { Settings } from "../../call/settings.js"
import type { Toolchain } from "../toolchain.js"
import { pythonToolchain } from "./container.js"
import { checkWheels, pythonContent, pythonWheels } from "./content.js"

export const python: Toolchain = {
  ...plan,
  prepare: pythonToolchain,
  content: pythonContent,
  checkContent: checkWheels,
  versionTexts: ({ directory }) => textsOf(directory, [".python-version"]),
  dockerfileArguments: async ({ mirrors }) => ({ PYPI_INDEX: (await mirrors.of("pypi"))[0] ?? "" }),
  bundled: { source: wheels, imports: wheels },
}

async function wheels(settings: Settings, source: ResolvedSource) {
  return pythonWheels(await pythonToolchain({ ...settings, from: "packages" }, source.toolchain.version), source)
}
