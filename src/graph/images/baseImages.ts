// Asks the engine and registries about images; no layer of these is pulled for an answer.

import { type Container, type Directory, dag, type Service } from "@dagger.io/dagger"
import { limited } from "../../base/attempts.js"
import { checkFormat, formatted } from "../../base/format.js"
import { fullReference, readReference } from "../../base/references.js"
import { pinnedSource } from "../../catalogue/lookup.js"
import { baseOf } from "../../plan/build/components.js"
import {
  type BundledImage,
  type ImageRow,
  imageRows,
  imagesData,
  imagesTable,
  isOutOfReach,
  pullSize,
  type RemoteFacts,
  refusalReason,
} from "../../plan/images/baseImages.js"
import { catalogueImages } from "../../plan/images/catalogueImages.js"
import { dockerfileImages, isDockerfile } from "../../plan/images/dockerfileImages.js"
import { mergedImages, type WantedImage } from "../../plan/images/wantedImages.js"
import { resolveSource } from "../build/sources.js"
import { bundledImages } from "../bundle/bundle.js"
import { tailOf } from "../call/failures.js"
import { platform, type Settings } from "../call/settings.js"
import { registryOf, toolchainFor } from "../toolchains/toolchains.js"
import { imageManifest, type WatchTools, watchTools } from "../versions/upstream.js"

export interface ImagesRequest {
  format: string
  /** --base. */
  base: string
  /** Instead of the catalogue, with the values of their ARGs. */
  dockerfiles?: Directory
  buildArguments: Record<string, string>
  /** Ask the engine and registries. */
  status: boolean
}

/** Who is asked, where a test has its own registry. */
export interface ImageSources {
  tools: Pick<WatchTools, "registry">
  service?: Service
  /** The registry beside the engine; that of an engine from packages when not given. */
  beside?: string
}

/** Where an engine from packages finds the images that it was made with (engine/rootfs): nobody else reaches it. */
const engineRegistry = "127.0.0.1:5000"

export async function baseImagesReport(settings: Settings, request: ImagesRequest, sources?: ImageSources): Promise<string> {
  checkFormat(request.format)
  const { images, notes } = await wantedImages(settings, request)
  const asked = sources ?? { tools: watchTools(settings, new Date().toISOString()) }
  const bundle = settings.bundle ? bundledImages(settings.bundle) : {}
  const facts = request.status ? await remoteFacts(settings, images, bundle, asked) : undefined
  // A registry's digests are not those of images that the engine has made itself.
  const digests = settings.from === "registry" ? settings.catalogue.pins.digests : {}
  const rows = imageRows(images, { facts, bundle, digests })
  const remarks = [...notes, ...cacheNote(rows)]
  return formatted(request.format, () => imagesTable(rows, remarks), imagesData(rows, remarks))
}

interface Wanted {
  images: WantedImage[]
  notes: string[]
}

async function wantedImages(settings: Settings, { dockerfiles, base, buildArguments, status }: ImagesRequest): Promise<Wanted> {
  if (dockerfiles !== undefined) return { images: await imagesOfFolder(dockerfiles, buildArguments), notes: [] }
  baseOf(settings.catalogue, base)
  const asked = status && settings.from === "registry"
  const { sourceVersions, notes } = asked ? await askedVersions(settings) : { sourceVersions: {}, notes: [] }
  const unasked = !status && settings.from === "registry"
  const lacking = unasked ? ["the compilers' images of the sources are missing here: their files would have to be asked for"] : []
  const images = mergedImages(catalogueImages(settings.catalogue, { from: settings.from, base, sourceVersions }))
  return { images, notes: [...notes, ...lacking] }
}

async function imagesOfFolder(folder: Directory, given: Record<string, string>): Promise<WantedImage[]> {
  const files = (await folder.glob("**")).filter((path) => !path.endsWith("/") && isDockerfile(path)).sort()
  if (files.length === 0) {
    const names = "Dockerfile, Dockerfile.NAME, NAME.Dockerfile, and Containerfile in its place"
    throw new Error(`--dockerfiles: no Dockerfile below this folder. Known names: ${names}`)
  }
  const found = await Promise.all(files.map(async (path) => dockerfileImages(path, await folder.file(path).contents(), given)))
  return mergedImages(found.flat())
}

/** As its registry says it, without the source; a given checkout says it itself. */
async function askedVersions(settings: Settings): Promise<{ sourceVersions: Record<string, string>; notes: string[] }> {
  const { catalogue, custom } = settings
  const sourceVersions: Record<string, string> = {}
  const notes: string[] = []
  await Promise.all(
    Object.entries(catalogue.sources).map(async ([name, entry]) => {
      const { title, manifest, versionOf } = toolchainFor(entry)
      const own = custom?.of === name ? custom.checkout : undefined
      try {
        if (own !== undefined) sourceVersions[name] = versionOf([await own.file(manifest).contents()])
        // Its files are here already.
        else if (entry.folder !== undefined) sourceVersions[name] = (await resolveSource(settings, name)).toolchain.version
        else sourceVersions[name] = await registryOf(entry).versionOf(settings, entry, pinnedSource(catalogue, name).version)
      } catch (error) {
        notes.push(`the ${title} image of source ${name} is missing here: its ${manifest} cannot be read: ${tailOf(error, 1)}`)
      }
    }),
  )
  return { sourceVersions, notes: notes.sort() }
}

const limitSeconds = 20

/** All at once; one that cannot be asked has its reason. */
async function remoteFacts(
  settings: Settings,
  images: WantedImage[],
  bundle: Record<string, BundledImage>,
  sources: ImageSources,
): Promise<Record<string, RemoteFacts>> {
  const bundled = new Set(Object.keys(bundle).map(fullReference))
  const others = images.map(({ reference }) => reference).filter((reference) => !bundled.has(reference))
  const facts = await Promise.all(others.map(async (reference) => [reference, await engineFacts(settings, reference, sources)] as const))
  // Afterwards: the tool that asks is built on one of these images.
  const sized = facts.map(async ([reference, fact]) => [reference, { ...fact, size: await sizeOf(reference, fact, sources) }] as const)
  return Object.fromEntries(await Promise.all(sized))
}

function pulled(reference: string, { service }: ImageSources): Container {
  return dag.container({ platform }).from(reference, service === undefined ? {} : { registryService: service })
}

/** The engine is who would pull, with its mirrors and logins. A reference's digest needs its manifest and no layer. */
async function engineFacts(settings: Settings, reference: string, sources: ImageSources): Promise<RemoteFacts> {
  try {
    const digest = digestIn(await limited({ limitSeconds, run: () => pulled(reference, sources).imageRef() }))
    return { digest, kept: digest !== undefined && digest === (await ownDigest(reference, sources)) }
  } catch (error) {
    const message = tailOf(error)
    const refused = refusalReason(reference, message)
    const digest = digestIn(reference) ?? settings.catalogue.pins.digests[reference]
    if (digest === undefined || !isOutOfReach(message)) return { refused }
    return { refused, digest, kept: await keptByEngine(reference, digest, sources) }
  }
}

/** What the registry beside the engine has in the place of an image of Docker Hub: it is on the engine's machine. */
export async function ownDigest(reference: string, sources: ImageSources): Promise<string | undefined> {
  const { beside = process.env.DAGGER_BASES === "packages" ? engineRegistry : undefined } = sources
  const [, path] = /^docker\.io\/(.*)$/.exec(fullReference(reference)) ?? []
  if (beside === undefined || path === undefined) return undefined
  const run = () => pulled(`${beside}/${path}`, sources).imageRef()
  return limited({ limitSeconds, run }).then(digestIn, () => undefined)
}

/**
 * Only for a registry that is out of reach: then nothing can be fetched, and what the engine still gives it has kept. Of others no
 * engine says: its list of cache entries has no names of images in it.
 */
async function keptByEngine(reference: string, digest: string, sources: ImageSources): Promise<boolean> {
  const { name } = readReference(reference)
  const run = () => pulled(`${name}@${digest}`, sources).sync()
  return limited({ limitSeconds, run }).then(
    () => true,
    () => false,
  )
}

/** By the registry's manifest; of an image that the engine has, by what it would hand out. A size is good to know, no more. */
async function sizeOf(reference: string, { digest, kept }: RemoteFacts, sources: ImageSources): Promise<number | undefined> {
  if (digest === undefined) return undefined
  const exact = `${readReference(reference).name}@${digest}`
  const size = kept ? pulled(exact, sources).asTarball().size() : imageManifest(sources.tools, exact).then(pullSize)
  return size.catch(() => undefined)
}

function digestIn(reference: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1]
}

function cacheNote(rows: ImageRow[]): string[] {
  const open = rows.some(({ status, digest, reason }) => status === "missing" && digest !== undefined && reason === "can be fetched")
  return open ? ["an image that can be fetched may be in the engine's cache already: an engine cannot list its cached images"] : []
}
