// Base images: references in order, and what every final image adds to one.

import { type Container, dag } from "@dagger.io/dagger"
import { firstOf, limited } from "../../base/attempts.js"
import { firstIn } from "../../base/entries.js"
import { messageOf } from "../../base/errors.js"
import { Problem } from "../../base/problem.js"
import { fullReference } from "../../base/references.js"
import { textBefore } from "../../base/text.js"
import type { BaseEntry } from "../../catalogue/types.js"
import { pinnedReferences } from "../../plan/build/origins.js"
import { packageSet } from "../../plan/bundle/items.js"
import { mirrorWarning, type PullAddress, pullAddresses, pullReason } from "../../plan/images/pullAddresses.js"
import { planPackages } from "../../plan/packages/packages.js"
import type { PackageRequest } from "../../plan/packages/types.js"
import { bundledImage, bundledPackages, mounted } from "../bundle/bundle.js"
import { tailOf } from "../call/failures.js"
import { packageMirrors } from "../call/mirrors.js"
import { log, type PulledImage, platform, type Settings } from "../call/settings.js"
import { withPackages } from "./packages.js"

/** The first of these references that are available. */
export async function fromFirst(settings: Settings, references: string[]): Promise<Container> {
  return (await pullFirst(settings, references)).container
}

export async function pullFirst(settings: Settings, references: string[]): Promise<PulledImage> {
  if (settings.bundle) return bundledImage(settings.bundle, references)
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
  const [, digest] = outcome.value.reference.split("@")
  return { ...outcome.value, reference: `${textBefore(firstIn(references, "image"), "@")}@${digest}` }
}

/** A mirror is only believed by a digest, which the engine compares: the pinned one, or what Docker Hub has for the tag now. */
async function pulled(settings: Settings, { reference, address }: PullAddress): Promise<PulledImage> {
  const unpinned = address !== reference && !reference.includes("@")
  const digest = unpinned ? await hubDigest(settings, reference, address) : undefined
  const from = address === reference ? hubAddress(settings, reference) : address
  try {
    const container = await asked(settings, digest === undefined ? from : `${from}@${digest}`).sync()
    return { container, reference: await container.imageRef(), address: from }
  } catch (error) {
    const next = reference.includes("@") ? "; `bump --bases` pins what the registry has now" : ""
    throw new Error(`${pullReason(from, tailOf(error, 1))}${next}`)
  }
}

function asked({ registryServices = {} }: Settings, address: string): Container {
  const registryService = registryServices[textBefore(address, "/")]
  return dag.container({ platform }).from(address, registryService === undefined ? {} : { registryService })
}

function hubAddress({ hub }: Settings, reference: string): string {
  return hub === undefined ? reference : reference.replace(/^docker\.io\//, `${hub}/`)
}

/** Asked once a call for each image: one request for its manifest. */
const hubDigests = new WeakMap<Settings["mirrors"], Map<string, Promise<string | undefined>>>()

function hubDigest(settings: Settings, reference: string, mirror: string): Promise<string | undefined> {
  const known = hubDigests.get(settings.mirrors) ?? new Map<string, Promise<string | undefined>>()
  hubDigests.set(settings.mirrors, known)
  const digest = known.get(reference) ?? askHub(settings, reference, mirror)
  known.set(reference, digest)
  return digest
}

async function askHub(settings: Settings, reference: string, mirror: string): Promise<string | undefined> {
  try {
    const found = await limited({ limitSeconds: 20, run: () => asked(settings, hubAddress(settings, fullReference(reference))).imageRef() })
    return found.slice(found.indexOf("@") + 1)
  } catch (error) {
    log(mirrorWarning(reference, mirror, tailOf(error, 1)))
    return undefined
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
  folders: string[] = [],
): Promise<PreparedBase> {
  const pulled = await pullFirst(settings, [base.image, ...base.alternatives]).catch((error: unknown) => {
    throw new Problem(
      messageOf(error),
      "choose another --base (debian needs no registry), or use an engine that reaches a registry with this one",
    )
  })
  const want = [...base.packages, ...more]
  const image = { ...pulled, container: withFolders(freshened(settings, pulled.container), folders) }
  return { pulled, container: await withSystemPackages(settings, image, base.distribution, want, { asOf, final: true }) }
}

export function withFolders(container: Container, folders: string[]): Container {
  return folders.reduce((image, folder) => image.withDirectory(folder, dag.directory()), container)
}

/** Installs packages by whichever package manager and mirror works. */
export async function withSystemPackages(
  settings: Settings,
  { container, reference }: PulledImage,
  distribution: string,
  want: PackageRequest["want"],
  { asOf, final }: { asOf?: string; final?: boolean } = {},
): Promise<Container> {
  const { bundle, catalogue } = settings
  const locked = catalogue.pins.packages[packageSet(reference, want)]
  if (!bundle) {
    const mirrors = await packageMirrors(settings, distribution)
    return withPackages(container, planPackages({ distribution, want, mirrors, locked, asOf }), undefined, final)
  }
  const repository = await bundledPackages(catalogue, bundle, { kind: "packages", references: [reference], distribution, want })
  const plan = planPackages({ distribution, want, mirrors: mountedRepository, mirrorsOnly: true })
  return (await withPackages(container.withMountedDirectory(mounted, repository), plan, undefined, final)).withoutMount(mounted)
}

/** A folder that is a complete repository. Its checksums are the bundle's, which have been checked. */
const folder = (repository: string) => [{ url: `file://${mounted}`, repositories: [repository], unsigned: true }]
const mountedRepository: PackageRequest["mirrors"] = { apt: folder(" ./"), dnf: folder(""), zypper: folder(""), apk: folder("") }

const freshMark = "OPENIM_FRESH_BUILD"

/** Makes every later step run again where the caller wants that. */
export function freshened({ fresh }: Settings, container: Container): Container {
  return fresh === undefined ? container : container.withEnvVariable(freshMark, fresh)
}

export function withoutFreshMark(container: Container): Container {
  return container.withoutEnvVariable(freshMark)
}
