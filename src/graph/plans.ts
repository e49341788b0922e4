// The plan of components: resolves sources to know what goes into each, and builds none.

import { createHash } from "node:crypto"
import { baseOf, programsOf, programsOfSource } from "../plan/components.js"
import { imagePlan } from "../plan/image.js"
import type { PlanInput } from "../plan/report.js"
import { supervisorLayer } from "../plan/supervisor.js"
import type { Settings } from "./settings.js"
import { type ResolvedSource, resolveSource } from "./sources.js"
import { buildHelper, goToolchain } from "./toolchain.js"

export async function planInputs(settings: Settings, base: string): Promise<PlanInput[]> {
  const { catalogue } = settings
  const baseEntry = baseOf(catalogue, base)
  const inputs: PlanInput[] = []
  for (const name of Object.keys(catalogue.sources)) {
    const built = Object.values(catalogue.components).filter((component) => component.kind !== "reference")
    const components = built.filter((component) => component.source === name)
    if (components.length === 0) continue
    const source = await resolveSource(settings, name)
    const digests = await programDigests(settings, name, source)
    const config = await configDigest(settings, name, source)
    for (const component of components) {
      const programs = programsOf(catalogue, component)
      const image = imagePlan(catalogue, component, baseEntry, source.facts)
      const content = {
        programs: programs.map((entry) => [entry.program, digests[entry.program]]),
        config,
        go: source.goVersion,
        base: baseEntry,
        image: withoutIdentity(image.labels, image),
        supervisor: component.kind === "suite" && [supervisorLayer(catalogue, component), catalogue.pins.tools.pebble],
      }
      inputs.push({
        component: component.name,
        source: `${source.origin} (${source.facts.revision.slice(0, 19)})`,
        go: source.goVersion,
        base: baseEntry.image,
        digest: createHash("sha256").update(JSON.stringify(content)).digest("hex"),
      })
    }
  }
  return inputs
}

/** A new version whose files are the same needs no new image, so what only names the version stays out. */
function withoutIdentity(labels: Record<string, string>, image: object): object {
  const identity = ["version", "revision", "created"].map((name) => `org.opencontainers.image.${name}`)
  return { ...image, labels: Object.entries(labels).filter(([name]) => !identity.includes(name)) }
}

async function programDigests(
  settings: Settings,
  name: string,
  source: ResolvedSource,
): Promise<Record<string, string>> {
  const programs = programsOfSource(settings.catalogue, name)
  const go = await goToolchain(settings, settings.catalogue.pins.go)
  const output = await go.container
    .withDirectory("/src", source.directory)
    .withFile("/usr/local/bin/inputs", buildHelper(go, "inputs"))
    .withExec(["inputs", "-source", "/src", ...programs.map((entry) => `${entry.program}=${entry.package}`)])
    .stdout()
  return JSON.parse(output)
}

async function configDigest(settings: Settings, name: string, source: ResolvedSource): Promise<string> {
  const config = settings.catalogue.sources[name].config
  return config === undefined ? "" : source.directory.directory(config).digest()
}
