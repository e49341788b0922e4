// The other stacks: sources that are folders of this project, built by their toolchains, tested by their own tests, and run.

import { readdirSync } from "node:fs"
import { join } from "node:path"
import type { Container, Directory } from "@dagger.io/dagger"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { moduleRoot } from "../../src/catalogue/ownFiles.js"
import { type BuildOptions, componentImage } from "../../src/graph/build/components.js"
import type { ResolvedSource } from "../../src/graph/build/foundSource.js"
import { resolveSource } from "../../src/graph/build/sources.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { smokeTest } from "../../src/graph/stack/tests.js"
import { withSource } from "../../src/graph/toolchains/node/content.js"
import { compiledPrograms, withFetched } from "../../src/graph/toolchains/rust/programs.js"
import type { PreparedToolchain } from "../../src/graph/toolchains/toolchain.js"
import { toolchainByName } from "../../src/graph/toolchains/toolchains.js"
import { imageOf } from "../../src/plan/build/components.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { targetFolder } from "../../src/plan/toolchains/rust/cargo.js"
import { casesOf, fails, has, same } from "./cases.js"
import { reproducibleTests } from "./reproducible.js"

type Named = [name: string, run: () => Promise<unknown>]

/** Those of all stacks but the one that is called. */
export async function otherStacksTests(settings: Settings, options: BuildOptions, nonce: string): Promise<TestCase[]> {
  const stacks = readdirSync(join(moduleRoot(), "stacks"), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const cases: TestCase[] = []
  for (const { name } of stacks.filter(({ name }) => name !== settings.catalogue.stack)) {
    const of = { ...settings, catalogue: await loadCatalogue(name) }
    const found = [
      ...(await sourcesTests(of)),
      ...(await builtTests(of, options)),
      ...(await twiceTests(of, options, nonce)),
      ...(await runningTests(of, options, nonce)),
    ]
    cases.push(...found.map((one) => ({ ...one, name: `${name}: ${one.name}` })))
  }
  return cases
}

/** The sources of this stack that are folders of this project. */
export async function sourcesTests(settings: Settings): Promise<TestCase[]> {
  const own = Object.entries(settings.catalogue.sources).filter(([, { folder }]) => folder !== undefined)
  const cases: TestCase[] = []
  for (const [name, { toolchain }] of own) cases.push(...(await casesOf(bySource[toolchain]?.(settings, name) ?? [])))
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

/** What runs, as its users see it. */
export async function runningTests(settings: Settings, options: BuildOptions, nonce: string): Promise<TestCase[]> {
  const both = ["backend", "web"].every((name) => madeHere(settings).includes(name))
  return both ? casesOf(runTests(settings, options, nonce)) : []
}

const bySource: Record<string, (settings: Settings, name: string) => Named[]> = { rust: rustTests, node: nodeTests }

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
    container.withExec(["sh", "-c", `find ${targetFolder} -name '*.rlib' ! -name '*${name}*' -printf '%p %T@\\n' | sort`]).stdout()
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

function nodeTests(settings: Settings, name: string): Named[] {
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
        if (!both[0]?.includes("node_modules/vite")) throw new Error("no package is there")
        same(both[1], both[0])
      },
    ],
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

/** The pages with the backend behind them, as a browser asks for them. */
function runTests(settings: Settings, options: BuildOptions, nonce: string): Named[] {
  return [
    [
      "the pages and the API answer together, and the pages without the API",
      async () => {
        const image = async (component: string) => (await componentImage(settings, { ...options, component })).container
        const [backend, web] = await Promise.all(["backend", "web"].map(image))
        const served = (container: Container) => container.asService({ useEntrypoint: true })
        const client = (await toolbox(settings, [], ["curl"])).withEnvVariable("ASKED", nonce)
        const alone = client.withServiceBinding("web", served(web!))
        has(await alone.withExec(["curl", "-fsS", "http://web:3000/"]).stdout(), "<title>V7</title>")
        has(await alone.withExec(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://web:3000/api/series"]).stdout(), "502")
        const both = client
          .withServiceBinding("backend", served(backend!))
          .withServiceBinding("web", served(web!.withServiceBinding("backend", served(backend!))))
        const asked = both
          .withExec(["curl", "-fsS", "http://backend:3000/health"])
          .withExec(["curl", "-fsS", "-d", "[1, 2.5]", "http://web:3000/api/series/load"])
          .withExec(["curl", "-fsS", "http://web:3000/api/series/load"])
        has(await asked.stdout(), '"mean":1.75')
      },
    ],
  ]
}
