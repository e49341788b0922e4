// Go, as far as it can be decided without asking anybody.

import type { ToolchainPlan } from "../toolchain.js"
import { goVersionOf, newer } from "./version.js"

export const go: ToolchainPlan = {
  name: "go",
  title: "Go",
  manifest: "go.mod",
  moduleOf: (goMod) => /^module\s+"?([^\s"]+)"?/m.exec(goMod)?.[1],
  versionOf: (texts) => texts.map(goVersionOf).reduce(newer),
}
