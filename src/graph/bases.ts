// Base images: references in order, and what every final image adds to one.

import { type Container, dag, type Platform } from "@dagger.io/dagger"
import type { BaseEntry } from "../catalogue/types.js"
import { firstOf } from "../plan/attempts.js"
import { pinnedReferences } from "../plan/origins.js"
import { planPackages } from "../plan/packages.js"
import type { PackageRequest } from "../plan/packageTypes.js"
import { type PullAddress, pullAddresses, usualReference } from "../plan/pullAddresses.js"
import { tailOf } from "./failures.js"
import { packageMirrors } from "./mirrors.js"
import { withPackages } from "./packages.js"
import { log, type Settings } from "./settings.js"

const platform = "linux/amd64" as Platform

/** An image as it was pulled. */
export interface PulledImage {
  container: Container
  /** Its usual name with the digest of what was pulled, wherever the bytes came from. */
  reference: string
}

/** The first of these references that can be had. */
export async function fromFirst(settings: Settings, references: string[]): Promise<Container> {
  return (await pullFirst(settings, references)).container
}

export async function pullFirst(settings: Settings, references: string[]): Promise<PulledImage> {
  const pinned = pinnedReferences(settings.from, settings.catalogue.pins.digests, references)
  const mirrors = await settings.mirrors.of("docker")
  const outcome = await firstOf(
    "base image",
    pullAddresses(settings.from, pinned, mirrors).map((from) => ({
      name: from.address,
      limitSeconds: from.limitSeconds,
      run: () => pulled(settings, from),
    })),
    log,
  )
  return outcome.value
}

async function pulled({ mirrorService: registryService }: Settings, { reference, address }: PullAddress): Promise<PulledImage> {
  const mirrored = address !== reference
  try {
    const container = await dag.container({ platform }).from(address, mirrored ? { registryService } : {}).sync()
    const found = await container.imageRef()
    return { container, reference: mirrored ? usualReference(reference, found) : found }
  } catch (error) {
    const next = reference.includes("@") ? "; `bump --bases` pins what the registry has now" : ""
    throw new Error(`${tailOf(error, 1)}${next}`)
  }
}

/** A base image before and after it got the packages that every image has, and more where an image needs them. */
export interface PreparedBase {
  pulled: PulledImage
  container: Container
}

export async function prepareBase(
  settings: Settings,
  base: BaseEntry,
  more: PackageRequest["want"] = [],
  asOf?: string,
): Promise<PreparedBase> {
  const pulled = await pullFirst(settings, [base.image, ...base.alternatives]).catch((error: Error) => {
    throw new Error(`${error.message}. Choose another --base, or use an engine that reaches a registry with this one`)
  })
  const want = [...base.packages, ...more]
  return { pulled, container: await withSystemPackages(settings, freshened(settings, pulled.container), base.distribution, want, asOf) }
}

/** Installs packages by whichever package manager and mirror works. */
export async function withSystemPackages(
  settings: Settings,
  container: Container,
  distribution: string,
  want: PackageRequest["want"],
  asOf?: string,
): Promise<Container> {
  return withPackages(container, planPackages({ distribution, want, mirrors: await packageMirrors(settings, distribution), asOf }))
}

const freshMark = "OPENIM_FRESH_BUILD"

/** Makes every later step run anew where the caller wants that. */
export function freshened({ fresh }: Settings, container: Container): Container {
  return fresh === undefined ? container : container.withEnvVariable(freshMark, fresh)
}

export function withoutFreshMark(container: Container): Container {
  return container.withoutEnvVariable(freshMark)
}
