// The plan of components: resolves sources and bases to know what goes into each image, and builds none.

import { baseOf, referenceOf } from "../plan/components.js"
import { imageInputs } from "../plan/imageInputs.js"
import type { PlanInput } from "../plan/report.js"
import { prepareBase } from "./bases.js"
import type { BuildOptions } from "./components.js"
import { baseFacts, sourceDigests } from "./inputs.js"
import { packagedInput } from "./packaged.js"
import type { Settings } from "./settings.js"
import { resolveSource } from "./sources.js"
import { goToolchain } from "./toolchain.js"

export async function planInputs(settings: Settings, options: BuildOptions): Promise<PlanInput[]> {
  const { catalogue } = settings
  const base = baseOf(catalogue, options.base)
  const components = Object.values(catalogue.components)
  const facts = baseFacts(await prepareBase(settings, base))
  const known = Object.keys(catalogue.sources).map(async (name) => {
    const source = await resolveSource(settings, name)
    const digests = await sourceDigests(settings, name, source, await goToolchain(settings, source.goVersion))
    return [name, { source, digests }] as const
  })
  const sources = Object.fromEntries(await Promise.all(known))
  const prepared = await facts
  const rows = components.map(async (component) => {
    if (component.kind === "packaged") return packagedInput(settings, component, base)
    if (component.kind === "reference") return { component: component.name, source: referenceOf(catalogue, component) }
    const { source, digests } = sources[component.source]
    const of = { ...options, component, base, facts: source.facts, goVersion: source.goVersion, digests }
    return {
      component: component.name,
      source: `${source.origin} (${source.facts.revision.slice(0, 12)})`,
      version: source.facts.version,
      inputs: imageInputs(catalogue, of, prepared),
    }
  })
  return Promise.all(rows)
}
