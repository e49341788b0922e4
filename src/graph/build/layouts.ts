// Images as bytes: OCI layouts whose digest depends on what the image is made of, not on when and where it was made.

import type { Container, Directory, File } from "@dagger.io/dagger"
import { ownText } from "../../catalogue/ownFiles.js"
import { layoutTool, toolPackages } from "../../plan/bundle/items.js"
import { explain } from "../call/failures.js"
import type { PulledImage, Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"

/** An image in an OCI layout, under the tag "latest" there. */
export interface Layout {
  directory: Directory
  digest: string
}

/** An image with what its layout needs to know. */
export interface BuiltImage {
  container: Container
  /** What it was built on. */
  base: PulledImage
  /** The time that everything above the base is given, RFC 3339. */
  created: string
}

/**
 * The engine stamps files, configuration and history with the time of the build, and packs layers again once it was started again, so
 * neither its bytes nor its history can be kept: the image is rewritten. Its base becomes one layer, the same in all images on it.
 */
export async function imageLayout(settings: Settings, image: BuiltImage): Promise<Layout> {
  const runner = (await layoutContainer(settings)).withWorkdir("/work")
  const base = runner
    .withMountedDirectory("/base", image.base.container.rootfs())
    .withExec(["bash", "-c", ownText("shell/pack-base.sh")])
    .directory("/layer")
  const rewritten = runner
    .withMountedDirectory("/given/base", base)
    .withMountedFile("/given/base.tar", image.base.container.asTarball())
    .withMountedFile("/given/image.tar", image.container.asTarball())
    .withExec(["bash", "-c", ownText("shell/rewrite-image.sh"), "rewrite", image.created, image.base.reference])
  return explain(
    "the image cannot be rewritten with reproducible times",
    "call again with --progress=plain to see each step",
    async () => ({
      directory: await rewritten.directory("/layout").sync(),
      digest: (await rewritten.stdout()).trim(),
    }),
  )
}

/** One file that docker load, podman load, skopeo and regctl take. The first name is the one that all of them know. */
export async function layoutArchive(settings: Settings, layout: Layout, names: string[]): Promise<File> {
  const runner = await layoutContainer(settings)
  return runner
    .withMountedDirectory("/layout", layout.directory)
    .withExec(["bash", "-c", ownText("shell/pack-archive.sh"), "pack", ...names])
    .file(`/${archiveName}`)
    .sync()
}

const archiveName = "image.tar"

function layoutContainer(settings: Settings): Promise<Container> {
  return toolbox(settings, [layoutTool], toolPackages[layoutTool])
}
