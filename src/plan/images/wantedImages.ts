// Remote images that builds, tests and a running stack need, each with every place where it is used.

import { fullReference } from "../../base/references.js"

/** One place where an image is used. */
export interface ImageUse {
  /** A Dockerfile, or what in the catalogue names the image. */
  where: string
  /** A Dockerfile's stage by its name or number; build, final, test or run for a catalogue's images. */
  stage: string
  purpose: string
  /** With which options it is pulled, where it is not with those of this call. */
  only?: string
}

export interface WantedImage {
  /** In full. */
  reference: string
  uses: ImageUse[]
}

export type FoundImage = [reference: string, use: ImageUse]

/** Each image once, with all its uses, in the order of the first ones; what this call's options do not pull comes last. */
export function mergedImages(found: FoundImage[]): WantedImage[] {
  const images = new Map<string, ImageUse[]>()
  for (const [reference, use] of found) {
    const full = fullReference(reference)
    images.set(full, [...(images.get(full) ?? []), use])
  }
  const all = [...images].map(([reference, uses]) => ({ reference, uses }))
  return [...all.filter(isNeeded), ...all.filter((image) => !isNeeded(image))]
}

export function isNeeded({ uses }: WantedImage): boolean {
  return uses.some(({ only }) => only === undefined)
}
