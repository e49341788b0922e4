import type { Reporter, TestModule } from "vitest/node"

/** Ends the output with "N passed, N failed", as all suites of the project do. */
export class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state))
    const passed = states.filter((state) => state === "passed").length
    const broken = modules.filter((module) => module.errors().length > 0).length
    const failed = states.filter((state) => state === "failed").length + broken + errors.length
    console.log(`${passed} passed, ${failed} failed`)
  }
}
