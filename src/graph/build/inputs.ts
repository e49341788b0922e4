// Asks sources and bases for what decides an image's content.

import { sourceEntry } from "../../catalogue/lookup.js"
import { ownText } from "../../catalogue/ownFiles.js"
import type { ProgramEntry } from "../../catalogue/types.js"
import { plainPath } from "../../plan/build/image.js"
import type { BaseFacts, SourceDigests } from "../../plan/build/imageInputs.js"
import { shortDigest } from "../../plan/build/inputs.js"
import type { Settings } from "../call/settings.js"
import type { PreparedToolchain } from "../toolchains/toolchain.js"
import { programMaker } from "../toolchains/toolchains.js"
import type { PreparedBase } from "./bases.js"
import type { ResolvedSource } from "./foundSource.js"
import { treeDigest } from "./treeDigest.js"

/** Of these programs only: what else a source has, or lacks, does not keep them from being built. */
export async function sourceDigests(
  settings: Settings,
  name: string,
  source: ResolvedSource,
  toolchain: PreparedToolchain,
  programs: ProgramEntry[],
): Promise<SourceDigests> {
  const { config } = sourceEntry(settings.catalogue, name)
  const [{ digests, failures }, configDigest] = await Promise.all([
    programMaker(toolchain.name).inputs(settings, toolchain, source, programs),
    config === undefined || (await source.directory.glob(`${config}/*`)).length === 0
      ? ""
      : treeDigest(toolchain.container, source.directory.directory(config)),
  ])
  return { programs: digests, failures, config: configDigest }
}

export async function baseFacts({ pulled, container }: PreparedBase): Promise<BaseFacts> {
  const packages = await container
    .withEnvVariable("PATH", plainPath)
    .withExec(["sh", "-c", ownText("shell/list-packages.sh"), "list", "names"])
    .stdout()
  return { reference: pulled.reference, packages: shortDigest(packages) }
}
