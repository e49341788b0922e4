// The module's own tests, as steps of the graph.

import { randomUUID } from "node:crypto"
import { type Container, type Directory, dag, ReturnType } from "@dagger.io/dagger"
import { pinnedImage, sourceEntry } from "../../catalogue/lookup.js"
import type { BuiltEntry, Catalogue, ImageEntry } from "../../catalogue/types.js"
import { programsOf } from "../../plan/build/components.js"
import {
  answersOf,
  fileQuestions,
  findingsOf,
  imageQuestions,
  programQuestions,
  type SmokeQuestion,
  serverQuestions,
  smokeScript,
  surplusCertificates,
} from "../../plan/tests/smoke.js"
import { checkCases, type TestCase, vitestCases } from "../../plan/tests/suites.js"
import { helperToolchain } from "../../plan/toolchains/helpers.js"
import { fromFirst } from "../build/bases.js"
import { exitCodeOf, tailOf } from "../call/failures.js"
import type { Settings } from "../call/settings.js"
import { helperTests as compilerTests } from "../toolchains/helpers.js"
import { javaTest } from "../toolchains/java.js"

const packageFiles = ["package.json", "package-lock.json", ".npmrc"]

/** Node with the packages of the checkout's lock file, in /checkout, and none of its other files: it is cached while those change. */
export function nodePackages(settings: Settings, checkout: Directory): Promise<Container> {
  return nodeProject(settings, checkout.filter({ include: packageFiles }))
}

/** Node with the packages of the checkout's lock file and the checkout, in /checkout. */
export async function nodeProject(settings: Settings, checkout: Directory): Promise<Container> {
  const node = await fromFirst(settings, [pinnedImage(settings.catalogue, "node")])
  const [registry] = await settings.mirrors.of("npm")
  return (
    (registry === undefined ? node : node.withEnvVariable("npm_config_registry", registry))
      // Node has its own certificates; this adds those of the container, where the engine puts a company's own.
      .withEnvVariable("NODE_USE_SYSTEM_CA", "1")
      .withEnvVariable("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
      .withMountedCache("/root/.npm", dag.cacheVolume("npm"))
      .withWorkdir("/checkout")
      .withDirectory(".", checkout, { include: packageFiles })
      .withExec(["npm", "ci", "--no-audit", "--no-fund"])
      .withDirectory(".", checkout)
      .withEnvVariable("NO_COLOR", "1")
  )
}

/** Type check and unit tests. */
export async function unitTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const prepared = await nodeProject(settings, checkout)
  const [types, tests] = await Promise.all([
    outputOf(prepared.withExec(["npm", "run", "--silent", "typecheck"])),
    wholeOutput(prepared, ["npx", "vitest", "run", "--reporter=json"]),
  ])
  return [{ name: "the type check", ok: types.ok, detail: types.text }, ...casesIn(tests, vitestCases)]
}

/** The unit tests when everything that is pinned is bumped, as one case. */
export async function agedTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const prepared = await nodeProject(settings, checkout)
  const { ok, text } = await outputOf(prepared.withExec(["tests/age/run", "--reporter=dot"]))
  return [{ name: "the unit tests pass when everything that is pinned is bumped", ok, detail: text.slice(-4000) }]
}

/** The tests of this project's own programs. */
export async function helperTests(settings: Settings): Promise<TestCase[]> {
  const compiled = compilerTests(settings).then((runs) => Promise.all(runs.map(outputOf)))
  const [outputs, store] = await Promise.all([compiled, javaTest(settings, "store", "StoreTest").then(outputOf)])
  return [...outputs.flatMap((output) => casesIn(output, helperToolchain.testCases)), ...casesIn(store, checkCases)]
}

interface Output {
  ok: boolean
  text: string
}

/** Of a run that failed the engine keeps the end only: it runs once more, so that its report can be read. It failed all the same. */
async function wholeOutput(prepared: Container, words: string[]): Promise<Output> {
  const first = await outputOf(prepared.withExec(words))
  if (first.ok) return first
  const again = prepared.withEnvVariable("AGAIN", randomUUID()).withExec(words, { expect: ReturnType.Any })
  return { ok: false, text: await again.stdout() }
}

/** What a command printed, also where it failed: a failure is not kept by the engine, so it is run again the next time. */
async function outputOf(container: Container): Promise<Output> {
  try {
    return { ok: true, text: await container.stdout() }
  } catch (error) {
    if (exitCodeOf(error) === undefined) throw error
    return { ok: false, text: (error as { stdout?: string }).stdout || tailOf(error) }
  }
}

/** A run that ends badly without a failed case is one: nothing may pass by not running. */
function casesIn({ ok, text }: Output, read: (text: string) => TestCase[]): TestCase[] {
  let cases: TestCase[] = []
  try {
    cases = read(text)
  } catch {
    // What cannot be read is shown below.
  }
  const explained = cases.some((test) => !test.ok)
  return (ok || explained) && cases.length > 0 ? cases : [...cases, { name: "the run itself", ok: false, detail: text.slice(-2000) }]
}

function ofSource(catalogue: Catalogue, component: BuiltEntry): SmokeQuestion[] {
  const { image, config } = sourceEntry(catalogue, component.source)
  const programs = programsOf(catalogue, component).map((entry) => entry.program)
  return programQuestions(image, programs, config !== undefined)
}

/** What can be seen of a built image without any of the services it needs. */
export async function smokeTest(settings: Settings, component: ImageEntry, image: Container): Promise<TestCase[]> {
  const { catalogue } = settings
  const own = component.kind === "installed" ? serverQuestions(component) : ofSource(catalogue, component)
  const debian = await fromFirst(settings, [pinnedImage(catalogue, "debian")])
  const [inside, files, labels, ports, health, foreign] = await Promise.all([
    answers(image, imageQuestions(own)),
    answers(
      debian.withMountedDirectory(imageRoot, image.rootfs()),
      fileQuestions(imageRoot, component.kind === "installed" && component.development),
    ),
    image.labels().then((list) => Promise.all(list.map((label) => label.name()))),
    image.exposedPorts().then((list) => Promise.all(list.map((port) => port.port()))),
    image.dockerHealthcheck().args(),
    foreignCertificates(image),
  ])
  return [...inside, ...files, ...findingsOf({ labels, ports, health, foreign }, component)]
}

const imageRoot = "/image"

async function answers(container: Container, questions: SmokeQuestion[]): Promise<TestCase[]> {
  return answersOf(questions, await container.withExec(["sh", "-c", smokeScript(questions)]).stdout())
}

/** Certificates that no package brought: the engine's own may not stay. Asked without a command, which would get them lent. */
async function foreignCertificates(image: Container): Promise<string[] | undefined> {
  const list = "/usr/share/ca-certificates/mozilla"
  if (!(await image.exists(list))) return undefined
  const names = async (folder: string, ending: string) =>
    (await image.directory(folder).entries()).filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -4))
  const [packaged, installed, bundle] = await Promise.all([
    names(list, ".crt"),
    names("/etc/ssl/certs", ".pem"),
    image.file("/etc/ssl/certs/ca-certificates.crt").contents(),
  ])
  return surplusCertificates({ packaged, installed, bundled: bundle.split("-----BEGIN CERTIFICATE-----").length - 1 })
}

/** Runs a tool by its name alone; it must be found on PATH and say what it is. */
export async function runsOnPath(container: Container, command: string[], expected: string): Promise<TestCase> {
  const { text } = await outputOf(container.withExec(command))
  return { name: `${command.join(" ")} runs and says ${expected.trim()}`, ok: text.includes(expected), detail: text }
}
