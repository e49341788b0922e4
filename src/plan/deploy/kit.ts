// What a caller wants of the kit, and the images that it needs.

import { unknownName } from "../../base/nearest.js"
import type { Catalogue, ComponentEntry } from "../../catalogue/types.js"
import type { Deployment } from "./model.js"

/** Where the images of a kit come from. */
export const imageOrigins = ["registry", "archives", "official"] as const
export type ImageOrigin = (typeof imageOrigins)[number]

export function readImageOrigin(value: string): ImageOrigin {
  const found = imageOrigins.find((known) => known === value)
  if (found === undefined) throw unknownName("value of --images", value, [...imageOrigins])
  return found
}

/** The components of a deployment, each once. Fails for those that stack.yaml does not have: nothing is built of them. */
export function kitComponents(catalogue: Catalogue, deployment: Deployment): ComponentEntry[] {
  const names = [...new Set([...deployment.services, ...(deployment.backup ? [deployment.backup] : [])].map(({ component }) => component))]
  const missing = names.filter((name) => !Object.hasOwn(catalogue.components, name))
  if (missing.length > 0) {
    throw new Error(`--images=archives: stack.yaml has no component ${missing.join(", ")}, so there is no image of it to put into the kit`)
  }
  return names.map((name) => catalogue.components[name]!)
}

/** The name of an image in docker's list, where docker.io is not said. */
export function loadedName(reference: string): string {
  return reference.replace(/^docker\.io\//, "").replace(/@.*$/, "")
}

/** The file of a component's image in the kit. */
export function archivePath(component: string): string {
  return `images/${component}.tar`
}
