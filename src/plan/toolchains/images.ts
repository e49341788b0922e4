// The images that have compilers, in every version that a catalogue's builds ask for.

import { pinnedImage } from "../../catalogue/lookup.js"
import type { Catalogue } from "../../catalogue/types.js"
import { helperToolchain, helperVersion, toolVersion } from "./helpers.js"
import type { ToolchainPlan } from "./toolchain.js"
import { toolchainOf, usedToolchains } from "./toolchains.js"

export interface CompilerImage {
  reference: string
  /** The toolchain's title. */
  purpose: string
  /** What asks for it. */
  where: string
  /** Where it is a tool of versions.yaml. */
  tool?: string
}

/** Their names among the images of versions.yaml. */
export function compilerImageNames(catalogue: Catalogue): string[] {
  return usedToolchains(catalogue).map(({ image }) => image)
}

/** By sources, as far as their versions are known, by this project's own programs and by the tools of versions.yaml. */
export function compilerImages(catalogue: Catalogue, sourceVersions: Record<string, string>): CompilerImage[] {
  const { sources, pins } = catalogue
  const found = ({ title, image }: ToolchainPlan, version: string, where: string, tool?: string): CompilerImage => {
    return { reference: compilerImage(catalogue, image, version), purpose: title, where, tool }
  }
  return [
    ...Object.entries(sources).flatMap(([name, entry]) => {
      const version = sourceVersions[name]
      return version === undefined ? [] : [found(toolchainOf(entry), version, `source ${name}`)]
    }),
    found(helperToolchain, helperVersion(catalogue), "helpers"),
    ...Object.entries(pins.tools).map(([name, pin]) => found(helperToolchain, toolVersion(pin), `tool ${name}`, name)),
  ]
}

export function compilerImage({ pins }: Catalogue, image: string, version: string): string {
  return pinnedImage({ pins }, image).replace("{version}", version)
}
