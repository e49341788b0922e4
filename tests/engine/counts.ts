import type { Reporter, TestModule } from "vitest/node"
import { countsText } from "../../src/plan/tests/suites.js"

/** Ends the output with the line that all suites of the project end with. */
export class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state))
    const of = (wanted: string) => states.filter((state) => state === wanted).length
    const broken = modules.filter((module) => module.errors().length > 0).length
    // A test that was begun and has no result has not passed.
    const failed = of("failed") + of("pending") + broken + errors.length
    console.log(countsText({ passed: of("passed"), failed, skipped: of("skipped") }))
  }
}
