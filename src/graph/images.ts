// Final images: base, user, configuration, binaries; nothing that built them.

import type { Container, Directory, File } from "@dagger.io/dagger"
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

export function finalImage(catalogue: Catalogue, parts: ImageParts): Container {
  const { component, base, source } = parts
  const plan = imagePlan(catalogue, component, base, source.facts)
  const owner = `${catalogue.user.uid}:${catalogue.user.uid}`
  const entry = catalogue.sources[component.source]

  let image = withUser(catalogue, entry, parts.prepared.container).withWorkdir(entry.image.home)
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
 * Without a tool for it: base images differ in which one they have. Without sbin on the PATH, too, where an engine with
 * certificates of its own would find update-ca-certificates and leave traces of them.
 */
function withUser(catalogue: Catalogue, source: SourceEntry, container: Container): Container {
  const { name, uid } = catalogue.user
  const { home, logs } = source.image
  const folders = [home, logs, supervisorFolder, `${supervisorFolder}/layers`].join(" ")
  const script = [
    `echo '${name}:x:${uid}:' >> /etc/group`,
    `echo '${name}:x:${uid}:${uid}:${name}:${home}:/sbin/nologin' >> /etc/passwd`,
    `mkdir -p ${folders}`,
    `chown ${uid}:${uid} ${folders}`,
  ].join(" && ")
  return container
    .withEnvVariable("PATH", "/usr/local/bin:/usr/bin:/bin")
    .withExec(["sh", "-c", script])
    .withEnvVariable("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}
