// Every service of the catalogue: it starts, answers other containers by its own protocol, and says why when it does not start.

import { dag } from "@dagger.io/dagger"
import { tailOf } from "../../src/graph/call/failures.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { controlTools, running, service, serviceParts, supervised } from "../../src/graph/stack/services.js"
import { binFolder } from "../../src/plan/build/image.js"
import { serviceOf } from "../../src/plan/stack/services.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, same } from "./cases.js"

export async function servicesTests(settings: Settings): Promise<TestCase[]> {
  const tools = await controlTools(settings)
  const box = (await toolbox(settings, [], ["postgresql-client-17"])).withFile(`${binFolder}/stackctl`, tools.stackctl, {
    permissions: 0o755,
  })
  const names = Object.keys(settings.catalogue.services)
  return casesOf([
    ...names.map((name): [string, () => Promise<unknown>] => [
      `${name} starts and answers another container`,
      async () => {
        const { ready } = serviceOf(settings.catalogue, name)
        const asked = ready.map((word) => word.replace("127.0.0.1", name))
        const client = box.withServiceBinding(name, (await service(settings, name)).service)
        // What was found once is not found again without asking.
        await client.withEnvVariable("ASKED_AT", String(Date.now())).withExec(asked).sync()
      },
    ]),
    [
      "one that does not start is named, with its last words",
      async () => {
        const entry = serviceOf(settings.catalogue, "nginx")
        const parts = { ...(await serviceParts(settings, entry)), command: ["sh", "-c", "echo cannot open the shop >&2; exit 3"] }
        const broken = running(supervised(entry, parts, tools, 3))
        let message = "it started"
        try {
          await dag.container().withServiceBinding("broken", broken).sync()
          await broken.start()
        } catch (error) {
          message = tailOf(error)
        }
        same(message.includes("nginx is not ready") && message.includes("cannot open the shop"), true)
      },
    ],
  ])
}
