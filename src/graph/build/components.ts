// From a component's name to its binaries and its image.

import type { Directory } from "@dagger.io/dagger"
import { sourceEntry } from "../../catalogue/lookup.js"
import type { BuiltEntry } from "../../catalogue/types.js"
import { baseOf, builtOf, imageOf, missingPrograms, programsOf, programsOfSource } from "../../plan/build/components.js"
import { imageInputs } from "../../plan/build/imageInputs.js"
import { launchHelper } from "../../plan/build/launch.js"
import { builderOf, toolchainOf } from "../../plan/toolchains/toolchains.js"
import type { Settings } from "../call/settings.js"
import { helperProgram, helperTexts, toolProgram } from "../toolchains/helpers.js"
import type { PreparedToolchain, ProgramLayout } from "../toolchains/toolchain.js"
import { toolchainByName } from "../toolchains/toolchains.js"
import { sayGaps } from "../versions/sourceParts.js"
import { prepareBase } from "./bases.js"
import type { ResolvedSource } from "./foundSource.js"
import { finalImage } from "./images.js"
import { baseFacts, sourceDigests } from "./inputs.js"
import { installedImage } from "./installed.js"
import type { BuiltImage } from "./layouts.js"
import { type BuiltPrograms, buildPrograms } from "./programs.js"
import { checkConfig, missingIn, resolveSource } from "./sources.js"

/** How images are put together. */
export interface BuildOptions {
  base: string
  layout: ProgramLayout
  /** One of its toolchain's builders; its own way when not given. */
  builder?: string
}

export interface BuildRequest extends BuildOptions {
  component: string
}

export interface Workshop {
  component: BuiltEntry
  source: ResolvedSource
  toolchain: PreparedToolchain
}

/** Names are settled first: a slip of the keyboard costs no download. */
export async function openWorkshop(settings: Settings, component: string, base: string): Promise<Workshop> {
  const entry = builtOf(settings.catalogue, component)
  baseOf(settings.catalogue, base)
  const source = await resolveSource(settings, entry.source)
  const missing = await missingIn(settings, source, programsOf(settings.catalogue, entry))
  if (missing.length > 0) throw missingPrograms(settings.catalogue, entry, missing, source.origin)
  return { component: entry, source, toolchain: await toolchainByName(source.toolchain.name).prepare(settings, source.toolchain.version) }
}

export async function componentBinaries(settings: Settings, request: BuildRequest): Promise<Directory> {
  return (await binariesIn(settings, await openWorkshop(settings, request.component, request.base), request)).directory
}

export async function componentImage(settings: Settings, request: BuildRequest): Promise<BuiltImage> {
  const entry = imageOf(settings.catalogue, request.component)
  const base = baseOf(settings.catalogue, request.base)
  if (entry.kind === "installed") return installedImage(settings, entry, base)
  const preparing = prepareBase(settings, base)
  const [workshop, prepared, facts] = await Promise.all([
    openWorkshop(settings, request.component, request.base),
    preparing,
    preparing.then(baseFacts),
  ])
  const { component, source, toolchain } = workshop
  await checkConfig(settings, component.source, source)
  const [binaries, launcher, supervisor, digests] = await Promise.all([
    binariesIn(settings, workshop, request),
    helperProgram(settings, launchHelper, toolchain),
    component.kind === "group" ? toolProgram(settings, "pebble", toolchain) : undefined,
    sourceDigests(settings, component.source, source, toolchain, programsOf(settings.catalogue, component)),
  ])
  const { layout, directory } = binaries
  const builder = builderOf(toolchainOf(sourceEntry(settings.catalogue, component.source)), request.builder)
  const of = {
    ...request,
    builder,
    layout,
    component,
    base,
    facts: source.facts,
    toolchain: { name: toolchain.name, version: toolchain.version },
    digests,
    launcher: helperTexts(launchHelper),
  }
  const inputs = imageInputs(settings.catalogue, of, facts)
  const container = await finalImage(settings.catalogue, {
    component,
    base,
    prepared,
    inputs,
    source,
    binaries: directory,
    launcher,
    supervisor,
  })
  return { container, base: prepared.pulled, created: source.facts.created }
}

async function binariesIn(settings: Settings, workshop: Workshop, request: BuildRequest): Promise<BuiltPrograms> {
  const { component, source, toolchain } = workshop
  const wanted = programsOf(settings.catalogue, component)
  const named = programsOfSource(settings.catalogue, component.source)
  const missing = await missingIn(settings, source, named)
  const all = named.filter((entry) => !missing.includes(entry))
  const [binaries] = await Promise.all([
    buildPrograms(settings, toolchain, {
      source,
      wanted,
      all,
      layout: request.layout,
      builder: builderOf(toolchainOf(sourceEntry(settings.catalogue, component.source)), request.builder),
    }),
    sayGaps(settings, component.source, source, toolchain),
  ])
  return binaries
}
