// From a component's name to the programs that it consists of.

import { unknownName } from "../catalogue/nearest.js"
import type { Catalogue, ComponentEntry } from "../catalogue/types.js"

/** A component that is one program, with all that is needed to build it. */
export type ProgramEntry = ComponentEntry & { program: string; package: string }

export function componentOf(catalogue: Catalogue, name: string): ComponentEntry {
  const component = catalogue.components[name]
  if (component === undefined) throw unknownName("component", name, Object.keys(catalogue.components))
  return component
}

export function baseOf(catalogue: Catalogue, name: string) {
  const base = catalogue.bases[name]
  if (base === undefined) throw unknownName("base", name, Object.keys(catalogue.bases))
  return base
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
