import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["tests/unit/**/*.test.ts"],
    // Some run shell scripts, which take their time on a busy machine.
    testTimeout: 120_000,
    // A generated file that is missing is wrong like an old one. `npm run generate` writes both.
    update: "none",
  },
})
