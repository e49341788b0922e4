// Images as bytes: OCI layouts whose digest depends on what the image is made of, not on when and where it was made.

import type { Container, Directory, File } from "@dagger.io/dagger"
import { explain } from "./failures.js"
import type { PulledImage, Settings } from "./settings.js"
import { toolbox } from "./toolbox.js"

/** An image in an OCI layout, under the tag "latest" there. */
export interface Layout {
  directory: Directory
  digest: string
}

/** An image with what its layout needs to know. */
export interface BuiltImage {
  container: Container
  /** As it was pulled: its layers stay byte for byte, so that images and registries share them. */
  base: PulledImage
  /** The time that everything in the image is given, RFC 3339. */
  created: string
}

/**
 * The engine stamps files, configuration and history with the time of the build and has no way to set it, so the image is
 * rewritten afterwards. Times of files in the base's own layers stay.
 */
export async function imageLayout(settings: Settings, image: BuiltImage): Promise<Layout> {
  const regctl = await toolbox(settings, ["regctl"])
  const rewritten = regctl
    .withMountedFile("/given/base.tar", image.base.container.asTarball())
    .withMountedFile("/given/pulled.tar", image.base.archive ?? image.base.container.asTarball())
    .withMountedFile("/given/image.tar", image.container.asTarball())
    .withWorkdir("/work")
    .withExec(["sh", "-euc", rewrite, "rewrite", image.created])
  return explain("the image cannot be rewritten with reproducible times", "Call again with --progress=plain to see each step.", async () => ({
    directory: await rewritten.directory("/layout").sync(),
    digest: (await rewritten.stdout()).trim(),
  }))
}

const rewrite = `
regctl image import ocidir://base:latest /given/base.tar >&2
regctl image import ocidir://image:latest /given/image.tar >&2
# The engine compresses the layers of an image anew that it has read from an archive.
if ! cmp -s /given/base.tar /given/pulled.tar; then
  regctl image import ocidir://pulled:latest /given/pulled.tar >&2
  regctl image mod ocidir://image:latest --replace --rebase-ref ocidir://base:latest,ocidir://pulled:latest >&2
  rm -rf base
  mv pulled base
fi
regctl image mod ocidir://image:latest --create ocidir:///layout:latest --to-oci --reproducible \\
  --config-time "set=$1" --layer-time "set=$1,base-ref=ocidir://base:latest" >&2
rm -rf base image
regctl image digest ocidir:///layout:latest
`

/** One file that docker load, podman load, skopeo and regctl take. */
export async function layoutArchive(settings: Settings, layout: Layout, name: string): Promise<File> {
  const regctl = await toolbox(settings, ["regctl"])
  return regctl
    .withMountedDirectory("/layout", layout.directory)
    .withExec(["regctl", "image", "export", "--name", name, "ocidir:///layout:latest", `/${archiveName}`])
    .file(`/${archiveName}`)
    .sync()
}

const archiveName = "image.tar"
