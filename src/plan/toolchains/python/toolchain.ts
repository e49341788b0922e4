// Python, as far as it can be decided without asking anybody.

import type { ToolchainPlan } from "../toolchain.js"
import { pythonContentStages } from "./dockerfile.js"
import { pythonPackages } from "./origins.js"
import { pipRefusal } from "./pip.js"
import { projectOf } from "./project.js"
import { lockFiles } from "./requirements.js"
import { pythonVersionOf } from "./version.js"

export const python: ToolchainPlan = {
  name: "python",
  title: "Python",
  manifest: "pyproject.toml",
  lockFiles: ["pyproject.toml", ...lockFiles],
  programFiles: "pyproject.toml",
  dependencies: "wheels",
  dependenciesOption: "--mirrors=pypi=https://…",
  builders: ["pip"],
  merges: false,
  image: "python",
  moduleOf: (manifest) => projectOf(manifest).name,
  versionOf: pythonVersionOf,
  bundleItems: (debian) => [{ kind: "packages", references: [debian], distribution: "debian", want: pythonPackages }],
  contentStages: pythonContentStages,
  provenance: (version) => [{ uri: `pkg:generic/python@${encodeURIComponent(version)}` }],
  programSearch: "",
  leftovers: { programs: ["pip", "pip3", "uv"], files: ["requirements.txt"] },
  crash: { begins: /^Traceback \(most recent call last\):$/m, trace: /^ {2}File "/ },
  progress: / *(Collecting|Downloading|Using cached|Looking in|Installing collected|Saved) /,
  complaint: /^ERROR: /,
  refusal: pipRefusal,
}
