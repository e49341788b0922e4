// Final images: base, user, configuration, binaries; nothing that built them.

import { type Container, dag, type Directory, type File } from "@dagger.io/dagger"
import type { BaseEntry, BuiltEntry, Catalogue, SourceEntry } from "../catalogue/types.js"
import { binFolder, imagePlan, supervisorFolder } from "../plan/image.js"
import { supervisorLayer, waitProgram, waitScript } from "../plan/supervisor.js"
import { inputsLabel, type ImageInputs } from "../plan/inputs.js"
import { type PreparedBase, withoutFreshMark } from "./bases.js"
import type { ResolvedSource } from "./sources.js"

export interface ImageParts {
  component: BuiltEntry
  base: BaseEntry
  prepared: PreparedBase
  inputs: ImageInputs
  source: ResolvedSource
  binaries: Directory
  supervisor?: File
}

export async function finalImage(catalogue: Catalogue, parts: ImageParts): Promise<Container> {
  const { component, base, source } = parts
  const plan = imagePlan(catalogue, component, base, source.facts)
  const owner = `${catalogue.user.uid}:${catalogue.user.uid}`
  const entry = catalogue.sources[component.source]

  let image = (await withUser(catalogue, entry, parts.prepared.container)).withWorkdir(entry.image.home)
  if (entry.config !== undefined) {
    image = image.withDirectory(entry.image.config, source.directory.directory(entry.config), { owner: "0:0" })
  }
  image = image.withDirectory(binFolder, parts.binaries, { owner: "0:0" })
  if (component.kind === "suite" && parts.supervisor !== undefined) {
    image = image
      .withFile(`${binFolder}/pebble`, parts.supervisor, { permissions: 0o755, owner: "0:0" })
      .withNewFile(waitProgram, waitScript(base), { permissions: 0o755, owner: "0:0" })
      .withNewFile(`${supervisorFolder}/layers/001-${component.name}.yaml`, JSON.stringify(supervisorLayer(catalogue, component), null, 2), { owner })
  }
  for (const [name, value] of Object.entries(plan.env)) image = image.withEnvVariable(name, value)
  for (const port of plan.ports) image = image.withExposedPort(port)
  const labels = { ...plan.labels, [inputsLabel]: JSON.stringify(parts.inputs) }
  for (const [name, value] of Object.entries(labels)) image = image.withLabel(name, value)
  if (plan.health !== undefined) {
    image = image.withDockerHealthcheck([plan.health], {
      shell: true,
      interval: "10s",
      timeout: "5s",
      startPeriod: "60s",
      startInterval: "1s",
      retries: 3,
    })
  }
  return withoutFreshMark(image).withUser(owner).withEntrypoint(plan.entrypoint).withDefaultArgs(plan.arguments)
}

/**
 * Written as files, not by a command: base images differ in which tool they have, and an engine with certificates of its own
 * would lend them to the command and leave one of them behind.
 */
async function withUser(catalogue: Catalogue, source: SourceEntry, container: Container): Promise<Container> {
  const { name, uid } = catalogue.user
  const { home, logs } = source.image
  const [group, passwd] = await Promise.all([container.file("/etc/group").contents(), container.file("/etc/passwd").contents()])
  const folders = [home, logs, supervisorFolder, `${supervisorFolder}/layers`]
  const withFiles = container
    .withNewFile("/etc/group", `${group}${name}:x:${uid}:\n`, { permissions: 0o644 })
    .withNewFile("/etc/passwd", `${passwd}${name}:x:${uid}:${uid}:${name}:${home}:/sbin/nologin\n`, { permissions: 0o644 })
  return folders.reduce((image, folder) => image.withDirectory(folder, dag.directory(), { owner: `${uid}:${uid}` }), withFiles)
}
