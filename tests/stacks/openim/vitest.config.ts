// The suites that run against a whole stack, from a container beside it: `vitest run --config tests/stacks/openim/vitest.config.ts SUITE`.

import { defineConfig } from "vitest/config"
import { resultsFolder } from "./support/stack.js"

export default defineConfig({
  test: {
    include: ["tests/stacks/openim/*.test.ts"],
    globalSetup: ["tests/stacks/openim/support/setup.ts"],
    setupFiles: ["tests/stacks/openim/support/failedLogs.ts"],
    // One stack for all.
    fileParallelism: false,
    // Lines are to be seen while a test runs, not after it.
    disableConsoleIntercept: true,
    reporters: ["verbose", ["json", { outputFile: `${resultsFolder}/tests.json` }]],
    // The report has only what an assertion says itself: values are not to be cut short.
    chaiConfig: { truncateThreshold: 2000 },
    // Conditions have their own time limits and say what was not reached; these end what hangs.
    testTimeout: 180_000,
    hookTimeout: 90_000,
  },
})
