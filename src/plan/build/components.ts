// From a component's name to the programs that it consists of.

import { posix } from "node:path"
import { entryOf } from "../../base/entries.js"
import { Problem } from "../../base/problem.js"
import { readReference, tagPattern } from "../../base/references.js"
import type { BaseEntry, BuiltEntry, Catalogue, ComponentEntry, ImageEntry, ProgramEntry, ReferenceEntry } from "../../catalogue/types.js"

export function componentOf(catalogue: Catalogue, name: string): ComponentEntry {
  return entryOf("component", catalogue.components, name)
}

/** A component whose image is made here. */
export function imageOf(catalogue: Catalogue, name: string): ImageEntry {
  const component = componentOf(catalogue, name)
  if (component.kind !== "reference") return component
  throw new Problem(`${name} is never built`, `use upstream's image ${referenceOf(catalogue, component)}`)
}

/** A component that is built from a source. */
export function builtOf(catalogue: Catalogue, name: string): BuiltEntry {
  const component = imageOf(catalogue, name)
  if (component.kind !== "installed") return component
  throw new Problem(`${name} is installed, not built from source`, `use build --component=${name}`)
}

/** The full name of an image that others publish. */
export function referenceOf(catalogue: Catalogue, component: ReferenceEntry): string {
  return `${component.registry}/${component.image}:${catalogue.pins.references[component.name]}`
}

/** A base by its name, or by NAME:TAG with another tag of its image, such as alpine:3.19. */
export function baseOf(catalogue: Catalogue, text: string): BaseEntry {
  const { name, tag } = readBase(text)
  const base = entryOf("base", catalogue.bases, name)
  if (tag === undefined) return base
  if (!tagPattern.test(tag)) {
    throw new Error(`--base "${text}": expected NAME or NAME:TAG, such as ${name} or ${name}:${readReference(base.image).tag}`)
  }
  const tagged = (reference: string) => `${reference.replace(/@.*$/, "").replace(/:[^:/]*$/, "")}:${tag}`
  return { ...base, image: tagged(base.image), alternatives: base.alternatives.map(tagged) }
}

/** The name of a base, and the tag if another one than the catalogue's is meant. */
export function readBase(text: string): { name: string; tag?: string } {
  const at = text.indexOf(":")
  return at === -1 ? { name: text } : { name: text.slice(0, at), tag: text.slice(at + 1) }
}

/** A group's programs in the order of their start, or the one program. */
export function programsOf(catalogue: Catalogue, component: BuiltEntry): ProgramEntry[] {
  return stagesOf(catalogue, component).flat()
}

export function stagesOf(catalogue: Catalogue, component: BuiltEntry): ProgramEntry[][] {
  if (component.kind === "program") return [[component]]
  return component.stages.map((stage) => stage.map((name) => componentOf(catalogue, name)).filter((entry) => entry.kind === "program"))
}

/** All programs that are built from a source: what one multicall binary holds. */
export function programsOfSource(catalogue: Catalogue, source: string): ProgramEntry[] {
  const programs = Object.values(catalogue.components).filter((entry) => entry.kind === "program")
  return programs.filter((entry) => entry.source === source)
}

/** The source that a component's image is made from: its programs, or files that a server serves. */
export function sourceOf(component: ComponentEntry): string | undefined {
  if (component.kind === "reference") return undefined
  return component.kind === "installed" ? component.content?.source : component.source
}

/** What a component needs of its source and that is not there. */
export function missingPrograms(catalogue: Catalogue, component: BuiltEntry, missing: ProgramEntry[], origin: string): Error {
  const list = missing.map((entry) => `no ${entry.package} (${entry.program})`).join(", ")
  const whole =
    component.kind === "group"
      ? `, or single programs that it has, such as --component=${catalogueNeighbour(catalogue, component, missing)}`
      : ""
  return new Problem(
    `${component.name} cannot be built: this source (${origin}) has ${list}, which stack.yaml names for it`,
    `give a source that has it${whole}, or a --catalogue whose stack.yaml fits this source`,
  )
}

function catalogueNeighbour(catalogue: Catalogue, component: BuiltEntry, missing: ProgramEntry[]): string {
  const others = programsOf(catalogue, component).filter((entry) => !missing.includes(entry))
  return others[0]?.name ?? component.name
}

/** Images are for one platform only; others fail long before a build would. */
export function checkPlatform(platform: string): void {
  if (platform !== "linux/amd64") {
    throw new Problem(`platform ${platform} is not supported: only linux/amd64 images are built`, "leave --platform out")
  }
}

/** Few patterns that find the source files of many programs. `filesOf`: those of a source's programs, such as *.c. */
export function programFilePatterns(programs: ProgramEntry[], filesOf: (source: string) => string): string[] {
  const patterns = programs.map((entry) => {
    const [top, ...below] = entry.package.split("/")
    return [top === "." ? [] : [top], below.length === 0 ? [] : ["**"], filesOf(entry.source)].flat().join("/")
  })
  return [...new Set(patterns)]
}

/** The programs that have none of these files in their folders. */
export function programsWithoutFiles(programs: ProgramEntry[], files: string[]): ProgramEntry[] {
  const folders = new Set(files.map((file) => posix.dirname(file)))
  return programs.filter((entry) => !folders.has(entry.package))
}
