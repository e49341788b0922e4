// Proof that the gate holds: servers that are broken on purpose must turn the right suite red, with a report that says what broke.

import type { Container, Directory } from "@dagger.io/dagger"
import { sourceEntry } from "../../../src/catalogue/lookup.js"
import { type BuildOptions, componentImage } from "../../../src/graph/build/components.js"
import type { Settings } from "../../../src/graph/call/settings.js"
import { readResults } from "../../../src/graph/stack/runs.js"
import { openStack, runStackTest, stopStack } from "../../../src/graph/stack/stack.js"
import { smokeTest } from "../../../src/graph/stack/tests.js"
import { imageOf } from "../../../src/plan/build/components.js"
import { binFolder } from "../../../src/plan/build/image.js"
import { stackOutcome } from "../../../src/plan/stack/results.js"
import type { TestCase } from "../../../src/plan/tests/suites.js"
import { casesOf } from "../cases.js"

/** A broken stack never gets ready; this is time enough to see that it does not. */
const limitSeconds = 45

export async function mutationTests(settings: Settings, options: BuildOptions, checkout: Directory, nonce?: string): Promise<TestCase[]> {
  const { config } = sourceEntry(settings.catalogue, "server").image
  const integration = async (name: string, change: (server: Container) => Container | Promise<Container>): Promise<TestCase[]> => {
    const stack = await openStack(settings, { ...options, name, groups: ["server"], change: (_, server) => change(server) })
    try {
      return stackOutcome(await readResults(await runStackTest(settings, stack, checkout, { name: "integration", limitSeconds, nonce })))
        .cases
    } finally {
      await stopStack(stack)
    }
  }
  return casesOf([
    [
      "a program that is missing turns smoke red",
      async () => {
        const { container } = await componentImage(settings, { ...options, component: "server" })
        const broken = container.withoutFile(`${binFolder}/openim-rpc-msg`)
        red(await smokeTest(settings, imageOf(settings.catalogue, "server"), broken), "openim-rpc-msg starts")
      },
    ],
    [
      "a wrong key in the configuration turns integration red, with the programs concerned and their own words",
      async () => {
        const broken = async (server: Container) => {
          const file = `${config}/mongodb.yml`
          const text = await server.file(file).contents()
          return server.withNewFile(file, text.replace(/^database:/m, "databse:"))
        }
        red(await integration("wrong-key", broken), "server/openim-rpc-user is not ready", "database is required")
      },
    ],
    [
      "a wrong Redis password turns integration red, and the report has Redis' own words",
      async () =>
        red(await integration("wrong-password", (server) => server.withEnvVariable("IMENV_REDIS_PASSWORD", "wrong")), "WRONGPASS"),
    ],
  ])
}

/** Some case must have failed, with all of this in its name or its detail. */
function red(cases: TestCase[], ...expected: string[]): void {
  const failed = cases.filter(({ ok }) => !ok)
  const found = failed.some(({ name, detail }) => expected.every((words) => `${name}\n${detail}`.includes(words)))
  if (!found)
    throw new Error(
      `expected a failed case with ${JSON.stringify(expected)}, found: ${JSON.stringify(failed.map(({ name, detail }) => [name, detail]))}`,
    )
}
