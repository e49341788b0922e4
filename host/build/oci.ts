// Images as files: an OCI layout, the store of a registry, an archive for `docker load`. Written here because it is little,
// and because a registry or skopeo on the host would only be in the way.
import { createHash } from "node:crypto"
import { createReadStream, createWriteStream, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGzip } from "node:zlib"

export interface Layer {
  mediaType: string
  digest: string
  size: number
  diffId: string
  /** The blob. */
  path: string
}

export interface Image {
  layers: Layer[]
  config: Buffer
  manifest: Buffer
  digest: string
}

const sha256 = (data: Buffer): string => `sha256:${createHash("sha256").update(data).digest("hex")}`

/** A tar archive as a layer; the blob is written to a folder. */
export async function layerOf(archive: string, folder: string, compress: boolean): Promise<Layer> {
  mkdirSync(folder, { recursive: true })
  const content = createHash("sha256")
  const blob = createHash("sha256")
  let size = 0
  const aside = join(folder, `part-${process.pid}`)
  const watch = (hash: ReturnType<typeof createHash>, count: boolean): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        if (count) size += chunk.length
        done(null, chunk)
      },
    })
  const stages = compress ? [watch(content, false), createGzip({ level: 9 }), watch(blob, true)] : [watch(content, true)]
  await pipeline([createReadStream(archive), ...stages, createWriteStream(aside)])
  const diffId = `sha256:${content.digest("hex")}`
  const digest = compress ? `sha256:${blob.digest("hex")}` : diffId
  const path = join(folder, digest.slice(7))
  renameSync(aside, path)
  return { mediaType: `application/vnd.oci.image.layer.v1.tar${compress ? "+gzip" : ""}`, digest, size, diffId, path }
}

/** An image of layers; the same input gives the same digest. */
export function imageOf(layers: Layer[], settings: Record<string, unknown>): Image {
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      created: "1970-01-01T00:00:00Z",
      config: settings,
      rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
      history: layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "from packages" })),
    }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: sha256(config), size: config.length },
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    }),
  )
  return { layers, config, manifest, digest: sha256(manifest) }
}

/** An OCI layout in a folder. The layers' blobs are moved there. */
export function writeLayout(image: Image, folder: string): void {
  const blob = (digest: string): string => join(folder, "blobs", "sha256", digest.slice(7))
  mkdirSync(join(folder, "blobs", "sha256"), { recursive: true })
  for (const layer of image.layers) renameSync(layer.path, blob(layer.digest))
  writeFileSync(blob(sha256(image.config)), image.config)
  writeFileSync(blob(image.digest), image.manifest)
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}')
  const entry = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: image.digest,
    size: image.manifest.length,
    platform: { architecture: "amd64", os: "linux" },
  }
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [entry] }),
  )
}

/** Puts an image into the file store of a registry (the layout of Docker's distribution, which Debian's docker-registry reads). */
export function writeRegistry(image: Image, store: string, repository: string, tag: string): void {
  const root = join(store, "docker", "registry", "v2")
  const home = join(root, "repositories", repository)
  const write = (path: string, data: Buffer | string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, data)
  }
  const blob = (digest: string): string => join(root, "blobs", "sha256", digest.slice(7, 9), digest.slice(7), "data")
  const link = (kind: string, digest: string): void => write(join(home, kind, "sha256", digest.slice(7), "link"), digest)
  const config = sha256(image.config)
  for (const layer of image.layers) {
    mkdirSync(dirname(blob(layer.digest)), { recursive: true })
    renameSync(layer.path, blob(layer.digest))
    // The same layer may go into several repositories.
    layer.path = blob(layer.digest)
    link("_layers", layer.digest)
  }
  write(blob(config), image.config)
  link("_layers", config)
  write(blob(image.digest), image.manifest)
  link(join("_manifests", "revisions"), image.digest)
  link(join("_manifests", "tags", tag, "index"), image.digest)
  write(join(home, "_manifests", "tags", tag, "current", "link"), image.digest)
}

/** The files of an archive for `docker load`; answers with their names. */
export function writeDockerArchive(image: Image, folder: string, reference: string): string[] {
  const layers = image.layers.map((layer) => `${layer.digest.slice(7)}.tar`)
  image.layers.forEach((layer, i) => renameSync(layer.path, join(folder, layers[i]!)))
  const config = `${sha256(image.config).slice(7)}.json`
  writeFileSync(join(folder, config), image.config)
  writeFileSync(join(folder, "manifest.json"), JSON.stringify([{ Config: config, RepoTags: [reference], Layers: layers }]))
  return ["manifest.json", config, ...layers]
}
