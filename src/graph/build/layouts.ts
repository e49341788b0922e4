// Images as bytes: OCI layouts whose digest depends on what the image is made of, not on when and where it was made.

import type { Container, Directory, File } from "@dagger.io/dagger"
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
  const box = (await layoutBox(settings)).withWorkdir("/work")
  const base = box
    .withMountedDirectory("/base", image.base.container.rootfs())
    .withExec(["bash", "-euo", "pipefail", "-c", packBase])
    .directory("/layer")
  const rewritten = box
    .withMountedDirectory("/given/base", base)
    .withMountedFile("/given/base.tar", image.base.container.asTarball())
    .withMountedFile("/given/image.tar", image.container.asTarball())
    .withExec(["bash", "-euo", "pipefail", "-c", rewrite, "rewrite", image.created, image.base.reference])
  return explain(
    "the image cannot be rewritten with reproducible times",
    "call again with --progress=plain to see each step",
    async () => ({
      directory: await rewritten.directory("/layout").sync(),
      digest: (await rewritten.stdout()).trim(),
    }),
  )
}

/** Files keep their times. Those of folders may be of when they were unpacked. */
const packBase = `
mkdir /layer
cd /base
find . -type d -exec touch -d @0 {} +
ls -A | tar --create --file=/layer/tar --verbatim-files-from --files-from=- --sort=name --numeric-owner \\
  --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime \\
  --xattrs --xattrs-include=security.capability
sha256sum /layer/tar | cut -d ' ' -f 1 >/layer/diffid
gzip --no-name /layer/tar
`

const rewrite = `
count=$(tar -xOf /given/base.tar manifest.json | jq '.[0].Layers | length')
regctl image import ocidir://image:latest /given/image.tar >&2
regctl manifest get ocidir://image:latest --format raw-body >manifest.json
regctl blob get ocidir://image:latest "$(jq --raw-output .config.digest manifest.json)" >config.json
jq --compact-output --argjson count "$count" --arg diffid "sha256:$(cat /given/base/diffid)" --arg from "FROM $2" '
  "\\(.config.Labels["org.opencontainers.image.title"]) \\(.config.Labels["org.opencontainers.image.version"])" as $name
  | .rootfs.diff_ids = [$diffid] + .rootfs.diff_ids[$count:]
  | .history = [$from, (.rootfs.diff_ids[1:][] | $name)]
  | .history = [.history[] as $by | {created, created_by: $by}]' config.json >edited.json
config=$(regctl blob put ocidir://image:latest <edited.json)
base=$(regctl blob put ocidir://image:latest </given/base/tar.gz)
jq --compact-output --argjson count "$count" --arg config "$config" --argjson configsize "$(stat -c %s edited.json)" \\
  --arg base "$base" --argjson basesize "$(stat -c %s /given/base/tar.gz)" '
  .config += {digest: $config, size: $configsize}
  | .layers = [{mediaType: .layers[0].mediaType, digest: $base, size: $basesize}] + .layers[$count:]' manifest.json \\
  | regctl manifest put ocidir://image:edited --content-type "$(jq --raw-output .mediaType manifest.json)" >&2
regctl image mod ocidir://image:edited --create ocidir:///layout:latest --to-oci --reproducible \\
  --config-time "set=$1" --layer-time "set=$1,base-layers=1" >&2
rm -rf image
regctl image digest ocidir:///layout:latest
`

/** One file that docker load, podman load, skopeo and regctl take. The first name is the one that all of them know. */
export async function layoutArchive(settings: Settings, layout: Layout, names: string[]): Promise<File> {
  const box = await layoutBox(settings)
  return box
    .withMountedDirectory("/layout", layout.directory)
    .withExec(["bash", "-euo", "pipefail", "-c", packArchive, "pack", ...names])
    .file(`/${archiveName}`)
    .sync()
}

// One entry in index.json: with several, skopeo asks which one is meant. Docker's own list may have more names.
const packArchive = `
regctl image export --name "$1" ocidir:///layout:latest /exported.tar
mkdir /archive
tar -xf /exported.tar -C /archive
cd /archive
jq --compact-output '.[0].RepoTags = $ARGS.positional' manifest.json --args "$@" >/manifest.json
cp /manifest.json manifest.json
tar --create --file=/image.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -- *
rm -rf /exported.tar /archive
`

const archiveName = "image.tar"

function layoutBox(settings: Settings): Promise<Container> {
  return toolbox(settings, [layoutTool], toolPackages[layoutTool])
}
