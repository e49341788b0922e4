// Final images: base, user, configuration, binaries; nothing that built them.

import { type Container, type Directory, dag, type File } from "@dagger.io/dagger"
import { sourceEntry } from "../../catalogue/lookup.js"
import type { BaseEntry, BuiltEntry, Catalogue } from "../../catalogue/types.js"
import {
  binFolder,
  healthTimes,
  type ImagePlan,
  imagePlan,
  launchFile,
  launchProgram,
  programFolders,
  userPlan,
} from "../../plan/build/image.js"
import { type ImageInputs, inputsLabel, recordedInputs } from "../../plan/build/inputs.js"
import { launchText } from "../../plan/build/launch.js"
import { layerFile, layerText, waitProgram, waitScript } from "../../plan/build/supervisor.js"
import { type PreparedBase, withoutFreshMark } from "./bases.js"
import type { ResolvedSource } from "./foundSource.js"

export interface ImageParts {
  component: BuiltEntry
  base: BaseEntry
  prepared: PreparedBase
  inputs: ImageInputs
  source: ResolvedSource
  binaries: Directory
  /** What starts it. */
  launcher: File
  supervisor?: File
}

export async function finalImage(catalogue: Catalogue, parts: ImageParts): Promise<Container> {
  const { component, base, source } = parts
  const plan = imagePlan(catalogue, component, base, source.facts)
  const owner = ownerOf(catalogue)
  const entry = sourceEntry(catalogue, component.source)

  const { home } = entry.image
  let image = (await withUser(catalogue, parts.prepared.container, home, programFolders(entry.image))).withWorkdir(home)
  if (entry.config !== undefined) {
    image = image.withDirectory(entry.image.config, source.directory.directory(entry.config), { owner: "0:0" })
  }
  image = image
    .withDirectory(entry.image.programs, parts.binaries, { owner: "0:0" })
    .withFile(launchProgram, parts.launcher, { permissions: 0o755, owner: "0:0" })
    .withNewFile(launchFile, launchText(catalogue, component), { permissions: 0o644, owner: "0:0" })
  if (component.kind === "group" && parts.supervisor !== undefined) {
    image = image
      .withFile(`${binFolder}/pebble`, parts.supervisor, { permissions: 0o755, owner: "0:0" })
      .withNewFile(waitProgram, waitScript(base), { permissions: 0o755, owner: "0:0" })
      .withNewFile(layerFile(component), layerText(catalogue, component), { owner })
  }
  return withPlan(image, plan, parts.inputs).withUser(owner)
}

export function ownerOf({ user }: Catalogue): string {
  return `${user.uid}:${user.uid}`
}

/** What the image says about itself. */
export function withPlan(container: Container, plan: ImagePlan, inputs: ImageInputs): Container {
  let image = container
  for (const [name, value] of Object.entries(plan.env)) image = image.withEnvVariable(name, value)
  for (const port of plan.ports) image = image.withExposedPort(port)
  const labels = { ...plan.labels, [inputsLabel]: JSON.stringify(recordedInputs(inputs)) }
  for (const [name, value] of Object.entries(labels)) image = image.withLabel(name, value)
  if (plan.health !== undefined) {
    image = image.withDockerHealthcheck([plan.health], { shell: true, ...healthTimes })
  }
  return withoutFreshMark(image).withEntrypoint(plan.entrypoint).withDefaultArgs(plan.arguments)
}

/**
 * Written as files, not by a command: base images differ in which tool they have, and an engine with its own certificates
 * would lend them to the command and leave one of them behind.
 */
export async function withUser(
  catalogue: Catalogue,
  container: Container,
  home: string,
  folders: string[],
  shell?: string,
): Promise<Container> {
  const user = userPlan(catalogue.user, home, folders, shell)
  const [group, passwd] = await Promise.all([container.file("/etc/group").contents(), container.file("/etc/passwd").contents()])
  const withFiles = container
    .withNewFile("/etc/group", `${group}${user.group}\n`, { permissions: 0o644 })
    .withNewFile("/etc/passwd", `${passwd}${user.passwd}\n`, { permissions: 0o644 })
  return user.folders.reduce((image, folder) => image.withDirectory(folder, dag.directory(), { owner: ownerOf(catalogue) }), withFiles)
}
