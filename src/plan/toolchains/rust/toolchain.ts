// Rust, as far as it can be decided without asking anybody.

import type { ToolchainPlan } from "../toolchain.js"
import { cargoRefusal } from "./cargo.js"
import { rustDockerfileStages } from "./dockerfile.js"
import { rustPackages } from "./origins.js"
import { rustVersionOf } from "./version.js"

export const rust: ToolchainPlan = {
  name: "rust",
  title: "Rust",
  manifest: "Cargo.toml",
  lockFiles: ["Cargo.toml", "Cargo.lock"],
  programFiles: "Cargo.toml",
  dependencies: "crates",
  dependenciesOption: "--mirrors=cargo=https://…",
  builders: ["cargo"],
  merges: false,
  image: "rust",
  moduleOf: (manifest) => /^\[package\][^[]*?^\s*name\s*=\s*"([^"]+)"/ms.exec(manifest)?.[1],
  versionOf: rustVersionOf,
  bundleItems: (debian) => [{ kind: "packages", references: [debian], distribution: "debian", want: rustPackages }],
  dockerfileStages: rustDockerfileStages,
  provenance: (version) => [{ uri: `pkg:generic/rust@${encodeURIComponent(version)}` }],
  programSearch: `
find "$@" -name target -prune -o -type f -name Cargo.toml -print 2> /dev/null | while IFS= read -r file; do
  folder=$(dirname "$file")
  if [ -e "$folder/src/main.rs" ] || [ -d "$folder/src/bin" ]; then echo "program $file"; fi
done
`,
  leftovers: { programs: ["cargo", "rustc"], files: ["*.rs", "Cargo.toml"] },
  crash: { begins: /^thread '.*' (\(\d+\) )?panicked at /m, trace: /^(note: run with|stack backtrace:)/ },
  progress: / *(Downloading|Downloaded|Compiling|Updating|Locking|Adding) /,
  complaint: /^error(\[E\d+\])?: /,
  refusal: cargoRefusal,
}
