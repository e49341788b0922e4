// Node, as far as it can be decided without asking anybody.

import { pinnedImage } from "../../../catalogue/lookup.js"
import type { ToolchainPlan } from "../toolchain.js"
import { nodeContentStages } from "./dockerfile.js"
import { lockFiles, nodeRefusal } from "./managers.js"
import { nodeVersionOf, parsed } from "./version.js"

export const node: ToolchainPlan = {
  name: "node",
  title: "Node",
  manifest: "package.json",
  lockFiles: ["package.json", ...lockFiles],
  programFiles: "package.json",
  dependencies: "npm packages",
  dependenciesOption: "--mirrors=npm=https://…",
  builders: ["script"],
  merges: false,
  image: "nodejs",
  moduleOf: (manifest) => parsed(manifest).name,
  versionOf: nodeVersionOf,
  bundleItems: (_, catalogue) => [{ kind: "image", references: [pinnedImage(catalogue, "node")] }],
  contentStages: nodeContentStages,
  runtime: "/usr/local/bin/node",
  separatesPackages: true,
  provenance: (version) => [{ uri: `pkg:generic/node@${version}` }],
  programSearch: "",
  leftovers: { programs: ["npm"], files: ["package-lock.json"] },
  crash: { begins: /^\w*Error: .*\n {4}at /m, trace: /^ {4}at / },
  progress: /npm (warn|notice) /,
  complaint: /^npm error /,
  refusal: nodeRefusal,
}
