// The plan of components: resolves sources and bases to know what goes into each image, and builds none.

import { sourceEntry } from "../catalogue/lookup.js"
import { prepareBase } from "../graph/build/bases.js"
import type { BuildOptions } from "../graph/build/components.js"
import { baseFacts, sourceDigests } from "../graph/build/inputs.js"
import { installedInput } from "../graph/build/installed.js"
import { missingIn, resolveSource } from "../graph/build/sources.js"
import type { Settings } from "../graph/call/settings.js"
import { publishedImages } from "../graph/publish/published.js"
import { helperTexts } from "../graph/toolchains/helpers.js"
import { toolchainByName } from "../graph/toolchains/toolchains.js"
import { baseOf, imageOf, missingPrograms, programsOf, programsOfSource, referenceOf } from "../plan/build/components.js"
import { fallbackLayout, imageInputs } from "../plan/build/imageInputs.js"
import { launchHelper } from "../plan/build/launch.js"
import type { EarlierImage, PlanInput } from "../plan/publish/planRows.js"
import { checkAnswers } from "../plan/publish/publishing.js"
import { publishedReferences } from "../plan/publish/registries.js"
import { builderOf, layoutOf, toolchainOf } from "../plan/toolchains/toolchains.js"
import type { PublishOrder } from "./release.js"

/** Where to look for what was published. */
export type PublishedIn = Pick<PublishOrder, "registries" | "tags" | "access" | "nonce">

/** What the registries have of these components. Nothing is known of a private one as long as no registry is named. */
export async function earlierImages(settings: Settings, inputs: PlanInput[], where: PublishedIn): Promise<Record<string, EarlierImage[]>> {
  const questions = inputs
    .filter((input) => input.inputs !== undefined)
    .flatMap(({ component, version }) => {
      const entry = imageOf(settings.catalogue, component)
      if (where.registries.length === 0 && entry.registry === undefined) return []
      return publishedReferences(entry, where, version).map((published) => ({ component, ...published }))
    })
  const published = await publishedImages(settings, questions, where.access, where.nonce)
  checkAnswers(published, where.access.username !== undefined || where.access.config !== undefined)
  return published
}

/** What goes into the images of these components, or of all. */
export async function planInputs(settings: Settings, options: BuildOptions, names?: string[]): Promise<PlanInput[]> {
  const { catalogue } = settings
  const base = baseOf(catalogue, options.base)
  const components = Object.values(catalogue.components).filter(({ name }) => names === undefined || names.includes(name))
  const needed = new Set(components.flatMap((component) => ("source" in component ? [component.source] : [])))
  const known = [...needed].map(async (name) => {
    try {
      const source = await resolveSource(settings, name)
      const prepared = await toolchainByName(source.toolchain.name).prepare(settings, source.toolchain.version)
      const toolchain = { name: prepared.name, version: prepared.version }
      const digests = await sourceDigests(settings, name, source, prepared, programsOfSource(catalogue, name))
      return [name, { source, toolchain, digests }] as const
    } catch (error) {
      // The components of the other sources can be planned and built all the same.
      return [name, { refused: (error as Error).message }] as const
    }
  })
  const [prepared, launcher, ...entries] = await Promise.all([
    prepareBase(settings, base).then(baseFacts),
    helperTexts(launchHelper),
    ...known,
  ])
  const sources = Object.fromEntries(entries)
  const rows = components.map(async (component) => {
    if (component.kind === "installed") return installedInput(settings, component, base)
    if (component.kind === "reference") return { component: component.name, source: referenceOf(catalogue, component) }
    const found = sources[component.source]
    if ("refused" in found) {
      return { component: component.name, source: sourceEntry(catalogue, component.source).url, refused: found.refused }
    }
    const { source, toolchain, digests } = found
    const origin = `${source.origin}${source.facts.revision === undefined ? "" : ` (${source.facts.revision.slice(0, 12)})`}`
    const missing = await missingIn(settings, source, programsOf(catalogue, component))
    if (missing.length > 0) {
      return { component: component.name, source: origin, refused: missingPrograms(catalogue, component, missing, source.origin).message }
    }
    const plan = toolchainOf(sourceEntry(catalogue, component.source))
    const builder = builderOf(plan, options.builder)
    const layout = layoutOf(plan, options.layout)
    const of = { ...options, builder, component, base, facts: source.facts, toolchain, digests, launcher, layout }
    try {
      const inputs = imageInputs(catalogue, of, prepared)
      // Only a build knows whether all programs can be one.
      const otherwise = layout === "multicall" ? { otherwise: imageInputs(catalogue, { ...of, layout: fallbackLayout }, prepared) } : {}
      return { component: component.name, source: origin, version: source.facts.version, inputs, ...otherwise }
    } catch (error) {
      return { component: component.name, source: origin, refused: (error as Error).message }
    }
  })
  return Promise.all(rows)
}
