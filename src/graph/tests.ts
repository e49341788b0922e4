// The module's own tests, as steps of the graph.

import { type Container, dag, type Directory } from "@dagger.io/dagger"
import type { Catalogue, ComponentEntry } from "../catalogue/types.js"
import { programsOf } from "../plan/components.js"
import { type Finding, findingsOf, smokeScript } from "../plan/smoke.js"
import { fromFirst } from "./bases.js"
import { explain } from "./failures.js"
import type { Settings } from "./settings.js"
import { goToolchain } from "./toolchain.js"

/** Type check and unit tests, with Node and the packages of the lock file. */
export async function unitTests(settings: Settings, checkout: Directory): Promise<string> {
  const node = await fromFirst([settings.catalogue.pins.images.node])
  const tests = node
    // Node has its own certificates; this adds those of the container, where the engine puts a company's own.
    .withEnvVariable("NODE_EXTRA_CA_CERTS", "/etc/ssl/certs/ca-certificates.crt")
    .withMountedCache("/root/.npm", dag.cacheVolume("npm"))
    .withWorkdir("/checkout")
    .withDirectory(".", checkout, { include: ["package.json", "package-lock.json", ".npmrc"] })
    .withExec(["npm", "ci", "--no-audit", "--no-fund"])
    .withDirectory(".", checkout)
    .withEnvVariable("NO_COLOR", "1")
    .withExec(["npm", "run", "typecheck"])
    .withExec(["npm", "test"])
  return explain("the unit tests failed", "Run them alone with: npx vitest run", () => tests.stdout())
}

/** The tests of the Go programs below go/. */
export async function helperTests(settings: Settings): Promise<string> {
  const go = await goToolchain(settings, settings.catalogue.pins.go)
  const tests = go.container
    .withDirectory("/go-helpers", dag.currentModule().source().directory("go"))
    .withWorkdir("/go-helpers")
    .withExec(["sh", "-c", "for folder in */; do (cd $folder && go vet ./... && go test ./...) || exit 1; done"])
  return explain("the tests of the Go programs failed", "Run them alone with: go test ./... in each folder of go/", () =>
    tests.stdout(),
  )
}

/** What can be seen of a built image without any of the services it needs. */
export async function smokeTest(catalogue: Catalogue, component: ComponentEntry, image: Container): Promise<string> {
  const programs = programsOf(catalogue, component).map((entry) => entry.program)
  const [output, labels, ports, health] = await Promise.all([
    image.withExec(["sh", "-c", smokeScript(catalogue, programs)]).stdout(),
    image.labels().then((list) => Promise.all(list.map((label) => label.name()))),
    image.exposedPorts().then((list) => Promise.all(list.map((port) => port.port()))),
    image.dockerHealthcheck().args(),
  ])
  const findings = findingsOf(output, { labels, ports, health }, component)
  const lines = findings.map((finding) => `${finding.ok ? "ok" : "FAILED"}  ${component.name}: ${finding.what}`)
  const failed = findings.filter((finding: Finding) => !finding.ok)
  if (failed.length > 0) throw new Error(`the smoke test of ${component.name} failed:\n${lines.join("\n")}`)
  return `${lines.join("\n")}\n`
}

/** Runs a tool by its name alone; it must be found on PATH and say what it is. */
export async function runsOnPath(container: Container, command: string[], expected: string): Promise<string> {
  const output = await explain(`${command[0]} does not run`, "Its folder must be on PATH.", () =>
    container.withExec(command).stdout(),
  )
  if (!output.includes(expected)) throw new Error(`${command.join(" ")} answered "${output.trim()}", not "${expected}…"`)
  return output
}
