import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

export default defineConfig({
  // The tests lie apart, since this folder is what ./daggerw bundles.
  root: fileURLToPath(new URL("../tests/host", import.meta.url)),
  test: {
    projects: [
      // Fake tools: these wait for one another's time limits more than they compute, so two files run at once.
      {
        extends: true,
        test: { name: "unit", include: ["unit-*.test.ts"], maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      // Real engines, locks and networks: one file at a time keeps them from starving each other.
      {
        extends: true,
        test: { name: "real", include: ["real*.test.ts", "recipe*.test.ts"], fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
