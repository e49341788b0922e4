// The Dockerfile of a server that is installed.

import { dirname } from "node:path/posix"
import { archiveBuild, pinnedArchive, pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import type { BaseEntry, Catalogue, InstalledEntry } from "../../catalogue/types.js"
import { binFolder, type ImagePlan, shellOf, userPlan } from "../build/image.js"
import { archivePlan, installedPlan, installOf, knownReport, packagesOf, toolsOf } from "../packages/installed.js"
import { javaFolders, javaPackages } from "../packages/java.js"
import { planPackages } from "../packages/packages.js"
import { helperToolchain } from "../toolchains/helpers.js"
import { contentBy, runtimeOf } from "../toolchains/toolchains.js"
import type { DockerfileOptions } from "./stages.js"
import { addUser, baseStage, copyLibrary, header, installing, settings } from "./stages.js"
import { printed, run } from "./words.js"

export function installedDockerfile(
  catalogue: Catalogue,
  component: InstalledEntry,
  base: BaseEntry,
  options: DockerfileOptions,
): string[] {
  const install = installOf(catalogue, component, base)
  const { archive, java } = install
  const tools = toolsOf(install)
  const { helper, content } = component
  const compiled = [
    ...(content === undefined ? [] : [contentBy(sourceEntry(catalogue, content.source)).contentStages(catalogue, content, options)]),
    ...(helper === undefined ? [] : [helperToolchain.helperStages(catalogue, helper, options)]),
    ...(tools.length === 0 ? [] : [helperToolchain.toolStages(catalogue, tools, options)]),
  ]
  if (compiled.length > 1)
    throw new Error(`${component.name}: no Dockerfile is known for several of a tool, a helper and content in one image`)
  const made = compiled[0] ?? { arguments: [], stages: [] }
  return [
    ...header(catalogue, component, base),
    ...made.arguments,
    "",
    ...made.stages,
    ...(archive === undefined ? [] : archiveStage(catalogue, component, archive, base, options)),
    ...(java === undefined ? [] : javaStage(catalogue, java, options)),
    ...finalStage(catalogue, component, base, options),
  ]
}

/** Its own stage, so that the image needs no program that downloads. */
function archiveStage(
  catalogue: Catalogue,
  component: InstalledEntry,
  archive: string,
  base: BaseEntry,
  { mirrors }: DockerfileOptions,
): string[] {
  const tools = planPackages({ distribution: base.distribution, want: ["ca-certificates", "curl"], mirrors })
  return [
    "FROM ${BASE} AS archive",
    copyLibrary,
    `RUN ${installing(tools)}`,
    `RUN ${installing(archivePlan(catalogue, component, archive))}`,
    "",
  ]
}

/** The libraries of a program below java/, checked against libs.sha256, and its classes. */
function javaStage({ pins }: Catalogue, java: string, { mirrors }: DockerfileOptions): string[] {
  const tools = planPackages({ distribution: "debian", want: ["ca-certificates", ...javaPackages.maven], mirrors })
  return [
    `FROM ${pins.images.debian} AS java`,
    copyLibrary,
    `RUN mkdir -p ${javaFolders.join(" ")} && ${installing(tools)}`,
    `COPY java/${java} /build`,
    "WORKDIR /build",
    "COPY shell/build-java.sh /tmp/",
    run("sh /tmp/build-java.sh"),
    "",
  ]
}

function finalStage(catalogue: Catalogue, component: InstalledEntry, base: BaseEntry, options: DockerfileOptions): string[] {
  const { user } = catalogue
  const owner = `${user.uid}:${user.uid}`
  const install = installOf(catalogue, component, base)
  const start = `${binFolder}/${component.start}`
  const { archive, tool, tools = [], java } = install
  const known = tool === undefined ? undefined : knownReport(catalogue, install)
  const pinned = component.content && pinnedSource(catalogue, component.content.source)
  const version =
    pinned !== undefined
      ? pinned.version
      : archive === undefined
        ? (known?.version ?? "")
        : pinnedArchive(catalogue, component.name).version
  const sha256 = archive === undefined ? undefined : archiveBuild(catalogue, component.name, archive).sha256
  const revision = sha256 === undefined ? (known?.origin ?? "") : `sha256:${sha256}`
  const plan = installedPlan(component, base, { version, revision, created: pinned?.created ?? known?.created ?? "" })
  return [
    ...baseStage(base, packagesOf(install, base), options, java === undefined ? [] : javaFolders),
    addUser(userPlan(user, component.data, [component.data], shellOf(component)), owner),
    ...(install.archive === undefined ? [] : [`COPY --from=archive /archive/bin/${component.server} ${binFolder}/`]),
    ...(tool === undefined ? [] : [`COPY --from=${helperToolchain.name} /out/${tool} ${binFolder}/${component.server}`]),
    ...tools.map((name) => `COPY --from=${helperToolchain.name} /out/${name} ${binFolder}/`),
    ...(java === undefined ? [] : [`COPY --from=java /out/ /opt/${java}/`, `COPY java/${java}/*.properties /opt/${java}/config/`]),
    ...(component.content === undefined ? [] : [`COPY --from=build /out/ ${component.content.to}/`]),
    ...(install.runtime ? [`COPY --from=build ${runtimeOf(catalogue, component)} ${binFolder}/${component.server}`] : []),
    ...(component.helper === undefined ? [] : [`COPY --from=${helperToolchain.name} /out/${component.helper} ${binFolder}/`]),
    `COPY shell/${component.start}.sh ${start}`,
    run(`chmod 755 ${start}`),
    ...Object.entries(component.files).map(([path, text]) => run(`mkdir -p ${dirname(path)}`, `${printed(text)} \\\n      > ${path}`)),
    `WORKDIR ${component.data}`,
    ...settings(withoutUnknown(plan), owner),
  ]
}

/** Which version the packages have is only known when they are installed. */
function withoutUnknown(plan: ImagePlan): ImagePlan {
  return { ...plan, labels: Object.fromEntries(Object.entries(plan.labels).filter(([, value]) => value !== "")) }
}
