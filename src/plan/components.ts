// From a component's name to the programs that it consists of.

import { unknownName } from "../catalogue/nearest.js"
import type { BaseEntry, Catalogue, ComponentEntry } from "../catalogue/types.js"

/** A component that is one program, with all that is needed to build it. */
export type ProgramEntry = ComponentEntry & { program: string; package: string }

export function componentOf(catalogue: Catalogue, name: string): ComponentEntry {
  return known("component", catalogue.components, name)
}

export function baseOf(catalogue: Catalogue, name: string): BaseEntry {
  return known("base", catalogue.bases, name)
}

function known<T>(kind: string, entries: Record<string, T>, name: string): T {
  if (!Object.hasOwn(entries, name)) throw unknownName(kind, name, Object.keys(entries))
  return entries[name]
}

export function isProgram(component: ComponentEntry): component is ProgramEntry {
  return component.program !== undefined && component.package !== undefined
}

/** A suite's programs in the order of their start, or the one program. */
export function programsOf(catalogue: Catalogue, component: ComponentEntry): ProgramEntry[] {
  return stagesOf(catalogue, component).flat()
}

export function stagesOf(catalogue: Catalogue, component: ComponentEntry): ProgramEntry[][] {
  if (isProgram(component)) return [[component]]
  return (component.stages ?? []).map((stage) => stage.map((name) => catalogue.components[name]).filter(isProgram))
}

/** All programs that are built from a source: what one multicall binary holds. */
export function programsOfSource(catalogue: Catalogue, source: string): ProgramEntry[] {
  return Object.values(catalogue.components).filter(isProgram).filter((entry) => entry.source === source)
}

/** Images are for one platform only; others fail long before a build would. */
export function checkPlatform(platform: string): void {
  if (platform !== "linux/amd64") {
    throw new Error(`platform ${platform} is not supported: only linux/amd64 images are built; leave --platform out`)
  }
}
