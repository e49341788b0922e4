// What goes along with an image: the list of its contents and its provenance, as files and as referrers in its layout.

import { dag, type File } from "@dagger.io/dagger"
import { pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import type { InstalledEntry } from "../../catalogue/types.js"
import { baseOf, imageOf, sourceOf } from "../../plan/build/components.js"
import { inputsLabel, readInputs } from "../../plan/build/inputs.js"
import { toolPackages } from "../../plan/bundle/items.js"
import { installedResources, packagesScript } from "../../plan/packages/installed.js"
import { provenance, provenanceType, statementType } from "../../plan/supplychain/provenance.js"
import type { ProvenanceResource, ProvenanceSource } from "../../plan/supplychain/resources.js"
import { sbomFormat, steadyUuid } from "../../plan/supplychain/sbom.js"
import { helperToolchain, toolPin } from "../../plan/toolchains/helpers.js"
import { builderOf, toolchainOf } from "../../plan/toolchains/toolchains.js"
import { pinOf } from "../../plan/versions/pins.js"
import type { BuildRequest } from "../build/components.js"
import type { BuiltImage, Layout } from "../build/layouts.js"
import { explain } from "../call/failures.js"
import type { Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"

const label = (name: string) => `org.opencontainers.image.${name}`

/** The packages of the distribution and the libraries inside the programs, as syft finds them. */
export async function imageSbom(
  settings: Settings,
  request: BuildRequest,
  image: BuiltImage,
  layout: Layout,
  formatName: string,
): Promise<File> {
  const format = sbomFormat(formatName)
  const { version } = toolPin(settings.catalogue, "syft")
  const name = imageOf(settings.catalogue, request.component).image
  const file = `/${request.component}.${format.ending}`
  const [runner, imageVersion] = await Promise.all([
    toolbox(settings, ["syft"], toolPackages.syft),
    image.container.label(label("version")),
  ])
  const listed = runner
    .withEnvVariable("SYFT_CHECK_FOR_APP_UPDATE", "false")
    .withMountedDirectory("/layout", layout.directory)
    .withExec([
      ...["syft", "scan", "--quiet", "oci-dir:/layout"],
      ...["--source-name", name, "--source-version", imageVersion, "--output", `${formatName}=/found.json`],
    ])
    .withExec(
      [
        ...["jq", "--compact-output", format.steady, "/found.json"],
        ...["--arg", "name", name.split("/").at(-1) ?? name],
        ...["--arg", "uuid", steadyUuid(layout.digest, formatName, version)],
        ...["--arg", "created", image.created],
        ...["--arg", "version", version.replace(/^v/, "")],
      ],
      { redirectStdout: file },
    )
  return explain(`the contents of ${request.component} cannot be listed`, "call again with --progress=plain to see each step", () =>
    listed.file(file).sync(),
  )
}

/** The image's own labels say what it was made from, so that nothing is resolved a second time. */
export async function imageProvenance(
  settings: Settings,
  request: BuildRequest,
  image: BuiltImage,
  layout: Layout,
  builderId: string,
): Promise<File> {
  const { catalogue, custom } = settings
  const component = imageOf(catalogue, request.component)
  const { container } = image
  const [inputs, version, revision] = await Promise.all([
    container.label(inputsLabel),
    container.label(label("version")),
    container.label(label("revision")),
  ])
  const installed = async (entry: InstalledEntry): Promise<ProvenanceResource[]> => {
    const base = baseOf(catalogue, request.base)
    const packages = await container.withExec(["sh", "-c", packagesScript(catalogue, entry, base)]).stdout()
    return installedResources(catalogue, entry, base, revision, packages)
  }
  const madeOf = (): ProvenanceSource | undefined => {
    const name = sourceOf(component)
    if (name === undefined) return undefined
    const { url, module } = sourceEntry(catalogue, name)
    const sum = pinOf(pinnedSource(catalogue, name), version)?.sum
    const address = custom?.of === name ? (custom.git?.url ?? url) : url
    return {
      url: address,
      module,
      version,
      revision: revision || undefined,
      created: image.created,
      sum,
      custom: custom?.of === name,
    }
  }
  const statement = provenance({
    stack: catalogue.stack,
    request: {
      ...request,
      builder: builderOf(
        sourceOf(component) === undefined ? helperToolchain : toolchainOf(sourceEntry(catalogue, sourceOf(component)!)),
        request.builder,
      ),
    },
    image: component.image,
    digest: layout.digest,
    inputs: readInputs(inputs) ?? {},
    source: madeOf(),
    installed: component.kind === "installed" ? await installed(component) : undefined,
    builderId,
  })
  const name = `${request.component}.provenance.json`
  return dag
    .directory()
    .withNewFile(name, `${JSON.stringify(statement, null, 2)}\n`)
    .file(name)
}

/** A file that refers to an image. */
export interface Attachment {
  file: File
  /** The type of the artifact, by which others find it, and of the file in it. */
  type: string
  annotations: Record<string, string>
}

/** The same layout with artifacts that refer to the image; `regctl image copy --referrers` carries them along. */
export async function withReferrers(settings: Settings, layout: Layout, attachments: Attachment[]): Promise<Layout> {
  const regctl = await toolbox(settings, ["regctl"])
  const attached = attachments.reduce(
    (runner, { file, type, annotations }) => {
      const notes = Object.entries(annotations).flatMap(([name, value]) => ["--annotation", `${name}=${value}`])
      return runner
        .withMountedFile("/attachment", file)
        .withExec(
          [
            ...["regctl", "artifact", "put", "--subject", `ocidir:///layout@${layout.digest}`],
            ...["--artifact-type", type, "--file-media-type", type, ...notes],
          ],
          { redirectStdin: "/attachment" },
        )
        .withoutMount("/attachment")
    },
    regctl.withDirectory("/layout", layout.directory),
  )
  return explain("the image's attachments cannot be written", "call again with --progress=plain to see each step", async () => ({
    directory: await attached.directory("/layout").sync(),
    digest: layout.digest,
  }))
}

/** What publish attaches to every image. */
export async function imageAttachments(
  settings: Settings,
  request: BuildRequest,
  image: BuiltImage,
  layout: Layout,
  builderId: string,
): Promise<Attachment[]> {
  const created = { [label("created")]: image.created }
  const [sbom, statement] = await Promise.all([
    imageSbom(settings, request, image, layout, "spdx-json"),
    imageProvenance(settings, request, image, layout, builderId),
  ])
  return [
    { file: sbom, type: sbomFormat("spdx-json").mediaType, annotations: created },
    { file: statement, type: statementType, annotations: { ...created, "in-toto.io/predicate-type": provenanceType } },
  ]
}
