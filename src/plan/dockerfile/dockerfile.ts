// A component's Dockerfile: the same image for those who build without Dagger. The build context is this repository.

import { firstIn } from "../../base/entries.js"
import type { BaseEntry, Catalogue, ImageEntry } from "../../catalogue/types.js"
import { builtDockerfile } from "./built.js"
import { installedDockerfile } from "./installed.js"
import type { DockerfileOptions } from "./stages.js"

export type { DockerfileOptions }

export function dockerfile(catalogue: Catalogue, component: ImageEntry, base: BaseEntry, options: DockerfileOptions = {}): string {
  const lines =
    component.kind === "installed"
      ? installedDockerfile(catalogue, component, base, options)
      : builtDockerfile(catalogue, component, base, options)
  return `${lines.join("\n")}\n`
}

/** All of a stack's, by their file names. */
export function dockerfiles(catalogue: Catalogue): Record<string, string> {
  const base = firstIn(Object.values(catalogue.bases), "base")
  const made = Object.values(catalogue.components).filter((component) => component.kind !== "reference")
  return Object.fromEntries(made.map((component) => [`${component.name}.Dockerfile`, dockerfile(catalogue, component, base)]))
}

/** The same by their paths in the repository. */
export function dockerfilesByPath(catalogue: Catalogue): Record<string, string> {
  return Object.fromEntries(Object.entries(dockerfiles(catalogue)).map(([name, text]) => [`${catalogue.dockerfiles}/${name}`, text]))
}
