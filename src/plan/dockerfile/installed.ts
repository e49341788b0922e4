// The Dockerfile of a server that is installed.

import { archiveBuild, pinnedArchive } from "../../catalogue/lookup.js"
import type { BaseEntry, Catalogue, InstalledEntry } from "../../catalogue/types.js"
import { binFolder, type ImagePlan, userPlan } from "../build/image.js"
import { archivePlan, installedPlan, installOf, packagesOf } from "../packages/installed.js"
import { planPackages } from "../packages/packages.js"
import { helperToolchain } from "../toolchains/helpers.js"
import type { DockerfileOptions } from "./stages.js"
import { addUser, baseStage, copyLibrary, header, installing, settings } from "./stages.js"
import { run } from "./words.js"

export function installedDockerfile(
  catalogue: Catalogue,
  component: InstalledEntry,
  base: BaseEntry,
  options: DockerfileOptions,
): string[] {
  const { archive } = installOf(catalogue, component, base)
  const { helper } = component
  const made = helper === undefined ? { arguments: [], stages: [] } : helperToolchain.helperStages(catalogue, helper, options)
  return [
    ...header(catalogue, component, base),
    ...made.arguments,
    "",
    ...made.stages,
    ...(archive === undefined ? [] : archiveStage(catalogue, component, archive, base, options)),
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

function finalStage(catalogue: Catalogue, component: InstalledEntry, base: BaseEntry, options: DockerfileOptions): string[] {
  const { user } = catalogue
  const owner = `${user.uid}:${user.uid}`
  const install = installOf(catalogue, component, base)
  const start = `${binFolder}/${component.start}`
  const { archive } = install
  const version = archive === undefined ? "" : pinnedArchive(catalogue, component.name).version
  const sha256 = archive === undefined ? undefined : archiveBuild(catalogue, component.name, archive).sha256
  const plan = installedPlan(component, base, { version, revision: sha256 === undefined ? "" : `sha256:${sha256}`, created: "" })
  return [
    ...baseStage(base, packagesOf(install, base), options),
    addUser(userPlan(user, component.data, [component.data]), owner),
    ...(install.archive === undefined ? [] : [`COPY --from=archive /archive/bin/${component.server} ${binFolder}/`]),
    ...(component.helper === undefined ? [] : [`COPY --from=${helperToolchain.name} /out/${component.helper} ${binFolder}/`]),
    `COPY shell/${component.start}.sh ${start}`,
    run(`chmod 755 ${start}`),
    `WORKDIR ${component.data}`,
    ...settings(withoutUnknown(plan), owner),
  ]
}

/** Which version the packages have is only known when they are installed. */
function withoutUnknown(plan: ImagePlan): ImagePlan {
  return { ...plan, labels: Object.fromEntries(Object.entries(plan.labels).filter(([, value]) => value !== "")) }
}
