// Proof that the gate holds: servers that are broken on purpose must turn the right suite red, with a report that says what broke.

import type { Container, Directory } from "@dagger.io/dagger"
import { type BuildOptions, componentImage } from "../graph/components.js"
import type { Settings } from "../graph/settings.js"
import { openStack, runStackTest, type Stack, stopStack } from "../graph/stack.js"
import { smokeTest } from "../graph/tests.js"
import { imageOf } from "../plan/components.js"
import { binFolder } from "../plan/image.js"
import { stackOutcome } from "../plan/stackResults.js"
import type { TestCase } from "../plan/suites.js"
import { casesOf } from "./cases.js"
import { readResults } from "./stack.js"

/** A broken stack never gets ready; this is time enough to see that it does not. */
const limitSeconds = 45

export async function mutationTests(settings: Settings, options: BuildOptions, checkout: Directory, mark?: string): Promise<TestCase[]> {
  const { config } = settings.catalogue.sources.server.image
  const opened: Stack[] = []
  const integration = async (change: (server: Container) => Container | Promise<Container>): Promise<TestCase[]> => {
    const stack = await openStack(settings, { ...options, suites: ["server"], change: (_, server) => change(server) })
    opened.push(stack)
    return stackOutcome(await readResults(await runStackTest(settings, stack, checkout, { name: "integration", limitSeconds, mark }))).cases
  }
  const cases = await casesOf([
    [
      "a program that is missing turns smoke red",
      async () => {
        const { container } = await componentImage(settings, { ...options, component: "server" })
        const broken = container.withoutFile(`${binFolder}/openim-rpc-msg`)
        red(await smokeTest(settings.catalogue, imageOf(settings.catalogue, "server"), broken), "openim-rpc-msg starts")
      },
    ],
    [
      "a wrong key in the configuration turns integration red, and the program concerned is named",
      async () => {
        const broken = async (server: Container) => {
          const file = `${config}/kafka.yml`
          const text = await server.file(file).contents()
          return server.withNewFile(file, text.replace(/^toMongoTopic:/m, "toMongoTopik:"))
        }
        red(await integration(broken), "openim-msgtransfer")
      },
    ],
    [
      "a wrong Redis password turns integration red, and the report has Redis' own words",
      async () => red(await integration((server) => server.withEnvVariable("IMENV_REDIS_PASSWORD", "wrong")), "WRONGPASS"),
    ],
  ])
  // Not earlier: the stacks have services in common.
  await Promise.all(opened.map(stopStack))
  return cases
}

/** Some case must have failed, with this in its name or its detail. */
function red(cases: TestCase[], expected: string): void {
  const failed = cases.filter(({ ok }) => !ok)
  const told = failed.some(({ name, detail }) => `${name}\n${detail}`.includes(expected))
  if (!told) throw new Error(`expected a failed case with ${JSON.stringify(expected)}, found: ${JSON.stringify(failed.map(({ name, detail }) => [name, detail]))}`)
}
