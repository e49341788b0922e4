// The other stacks: sources that are folders of this project, built by their toolchains, tested by their own tests, and run.

import { type Container, type Directory, ReturnType, type Service } from "@dagger.io/dagger"
import { loadCatalogue, stackNames } from "../../src/catalogue/load.js"
import { type BuildOptions, componentImage } from "../../src/graph/build/components.js"
import type { ResolvedSource } from "../../src/graph/build/foundSource.js"
import { imageLayout } from "../../src/graph/build/layouts.js"
import { resolveSource } from "../../src/graph/build/sources.js"
import { readBundle } from "../../src/graph/bundle/bundle.js"
import { prewarmed } from "../../src/graph/bundle/prewarm.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { imageSbom } from "../../src/graph/publish/attachments.js"
import { smokeTest } from "../../src/graph/stack/tests.js"
import { withBuildCache, withModuleCache } from "../../src/graph/toolchains/go/caches.js"
import { withSource } from "../../src/graph/toolchains/node/content.js"
import { withSource as withModules } from "../../src/graph/toolchains/python/content.js"
import { compiledPrograms, withFetched } from "../../src/graph/toolchains/rust/programs.js"
import type { PreparedToolchain } from "../../src/graph/toolchains/toolchain.js"
import { toolchainByName } from "../../src/graph/toolchains/toolchains.js"
import { imageOf } from "../../src/plan/build/components.js"
import { prewarmRequest } from "../../src/plan/bundle/items.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { targetFolder } from "../../src/plan/toolchains/rust/cargo.js"
import { casesOf, fails, has, same } from "./cases.js"
import { imAppRuns } from "./imApp.js"
import { reproducibleTests } from "./reproducible.js"

type Named = [name: string, run: () => Promise<unknown>]

/** Those of all stacks but the one that is called. */
export async function otherStacksTests(settings: Settings, options: BuildOptions, checkout: Directory, nonce: string): Promise<TestCase[]> {
  const cases: TestCase[] = []
  for (const name of stackNames().filter((one) => one !== settings.catalogue.stack)) {
    const of = { ...settings, catalogue: await loadCatalogue(name) }
    const found = [
      ...(await sourcesTests(of, checkout)),
      ...(await builtTests(of, options)),
      ...(await twiceTests(of, options, nonce)),
      ...(await suppliedTests(of, options)),
      ...(await runningTests(of, options, nonce)),
    ]
    cases.push(...found.map((one) => ({ ...one, name: `${name}: ${one.name}` })))
  }
  return cases
}

/** The sources of this stack that are folders of this project. */
export async function sourcesTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const own = Object.entries(settings.catalogue.sources).filter(([, { folder }]) => folder !== undefined)
  const cases: TestCase[] = []
  for (const [name, { toolchain }] of own) cases.push(...(await casesOf(bySource[toolchain]?.(settings, name, checkout) ?? [])))
  return cases
}

/** Components whose images are made from these sources. */
function madeHere({ catalogue }: Settings): string[] {
  const found = Object.values(catalogue.components).filter(
    (entry) => entry.kind === "program" || (entry.kind === "installed" && entry.content),
  )
  return found.map(({ name }) => name)
}

export async function builtTests(settings: Settings, options: BuildOptions): Promise<TestCase[]> {
  return casesOf(
    madeHere(settings).map(
      (name): Named => [
        `the image of ${name} passes the smoke test`,
        async () => {
          const { container } = await componentImage(settings, { ...options, component: name })
          const failed = (await smokeTest(settings, imageOf(settings.catalogue, name), container)).filter(({ ok }) => !ok)
          if (failed.length > 0) throw new Error(failed.map((test) => `${test.name}: ${test.detail ?? ""}`).join("\n"))
        },
      ],
    ),
  )
}

export async function twiceTests(settings: Settings, options: BuildOptions, nonce: string): Promise<TestCase[]> {
  const cases: TestCase[] = []
  for (const component of madeHere(settings)) cases.push(...(await reproducibleTests(settings, { ...options, component }, nonce)))
  return cases
}

/** What an image is made of, as a bundle brings it and as its list of contents names it. */
export async function suppliedTests(settings: Settings, options: BuildOptions): Promise<TestCase[]> {
  const components = madeHere(settings)
  const needs = prewarmRequest(settings.catalogue, { components, base: options.base, tools: [], services: false })
  const built = async (used: Settings, component: string) => {
    const image = await componentImage(used, { ...options, component })
    return { image, layout: await imageLayout(used, image) }
  }
  const perImage = components.flatMap((component): Named[] => [
    [
      `the list of what is in ${component} names packages, and is the same twice`,
      async () => {
        const { image, layout } = await built(settings, component)
        const list = async () => (await imageSbom(settings, { ...options, component }, image, layout, "spdx-json")).contents()
        const [text, again] = [await list(), await list()]
        same(again, text)
        const { name, packages } = JSON.parse(text) as { name: string; packages: { name: string }[] }
        same(name, imageOf(settings.catalogue, component).image)
        has(packages.map((one) => one.name).join("\n"), "ca-certificates")
      },
    ],
  ])
  return casesOf([
    ...perImage,
    [
      "a bundle has all that is needed, and images built from it have the same digests",
      async () => {
        const { bundle: folder, rows } = await prewarmed({ ...settings, bundle: undefined }, needs)
        const unfetched = rows.filter(({ result }) => result !== "fetched")
        same(unfetched.map(({ title, result, reason }) => `${title}: ${result} ${reason}`).join("\n"), "")
        const bundle = await readBundle(folder)
        for (const component of components) {
          const online = await built({ ...settings, from: "packages" }, component)
          const offline = await built({ ...settings, bundle, from: "packages" }, component)
          same(`${component} ${offline.layout.digest}`, `${component} ${online.layout.digest}`)
        }
      },
    ],
  ])
}

/** What runs, as its users see it. */
export async function runningTests(settings: Settings, options: BuildOptions, nonce: string): Promise<TestCase[]> {
  const run = runs[settings.catalogue.stack]
  return run === undefined ? [] : casesOf(run(settings, options, nonce))
}

const runs: Record<string, (settings: Settings, options: BuildOptions, nonce: string) => Named[]> = {
  v7: (...call) => [...analyticsTests(...call), ...v7Runs(...call)],
  kratos: kratosRuns,
  "im-app": imAppRuns,
}

const bySource: Record<string, (settings: Settings, name: string, checkout: Directory) => Named[]> = {
  go: goTests,
  rust: rustTests,
  node: nodeTests,
  python: pythonTests,
}

interface Prepared {
  source: ResolvedSource
  toolchain: PreparedToolchain
}

async function prepared(settings: Settings, name: string): Promise<Prepared> {
  const source = await resolveSource(settings, name)
  return { source, toolchain: await toolchainByName(source.toolchain.name).prepare(settings, source.toolchain.version) }
}

/** The same source with other files. */
function edited({ source }: Prepared, edit: (directory: Directory) => Directory): ResolvedSource {
  return { ...source, directory: edit(source.directory), within: undefined }
}

function rustTests(settings: Settings, name: string): Named[] {
  const { catalogue } = settings
  const programs = Object.values(catalogue.components).flatMap((entry) =>
    entry.kind === "program" && entry.source === name ? [entry] : [],
  )
  const compiled = async ({ toolchain }: Prepared, source: ResolvedSource) => {
    return compiledPrograms(settings, toolchain, { source, wanted: programs, all: programs, layout: "separate", builder: "cargo" })
  }
  /** When each compiled crate was made: the same times are the same layer. */
  const crates = (container: Container) =>
    container
      .withExec(["sh", "-c", `find ${targetFolder} -name '*.rlib' ! -name '*${name.replaceAll("-", "_")}*' -printf '%p %T@\\n' | sort`])
      .stdout()
  return [
    [
      `the tests of ${name} pass`,
      async () => {
        const { source, toolchain } = await prepared(settings, name)
        const ready = (await withFetched(settings, toolchain.container, source)).withDirectory("/src", source.directory)
        const text = await ready.withExec(["sh", "-c", "find . -type f -exec touch {} + && cargo test --locked --offline"]).stdout()
        has(text, "test result: ok.")
        if (!/test result: ok\. [1-9]/.test(text)) throw new Error(`no test has run:\n${text}`)
      },
    ],
    [
      `an edit of ${name} fetches and compiles no crate again`,
      async () => {
        const workshop = await prepared(settings, name)
        const before = await compiled(workshop, workshop.source)
        const main = await workshop.source.directory.file("src/main.rs").contents()
        const other = edited(workshop, (directory) => directory.withNewFile("src/main.rs", `${main}\n// ${Date.now()}\n`))
        const after = await compiled(workshop, other)
        const said = await after.stderr()
        has(said, "Compiling ")
        same(said.split("\n").filter((line) => /Compiling|Downloading|Updating/.test(line)).length, 1)
        const [old, now] = await Promise.all([before, after].map(crates))
        if (!old?.includes(".rlib")) throw new Error("no crate was compiled")
        same(now, old)
      },
    ],
    [
      `${name} without Cargo.lock is refused in one sentence`,
      async () => {
        const workshop = await prepared(settings, name)
        const source = edited(workshop, (directory) => directory.withoutFile("Cargo.lock"))
        await fails(() => compiled(workshop, source), "has no Cargo.lock")
      },
    ],
    [
      `${name} whose Cargo.lock is out of date says what to run`,
      async () => {
        const { source, toolchain } = await prepared(settings, name)
        const text = (await source.directory.file("Cargo.toml").contents()).replace(
          "[dependencies]\n",
          '[dependencies]\nitoa = "1"\nbase64 = "0.22"\n',
        )
        const custom = { of: name, checkout: source.directory.withNewFile("Cargo.toml", text) }
        const other = await resolveSource({ ...settings, custom }, name)
        const order = { source: other, wanted: programs, all: programs, layout: "separate" as const, builder: "cargo" }
        const { buildPrograms } = await import("../../src/graph/build/programs.js")
        await fails(() => buildPrograms(settings, toolchain, order), "Cargo.lock does not fit Cargo.toml: run cargo update --workspace")
      },
    ],
    [
      `${name} that asks for a nightly Rust is refused`,
      async () => {
        const { source } = await prepared(settings, name)
        const custom = { of: name, checkout: source.directory.withNewFile("rust-toolchain.toml", '[toolchain]\nchannel = "nightly"\n') }
        await fails(() => resolveSource({ ...settings, custom }, name), 'asks for Rust "nightly"')
      },
    ],
  ]
}

function nodeTests(settings: Settings, name: string, checkout: Directory): Named[] {
  const installed = (container: Container) =>
    container.withExec(["sh", "-c", "find node_modules -maxdepth 2 -printf '%p %T@\\n' | sort"]).stdout()
  return [
    [
      `the tests of ${name} pass`,
      async () => {
        const { source, toolchain } = await prepared(settings, name)
        const text = await (await withSource(settings, toolchain, source)).withExec(["npm", "test", "--silent"]).stdout()
        if (!/\bpass [1-9]/.test(text)) throw new Error(`no test has run:\n${text}`)
      },
    ],
    [
      `an edit of ${name} installs no package again`,
      async () => {
        const workshop = await prepared(settings, name)
        const other = edited(workshop, (directory) => directory.withNewFile("src/edit.ts", `export const edited = ${Date.now()}\n`))
        const both = await Promise.all(
          [workshop.source, other].map(async (source) => installed(await withSource(settings, workshop.toolchain, source))),
        )
        if (!both[0]?.includes("node_modules/typescript")) throw new Error("no package is there")
        same(both[1], both[0])
      },
    ],
    ...["pnpm", "yarn"].map(
      (manager): Named => [
        `a source whose lock file is that of ${manager} is built in the place of ${name}`,
        async () => {
          const custom = { of: name, checkout: checkout.directory(`tests/fixtures/managers/${manager}`) }
          const built = { source: name, from: "dist", to: "/" }
          const workshop = await prepared({ ...settings, custom }, name)
          const files = await toolchainByName("node").content!({ ...settings, custom }, workshop.toolchain, workshop.source, built)
          same(await files.file("index.html").contents(), "true false\n")
          const manifest = await custom.checkout.file("package.json").contents()
          const old = edited(workshop, (directory) => directory.withNewFile("package.json", manifest.replace('"7.0.0"', '"6.0.0"')))
          await fails(
            () => toolchainByName("node").content!({ ...settings, custom }, workshop.toolchain, old, built),
            "the lock file does not fit package.json",
          )
        },
      ],
    ),
    [
      `${name} without a lock file is refused in one sentence`,
      async () => {
        const workshop = await prepared(settings, name)
        const source = edited(workshop, (directory) => directory.withoutFile("package-lock.json"))
        await fails(() => withSource(settings, workshop.toolchain, source), "has no lock file")
      },
    ],
    [
      `${name} whose lock file is out of date says what to run`,
      async () => {
        const workshop = await prepared(settings, name)
        const manifest = JSON.parse(await workshop.source.directory.file("package.json").contents())
        const text = JSON.stringify({ ...manifest, dependencies: { "is-odd": "3.0.1" } })
        const source = edited(workshop, (directory) => directory.withNewFile("package.json", text))
        const { content } = toolchainByName("node")
        await fails(
          () => content!(settings, workshop.toolchain, source, { source: name, from: "dist", to: "/" }),
          "the lock file does not fit package.json: run npm install",
        )
      },
    ],
  ]
}

const served = (container: Container) => container.asService({ useEntrypoint: true })

/** The database as a service with a user that a test may know. */
async function database(settings: Settings, options: BuildOptions, name: string): Promise<Service> {
  const { container } = await componentImage(settings, { ...options, component: "postgresql" })
  return served(container.withEnvVariable("POSTGRES_PASSWORD", "postgres").withEnvVariable("POSTGRES_DB", name))
}

/** With a real database, where the stack has one: the variable that names it is the source's own. */
function goTests(settings: Settings, name: string): Named[] {
  const tests = async (edit: (directory: Directory) => Directory) => {
    const { source, toolchain } = await prepared(settings, name)
    const ready = withBuildCache(settings, toolchain.version, withModuleCache(settings, toolchain.container, "custom"), "custom")
      .withServiceBinding("database", await database(settings, { base: "debian", layout: "separate" }, "test_db"))
      .withEnvVariable("XREDLINE_TEST_DATABASE", "database:5432")
      .withDirectory("/src", edit(source.directory))
      .withWorkdir("/src")
    return ready.withExec(["sh", "-c", "go vet ./... && go test -timeout 30s -v ./..."]).stdout()
  }
  const programs = Object.values(settings.catalogue.components).flatMap((entry) =>
    entry.kind === "program" && entry.source === name ? [entry] : [],
  )
  const orderOf = (source: ResolvedSource) => ({ source, wanted: programs, all: programs, layout: "separate" as const, builder: "go" })
  return [
    [
      `the tests of ${name} pass, none of them skipped`,
      async () => {
        const text = await tests((directory) => directory)
        has(text, "--- PASS: TestDatabase")
        if (text.includes("--- SKIP")) throw new Error(`a test was skipped:\n${text}`)
      },
    ],
    [
      `${name} is built by its Makefile as well`,
      async () => {
        const workshop = await prepared(settings, name)
        const { buildPrograms } = await import("../../src/graph/build/programs.js")
        const { directory } = await buildPrograms(settings, workshop.toolchain, { ...orderOf(workshop.source), builder: "make" })
        same((await directory.entries()).join(), programs.map(({ program }) => program).join())
      },
    ],
    [
      `${name} without a checksum of a module is refused`,
      async () => {
        const workshop = await prepared(settings, name)
        const source = edited(workshop, (directory) => directory.withoutFile("go.sum"))
        const { buildPrograms } = await import("../../src/graph/build/programs.js")
        await fails(() => buildPrograms(settings, workshop.toolchain, orderOf(source)), "go.sum")
      },
    ],
  ]
}

function pythonTests(settings: Settings, name: string): Named[] {
  const installed = (container: Container) => container.withExec(["sh", "-c", "find /site-packages -printf '%p %T@\\n' | sort"]).stdout()
  const content = async ({ toolchain }: Prepared, source: ResolvedSource) => {
    return toolchainByName("python").content!(settings, toolchain, source, { source: source.toolchain.name, from: "src", to: "/" })
  }
  const refused = (what: string, edit: (files: Directory) => Directory, words: string): Named => [
    `${name} ${what} is refused in one sentence`,
    async () => {
      const workshop = await prepared(settings, name)
      await fails(() => content(workshop, edited(workshop, edit)), words)
    },
  ]
  const locked = (requirement: string) => (files: Directory) =>
    files.withNewFile("pyproject.toml", `[project]\nname = "${name}"\n`).withNewFile("requirements.txt", `${requirement}\n`)
  const unknown = `--hash=sha256:${"0".repeat(64)}`
  return [
    [
      `the tests of ${name} pass`,
      async () => {
        const { source, toolchain } = await prepared(settings, name)
        const ready = (await withModules(settings, toolchain, source)).withEnvVariable("PYTHONPATH", "/site-packages:/src/src")
        const text = await ready.withExec(["python3", "-m", "unittest", "discover", "-s", "tests"]).stderr()
        if (!/^Ran [1-9]\d* tests?/m.test(text)) throw new Error(`no test has run:\n${text}`)
      },
    ],
    [
      `an edit of ${name} fetches no wheel again`,
      async () => {
        const workshop = await prepared(settings, name)
        const other = edited(workshop, (directory) => directory.withNewFile("src/edit.py", `EDITED = ${Date.now()}\n`))
        const both = await Promise.all(
          [workshop.source, other].map(async (source) => installed(await withModules(settings, workshop.toolchain, source))),
        )
        if (!both[0]?.includes(".dist-info/WHEEL")) throw new Error("no wheel is there")
        same(both[1], both[0])
      },
    ],
    refused("without a lock file", (files) => files.withoutFile("requirements.txt"), "has no lock file (requirements.txt)"),
    refused(
      "with the lock file of poetry",
      (files) => files.withoutFile("requirements.txt").withNewFile("poetry.lock", ""),
      "keep poetry and run poetry export -o requirements.txt",
    ),
    refused("whose lock file has no hashes", locked("six==1.17.0"), "requirements.txt has no hash of six"),
    refused("whose wheel has another checksum", locked(`six==1.17.0 ${unknown}`), "another checksum than requirements.txt says"),
    refused("with a package that has no wheel", locked(`docopt==0.6.2 ${unknown}`), "docopt 0.6.2 has no wheel for this Python"),
    refused("with a version that no registry has", locked(`six==99.0 ${unknown}`), "six 99.0 is not in the registry as a wheel"),
    refused(
      "whose lock file is out of date",
      (files) => files.withNewFile("pyproject.toml", `[project]\nname = "${name}"\ndependencies = ["six"]\n`),
      "requirements.txt does not have six, which pyproject.toml asks for",
    ),
    [
      `${name} that asks for a Python that no registry has is refused`,
      async () => {
        const { source } = await prepared(settings, name)
        const custom = { of: name, checkout: source.directory.withNewFile(".python-version", "3.99\n") }
        const of = { ...settings, custom }
        const { toolchain } = await resolveSource(of, name)
        await fails(() => toolchainByName("python").prepare(of, toolchain.version), "which is too old")
      },
    ],
  ]
}

/** The service with its database and its cache, through both probes, an answer that is kept, and a start without its secrets. */
function kratosRuns(settings: Settings, options: BuildOptions, nonce: string): Named[] {
  return [
    [
      "the service answers with its database and its cache, and says which of them is missing",
      async () => {
        const image = async (component: string) => (await componentImage(settings, { ...options, component })).container
        const [app, redis, store] = await Promise.all([image("app"), image("redis"), database(settings, options, "test_db")])
        const variables = {
          XREDLINE_DATABASE_ADDRESS: "postgresql:5432",
          XREDLINE_DATABASE_PASSWORD: "postgres",
          XREDLINE_REDIS_ADDRESS: "redis:6379",
          XREDLINE_REDIS_PASSWORD: "a-password",
          XREDLINE_ENVIRONMENT: "test",
          XREDLINE_AUTH_TOKEN: `token-${nonce}`,
        }
        const ready = Object.entries(variables).reduce((container, [name, value]) => container.withEnvVariable(name, value), app!)
        const client = (await toolbox(settings, [], ["curl"])).withEnvVariable("ASKED", nonce)
        const asks = (container: Container, ...words: string[]) => container.withExec(["curl", "-sS", "-w", " %{http_code}", ...words])
        const alone = client.withServiceBinding("app", served(ready))
        has(await asks(alone, "http://app:8000/healthz/live").stdout(), " 200")
        const missing = await asks(alone, "http://app:8000/healthz").stdout()
        has(missing, " 503")
        has(missing, '"name":"database","healthy":false')
        const cache = served(redis!.withEnvVariable("REDIS_PASSWORD", "a-password"))
        const whole = client.withServiceBinding(
          "app",
          served(ready.withServiceBinding("postgresql", store).withServiceBinding("redis", cache)),
        )
        const waited = whole.withExec([
          "sh",
          "-c",
          "for n in $(seq 60); do curl -fsS http://app:8000/healthz && exit; sleep 1; done; exit 1",
        ])
        has(await waited.stdout(), '"healthy":true')
        const rule = ["-X", "PUT", "-d", '{"pattern":"red"}', "-H", "Content-Type: application/json", "http://app:8000/v1/rules/red"]
        has(await asks(waited, ...rule).stdout(), " 401")
        const made = asks(waited, ...rule, "-H", `Authorization: Bearer token-${nonce}`)
        has(await made.stdout(), " 200")
        const check = ["-d", '{"text":"a red line"}', "-H", "Content-Type: application/json", "http://app:8000/v1/check"]
        const once = asks(made, ...check)
        has((await once.stdout()).replaceAll(" ", ""), '"crossed":["red"],"cached":false')
        const twice = asks(once, ...check)
        has((await twice.stdout()).replaceAll(" ", ""), '"cached":true')
        has(await asks(twice, "http://app:8000/metrics").stdout(), 'xredline_cache_lookups_total{result="hit"} 1')
      },
    ],
    [
      "the pages answer without the service, and pass on what it says",
      async () => {
        const image = async (component: string) => (await componentImage(settings, { ...options, component })).container
        const [app, frontend] = await Promise.all(["app", "frontend"].map(image))
        const client = (await toolbox(settings, [], ["curl"])).withEnvVariable("ASKED", nonce)
        const asked = async (pages: Container, path: string) => {
          const asking = client.withServiceBinding("pages", served(pages))
          return asking.withExec(["curl", "-sS", "-w", " %{http_code}", `http://pages:3000${path}`]).stdout()
        }
        has(await asked(frontend!, "/"), "<title>Cross Redline</title>")
        has(await asked(frontend!, "/v1/rules"), " 502")
        // Without its database it has not started, and says so.
        const alone = app!.withEnvVariable("XREDLINE_ENVIRONMENT", "test").withEnvVariable("XREDLINE_AUTH_TOKEN", `token-${nonce}`)
        const answer = await asked(frontend!.withServiceBinding("app", served(alone)), "/v1/rules")
        for (const part of ['"reason":"STARTING"', " 503"]) has(answer.replaceAll(": ", ":"), part)
      },
    ],
    [
      "in production it does not start without its secrets, and says which",
      async () => {
        const { container } = await componentImage(settings, { ...options, component: "app" })
        const ended = container.withExec([], { useEntrypoint: true, expect: ReturnType.Failure })
        const said = `${await ended.stdout()}${await ended.stderr()}`
        has(said, "XREDLINE_AUTH_TOKEN")
      },
    ],
  ]
}

/** The engine with its Python part, asked by gRPC. */
function analyticsTests(settings: Settings, options: BuildOptions, nonce: string): Named[] {
  return [
    [
      "the engine answers by gRPC, and evaluates formulas by its Python part",
      async () => {
        const image = async (component: string) => (await componentImage(settings, { ...options, component })).container
        const [engine, python] = await Promise.all([image("analytics-engine"), image("analytics-python")])
        const asking = (running: Container) => {
          const client = engine.withEnvVariable("ASKED", nonce).withServiceBinding("engine", served(running))
          const ask = ["v7-analytics-engine", "ask", "engine:50051"]
          return {
            answer: (...words: string[]) => client.withExec([...ask, ...words]).stdout(),
            refusal: (...words: string[]) => client.withExec([...ask, ...words], { expect: ReturnType.Failure }).stderr(),
          }
        }
        const whole = asking(engine.withServiceBinding("analytics-python", served(python)))
        has(await whole.answer("1,2,6"), "count: 3, mean: 3.0")
        same((await whole.answer("percentile(values, 75) + count", "1,2,6")).trim(), "7")
        has(await whole.refusal("mean(", "1"), "the formula cannot be evaluated")
        const alone = asking(engine)
        has(await alone.answer("4"), "count: 1, mean: 4.0")
        has(await alone.refusal("mean(values)", "4"), "formulas cannot be evaluated now")
      },
    ],
  ]
}

/** The pages with the backend behind them, as a browser asks for them. */
function v7Runs(settings: Settings, options: BuildOptions, nonce: string): Named[] {
  return [
    [
      "the pages and the API answer together, and the pages without the API",
      async () => {
        const image = async (component: string) => (await componentImage(settings, { ...options, component })).container
        const [backend, web] = await Promise.all(["backend", "web"].map(image))
        const client = (await toolbox(settings, [], ["curl"])).withEnvVariable("ASKED", nonce)
        const alone = client.withServiceBinding("web", served(web!))
        has(await alone.withExec(["curl", "-fsS", "http://web:3000/"]).stdout(), "<title>V7</title>")
        has(await alone.withExec(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://web:3000/api/series"]).stdout(), "502")
        const formula = ["-d", '{"formula": "mean(values)"}', "http://backend:3000/api/series/load/evaluate"]
        const both = client
          .withServiceBinding("backend", served(backend!))
          .withServiceBinding("web", served(web!.withServiceBinding("backend", served(backend!))))
        const asked = both
          .withExec(["curl", "-fsS", "http://backend:3000/health"])
          .withExec(["curl", "-fsS", "-d", "[1, 2.5]", "http://web:3000/api/series/load"])
          .withExec(["curl", "-fsS", "http://web:3000/api/series/load"])
        has(await asked.stdout(), '"mean":1.75')
        // The engine is not there.
        has(await asked.withExec(["curl", "-sS", "-w", " %{http_code}", ...formula]).stdout(), " 503")
      },
    ],
    [
      "the backend has formulas evaluated by the engine and its Python part",
      async () => {
        const image = async (component: string) => (await componentImage(settings, { ...options, component })).container
        const [backend, engine, python] = await Promise.all(["backend", "analytics-engine", "analytics-python"].map(image))
        const analytics = served(engine!.withServiceBinding("analytics-python", served(python!)))
        const client = (await toolbox(settings, [], ["curl"])).withEnvVariable("ASKED", nonce)
        const asked = client
          .withServiceBinding("backend", served(backend!.withServiceBinding("analytics-engine", analytics)))
          .withExec(["curl", "-fsS", "-d", "[1, 2, 6]", "http://backend:3000/api/series/load"])
        const evaluated = (formula: string) => {
          const body = JSON.stringify({ formula })
          return asked.withExec(["curl", "-sS", "-w", " %{http_code}", "-d", body, "http://backend:3000/api/series/load/evaluate"]).stdout()
        }
        has(await evaluated("percentile(values, 75) + count"), '"result":7')
        const refused = await evaluated("mean(")
        for (const part of ["the formula cannot be evaluated", " 400"]) has(refused, part)
      },
    ],
  ]
}
