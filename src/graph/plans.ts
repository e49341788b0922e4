// The plan of components: resolves sources and bases to know what goes into each image, and builds none.

import { baseOf, imageOf, referenceOf } from "../plan/components.js"
import { imageInputs } from "../plan/imageInputs.js"
import { checkAnswers } from "../plan/publishing.js"
import { publishTargets } from "../plan/registries.js"
import { type EarlierImage, type PlanInput, type PlanRow, planRows } from "../plan/report.js"
import { prepareBase } from "./bases.js"
import type { BuildOptions } from "./components.js"
import { baseFacts, sourceDigests } from "./inputs.js"
import { packagedInput } from "./packaged.js"
import { publishedImages, type PublishedQuestion } from "./published.js"
import type { PublishOrder } from "./releases.js"
import type { Settings } from "./settings.js"
import { resolveSource } from "./sources.js"
import { goToolchain } from "./toolchain.js"

/** Where to look for what was published. */
export type PublishedIn = Pick<PublishOrder, "registries" | "tags" | "access" | "mark">

/** The plan of these components, or of all; compared with a record, or with what registries have. */
export async function plannedRows(
  settings: Settings,
  options: BuildOptions,
  names: string[] | undefined,
  earlier: Record<string, EarlierImage[]> | PublishedIn,
): Promise<PlanRow[]> {
  const inputs = await planInputs(settings, options, names)
  if (!isPublishedIn(earlier)) return planRows(inputs, earlier)
  const questions = inputs.filter((input) => input.inputs !== undefined).flatMap((input) => questionsOf(settings, input, earlier))
  const published = await publishedImages(settings, questions, earlier.access, earlier.mark)
  checkAnswers(published, earlier.access.username !== undefined || earlier.access.config !== undefined)
  return planRows(inputs, published)
}

function isPublishedIn(earlier: Record<string, EarlierImage[]> | PublishedIn): earlier is PublishedIn {
  return "access" in earlier && "mark" in earlier
}

/** Nothing is known of a private component as long as no registry is named. */
function questionsOf({ catalogue }: Settings, { component, version }: PlanInput, { registries, tags }: PublishedIn): PublishedQuestion[] {
  const entry = imageOf(catalogue, component)
  if (registries.length === 0 && entry.registry === undefined) return []
  return publishTargets(entry, registries, tags.length > 0 ? tags : [version ?? "latest"]).flatMap(({ host, repository, tags }) =>
    tags.map((tag) => ({ component, host, reference: `${repository}:${tag}` })),
  )
}

async function planInputs(settings: Settings, options: BuildOptions, names?: string[]): Promise<PlanInput[]> {
  const { catalogue } = settings
  const base = baseOf(catalogue, options.base)
  const components = Object.values(catalogue.components).filter(({ name }) => names === undefined || names.includes(name))
  const needed = new Set(components.flatMap((component) => ("source" in component ? [component.source] : [])))
  const known = [...needed].map(async (name) => {
    try {
      const source = await resolveSource(settings, name)
      return [name, { source, digests: await sourceDigests(settings, name, source, await goToolchain(settings, source.goVersion)) }] as const
    } catch (error) {
      // The components of the other sources can be planned and built all the same.
      return [name, { refused: (error as Error).message }] as const
    }
  })
  const [prepared, ...entries] = await Promise.all([prepareBase(settings, base).then(baseFacts), ...known])
  const sources = Object.fromEntries(entries)
  const rows = components.map(async (component) => {
    if (component.kind === "packaged") return packagedInput(settings, component, base)
    if (component.kind === "reference") return { component: component.name, source: referenceOf(catalogue, component) }
    const found = sources[component.source]
    if ("refused" in found) {
      return { component: component.name, source: catalogue.sources[component.source].url, refused: found.refused }
    }
    const { source, digests } = found
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
