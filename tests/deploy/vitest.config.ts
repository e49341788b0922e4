// A kit on a machine with a real Docker daemon: `vitest run --config tests/deploy/vitest.config.ts`, in the machine itself.

import { defineConfig } from "vitest/config"

const folder = process.env.RESULTS ?? "/results"

export default defineConfig({
  test: {
    include: [process.env.DEPLOY_TESTS ?? "tests/deploy/*.test.ts"],
    // One machine, and each case goes on where the one before ended.
    fileParallelism: false,
    bail: 0,
    disableConsoleIntercept: true,
    reporters: ["verbose", ["json", { outputFile: `${folder}/tests.json` }]],
    chaiConfig: { truncateThreshold: 4000 },
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
