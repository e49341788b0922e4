// Go, as far as it can be decided without asking anybody.

import type { HelperPlan } from "../toolchain.js"
import { goDockerfileStages, goHelperStages, goToolStages } from "./dockerfile.js"
import { refusedModule } from "./modules.js"
import { goPackages } from "./origins.js"
import { helperFolder } from "./programs.js"
import { goModuleResource, goProvenance } from "./provenance.js"
import { goTestCases } from "./tests.js"
import { goVersionOf, newer } from "./version.js"

export const go: HelperPlan = {
  name: "go",
  title: "Go",
  manifest: "go.mod",
  lockFiles: ["go.mod", "go.sum"],
  programFiles: "*.go",
  isTest: (file) => file.endsWith("_test.go"),
  testCases: goTestCases,
  dependencies: "Go modules",
  dependenciesOption: "--goproxy",
  builders: ["go", "mage", "make"],
  merges: true,
  image: "golang",
  moduleOf: (goMod) => /^module\s+"?([^\s"]+)"?/m.exec(goMod)?.[1],
  versionOf: (texts) => texts.map(goVersionOf).reduce(newer),
  bundleItems: (debian) => [{ kind: "packages", references: [debian], distribution: "debian", want: goPackages }],
  dockerfileStages: goDockerfileStages,
  helperStages: goHelperStages,
  toolStages: goToolStages,
  helperFolder,
  provenance: goProvenance,
  toolResource: goModuleResource,
  programSearch: String.raw`
find "$@" \( -name testdata -o -name vendor -o -name node_modules \) -prune -o -type f -name '*.go' ! -name '*_test.go' -exec \
  grep -lE '^package main([^[:alnum:]_]|$)' {} + 2>/dev/null | while IFS= read -r file; do
  grep -qE '^//go:build ignore' "$file" || echo "program $file"
done
`,
  leftovers: { programs: ["go", "gofmt", "mage"], files: ["*.go", "go.mod"] },
  crash: { begins: /^(panic|fatal error|runtime error): /m, trace: /^goroutine \d+ / },
  progress: /go: downloading /,
  complaint: /^go: (module )?(\S+: )?/,
  refusal: refusedModule,
}
