import { defineConfig } from "vitest/config"
import { CountsReporter } from "./counts.js"

// Tests that need a Dagger session: `dagger call -m tests/engine all`, or `dagger run npx vitest run -c …/this file`.
export default defineConfig({
  test: {
    include: ["tests/engine/**/*.test.ts"],
    root: new URL("../..", import.meta.url).pathname,
    reporters: ["verbose", new CountsReporter()],
    // An exec in the engine may have to wait for a download.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Most of them wait for a server that doesn't answer; more at once would slow the real managers down.
    maxConcurrency: 4,
  },
})
