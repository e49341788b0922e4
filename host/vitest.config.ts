import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

export default defineConfig({
  // The tests lie apart, since this folder is what ./daggerw bundles.
  root: fileURLToPath(new URL("../tests/host", import.meta.url)),
  test: {
    include: ["*.test.ts"],
    // Real processes, locks and time limits: one file at a time keeps them from starving each other.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
