// Under which name the image of a component is found once it was released: with the registry and the tag that publish uses.

import { firstIn } from "../../base/entries.js"
import { pinnedSource } from "../../catalogue/lookup.js"
import type { Catalogue, ComponentEntry } from "../../catalogue/types.js"
import { referenceOf } from "../build/components.js"
import { toolRelease } from "../packages/installed.js"
import { toolPin } from "../toolchains/helpers.js"
import { publishedReferences } from "./registries.js"

/**
 * The image's reference, or its form with words in capitals in the places of what the catalogue does not know, and the reason. On
 * demand means that no schedule pushes it: the name holds once somebody has called publish or release for it.
 */
export type PublishedAs = { onDemand: boolean } & ({ reference: string } | { form: string; reason: string })

export function publishedAs(catalogue: Catalogue, component: ComponentEntry): PublishedAs {
  if (component.kind === "reference") {
    const reference = referenceOf(catalogue, component)
    const digest = catalogue.pins.digests[reference]
    return { onDemand: false, reference: digest === undefined ? reference : `${reference}@${digest}` }
  }
  const onDemand = component.mode === "manual"
  const version = pinnedVersion(catalogue, component)
  const to = { registries: component.registry === undefined ? ["registry.invalid"] : [], tags: [] }
  const { reference } = firstIn(publishedReferences(component, to, version ?? "VERSION"), "reference")
  if (component.registry === undefined) {
    const reason = "The catalogue has no registry for it: replace REGISTRY by yours"
    return { onDemand, form: reference.replace("registry.invalid", "REGISTRY"), reason }
  }
  if (version === undefined) {
    const reason = "Its version is that of the base's packages, known once it is built: the report of release names it"
    return { onDemand, form: reference, reason }
  }
  return { onDemand, reference }
}

/** What publish tags the image with; absent where the packages of the base decide. */
export function pinnedVersion(catalogue: Catalogue, component: ComponentEntry): string | undefined {
  const { archives, references } = catalogue.pins
  if (component.kind === "reference") return references[component.name]
  if (component.kind === "installed" && component.content !== undefined) return pinnedSource(catalogue, component.content.source).version
  if (component.kind === "installed") {
    const tool = Object.values(component.install).find((install) => install.tool !== undefined)?.tool
    return tool === undefined ? archives[component.name]?.version : toolRelease(toolPin(catalogue, tool))
  }
  return pinnedSource(catalogue, component.source).version
}
