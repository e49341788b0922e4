// Looks into sources for programs, configuration files and ports.

import type { Container, Directory } from "@dagger.io/dagger"
import { firstOf } from "../../base/attempts.js"
import { pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import { sourceOrigins } from "../../plan/build/origins.js"
import {
  gapLines,
  partsArguments,
  partsChanges,
  partsScript,
  programGaps,
  readParts,
  type SourceChanges,
  type SourceParts,
} from "../../plan/build/sourceParts.js"
import { pinOf } from "../../plan/versions/pins.js"
import { upstreamAddress, type Watched } from "../../plan/versions/watch.js"
import type { ResolvedSource } from "../build/foundSource.js"
import { resolveSource } from "../build/sources.js"
import { tailOf } from "../call/failures.js"
import { log, type Settings } from "../call/settings.js"
import type { PreparedToolchain } from "../toolchains/toolchain.js"
import { registryOf, toolchainByName, toolchainFor } from "../toolchains/toolchains.js"
import { limited } from "./answers.js"
import type { WatchTools } from "./upstream.js"

/** Reads them from a folder of this container. In a file, because what a command prints stands in the log of the call. */
async function partsIn({ catalogue }: Settings, name: string, runner: Container, folder: string): Promise<SourceParts> {
  const looked = runner.withExec([
    "sh",
    "-c",
    `(${partsScript(sourceEntry(catalogue, name))}) > /tmp/parts`,
    "sh",
    folder,
    ...partsArguments(catalogue, name),
  ])
  return readParts(await looked.file("/tmp/parts").contents())
}

/** What the catalogue does not know of a source that is built, as lines for people. */
export async function sourceGaps(
  settings: Settings,
  name: string,
  source: ResolvedSource,
  { container }: PreparedToolchain,
): Promise<string[]> {
  const parts = await partsIn(settings, name, mounted(container, source.directory), "/parts")
  return gapLines(settings.catalogue, name, source.facts.version, programGaps(settings.catalogue, name, parts))
}

function mounted(container: Container, directory: Directory): Container {
  return container.withMountedDirectory("/parts", directory)
}

const said = new Set<string>()

/** Once in a call, whatever is built from the source. To look fails no build. */
export async function sayGaps(settings: Settings, name: string, source: ResolvedSource, toolchain: PreparedToolchain): Promise<void> {
  const lines = await sourceGaps(settings, name, source, toolchain).catch((error) => [
    `the programs of ${name} were not compared: ${tailOf(error, 1)}`,
  ])
  for (const line of lines.filter((line) => !said.has(line))) {
    said.add(line)
    log(line)
  }
}

/** Of all sources that are available; of the others the plan's own rows say why not. */
export async function planGaps(settings: Settings): Promise<string[]> {
  const found = Object.keys(settings.catalogue.sources).map(async (name) => {
    try {
      const source = await resolveSource(settings, name)
      return await sourceGaps(
        settings,
        name,
        source,
        await toolchainByName(source.toolchain.name).prepare(settings, source.toolchain.version),
      )
    } catch {
      return []
    }
  })
  return (await Promise.all(found)).flat()
}

/** What another version of a source has more and less than the pinned one. That it cannot be said keeps nobody from the version. */
export async function sourceChanges(settings: Settings, tools: WatchTools, watched: Watched, version: string): Promise<SourceChanges> {
  const { catalogue } = settings
  const of = { source: watched.name, from: watched.pinned, to: version }
  try {
    const [before, after] = await Promise.all([
      versionParts(settings, tools, watched, of.from),
      versionParts(settings, tools, watched, of.to),
    ])
    return { ...of, ...partsChanges(catalogue, watched.name, before, after) }
  } catch (error) {
    return { ...of, notCompared: tailOf(error, 1) }
  }
}

async function versionParts(settings: Settings, tools: WatchTools, watched: Watched, version: string): Promise<SourceParts> {
  const { catalogue } = settings
  const { name } = watched
  const entry = sourceEntry(catalogue, name)
  const { registry, name: toolchain } = toolchainFor(entry)
  const address = upstreamAddress(catalogue, watched, settings.upstreams)
  // A tag may have moved since.
  const wanted = pinOf(pinnedSource(catalogue, name), version)?.commit ?? `refs/tags/${version}`
  const ways = {
    git: async () => {
      const empty = (await tools.git()).withExec(["git", "init", "-q", "/tmp/source"]).withWorkdir("/tmp/source")
      const fetched = empty.withExec(limited(["git", "fetch", "-q", "--depth=1", "--", address, wanted]))
      return partsIn(settings, name, fetched.withExec(["git", "checkout", "-q", "FETCH_HEAD"]), "/tmp/source")
    },
    module: async () => {
      const { container, folder } = await registryOf(entry).files(await tools.toolchain(toolchain), entry.module, version)
      return partsIn(settings, name, container, folder)
    },
  }
  const order = sourceOrigins(settings.from, settings.bundle !== undefined).filter((origin) => origin === "git" || registry !== undefined)
  const attempts = order.map((origin) => ({
    name: origin === "git" || registry === undefined ? `git ${address}` : registry.title(entry),
    limitSeconds: 300,
    run: () => ways[origin]().catch((error) => Promise.reject(new Error(tailOf(error, 1)))),
  }))
  return (await firstOf(`the files of ${name} ${version}`, attempts)).value
}
