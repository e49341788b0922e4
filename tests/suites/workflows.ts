// Checks the workflows below .github/ with actionlint, which has shellcheck look at their commands, and all shell scripts.

import { type Directory, ReturnType } from "@dagger.io/dagger"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf } from "./cases.js"
import { shellCases } from "./shellScripts.js"

/** What must be found in tests/fixtures/workflows/broken.yml. */
const faults: [fault: string, words: string][] = [
  ["a schedule that is none", "invalid CRON format"],
  ["input that goes into a command", '"github.head_ref" is potentially untrusted'],
  ["a careless command", "SC2086"],
  ["a need that is not a job", 'needs job "frist"'],
  ["an option that an action of this repository does not have", 'input "version" is not defined in action "prepare"'],
]

export async function workflowTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const box = await toolbox(settings, ["actionlint"], ["shellcheck", "git"])
  const lint = async (repository: Directory) => {
    const ran = box
      .withMountedDirectory("/repository", repository)
      .withWorkdir("/repository")
      // It looks for the repository's top by its .git.
      .withExec(["git", "init", "--quiet"])
      .withExec(["actionlint", "-no-color"], { expect: ReturnType.Any })
    const [code, output] = await Promise.all([ran.exitCode(), ran.combinedOutput()])
    return code === 0 ? "" : output || `actionlint ended with exit code ${code}`
  }
  const github = checkout.filter({ include: [".github"] })
  const broken = github.withFile(".github/workflows/broken.yml", checkout.file("tests/fixtures/workflows/broken.yml"))
  const expectation = (output: Promise<string>, right: (text: string) => boolean) => async () => {
    const text = await output
    if (!right(text)) throw new Error(text || "nothing was found")
  }
  const [clean, found] = [lint(github), lint(broken)]

  return casesOf([
    ["actionlint and shellcheck find nothing", expectation(clean, (text) => text === "")],
    ...faults.map(([fault, words]): [string, () => Promise<void>] => [
      `${fault} is found`,
      expectation(found, (text) => text.includes(words)),
    ]),
    ...shellCases(settings, box, checkout),
  ])
}
