// The IM application with its real stores: the API's own tests ask the images, and two users open the pages in Chromium.

import type { Container, Service } from "@dagger.io/dagger"
import { withSystemPackages } from "../../src/graph/build/bases.js"
import { type BuildOptions, componentImage } from "../../src/graph/build/components.js"
import { resolveSource } from "../../src/graph/build/sources.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { withSource } from "../../src/graph/toolchains/node/content.js"
import { toolchainByName } from "../../src/graph/toolchains/toolchains.js"
import { has } from "./cases.js"

const password = "a-password-of-the-tests"

const variables = {
  JWT_SECRET: password,
  ADMIN_PASSWORD: password,
  DATABASE_HOST: "postgresql",
  DATABASE_PASSWORD: password,
  REDIS_HOST: "redis",
  REDIS_PASSWORD: password,
  FILES_URL: "http://minio:9000",
  FILES_KEY: "im-app",
  FILES_SECRET: password,
}

/** What the stores' images are started with. */
const stores: Record<string, Record<string, string>> = {
  postgresql: { POSTGRES_USER: "im", POSTGRES_DB: "im", POSTGRES_PASSWORD: password },
  redis: { REDIS_PASSWORD: password },
  minio: { MINIO_ROOT_USER: "im-app", MINIO_ROOT_PASSWORD: password },
}

export function imAppRuns(settings: Settings, options: BuildOptions, nonce: string): [name: string, run: () => Promise<unknown>][] {
  const image = async (component: string) => (await componentImage(settings, { ...options, component })).container
  const backend = async () => withVariables(await image("backend"), { ...variables, TEST_RUN: nonce })
  /** The API's addresses in a container, and the pages in front of one of them. */
  const bound = async (container: Container) => {
    const api = await backend()
    const services = Object.entries(stores).map(async ([name, env]) => [name, served(withVariables(await image(name), env))] as const)
    const whole = (await Promise.all(services)).reduce((made, [name, service]) => made.withServiceBinding(name, service), api)
    // Two containers that are the same would be one.
    const [first, second] = ["1", "2"].map((number) => served(whole.withEnvVariable("INSTANCE", number)))
    const clients = await Promise.all(
      ["client", "client-next"].map(async (name) => (await image(name)).withServiceBinding("backend", first!)),
    )
    const [client, next] = clients.map(served)
    return container
      .withServiceBinding("api", first!)
      .withServiceBinding("other", second!)
      .withServiceBinding("client", client!)
      .withServiceBinding("client-next", next!)
      .withEnvVariable("TEST_RUN", nonce)
      .withEnvVariable("ADMIN_PASSWORD", password)
  }
  const source = async (name: string) => {
    const found = await resolveSource(settings, name)
    const toolchain = await toolchainByName(found.toolchain.name).prepare(settings, found.toolchain.version)
    return withSource(settings, toolchain, found)
  }
  const asked = async (url: string, other: string) => {
    const tests = (await bound(await source("backend"))).withEnvVariable("API_URL", url).withEnvVariable("OTHER_API_URL", other)
    passed(await tests.withExec(["node", "--test", "tests/api.test.ts"]).stdout())
  }
  return [
    [
      "two instances of the API with PostgreSQL, Redis and MinIO do what its tests ask for",
      () => asked("http://api:4000", "http://other:4000"),
    ],
    [
      "so do the pages' server and the other instance, with WebSockets and pictures",
      () => asked("http://client:5173", "http://other:4000"),
    ],
    ["so does the server of the Next.js client", () => asked("http://client-next:3000", "http://other:4000")],
    [
      "without its stores the API is alive, is not ready, and says which is missing",
      async () => {
        const client = (await toolbox(settings, [], ["curl"])).withServiceBinding("api", served(await backend()))
        has(await client.withExec(["curl", "-sS", "-w", " %{http_code}", "http://api:4000/healthz"]).stdout(), " 200")
        const ready = await client.withExec(["curl", "-sS", "-w", " %{http_code}", "http://api:4000/readyz"]).stdout()
        for (const part of [" 503", '"store":"failed', '"sessions":"failed', '"files":"failed']) has(ready, part)
      },
    ],
    ...[
      { of: "the Vite client", client: "http://client:5173", other: "http://client-next:3000" },
      { of: "the Next.js client", client: "http://client-next:3000", other: "http://client:5173" },
    ].map(({ of, client, other }): [string, () => Promise<unknown>] => [
      `two users in Chromium, one of them at ${of}: live messages, a picture, and 500 messages of history`,
      async () => {
        const container = await source("client")
        const browser = await withSystemPackages(settings, { container, reference: "" }, "debian", ["chromium"])
        const tests = (await bound(browser)).withEnvVariable("CLIENT_URL", client).withEnvVariable("OTHER_CLIENT_URL", other)
        passed(await tests.withExec(["npm", "run", "--silent", "test:browser"]).stdout())
      },
    ]),
  ]
}

function served(container: Container): Service {
  return container.asService({ useEntrypoint: true })
}

function withVariables(container: Container, env: Record<string, string>): Container {
  return Object.entries(env).reduce((made, [name, value]) => made.withEnvVariable(name, value), container)
}

/** Every test of a run, and at least one. */
function passed(text: string): void {
  if (!/\bpass [1-9]/.test(text) || !/\bskipped 0\b/.test(text)) throw new Error(`not every test has run:\n${text}`)
}
