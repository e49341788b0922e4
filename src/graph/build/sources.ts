// A product's source: a checkout that the caller gives, or the pinned one from git or the registry of its toolchain.

import { type Directory, dag } from "@dagger.io/dagger"
import { firstOf } from "../../base/attempts.js"
import { Problem } from "../../base/problem.js"
import { pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import type { PinnedSource, ProgramEntry, SourceEntry, SourcePin } from "../../catalogue/types.js"
import { programFilePatterns, programsWithoutFiles } from "../../plan/build/components.js"
import { type SourceOrigin, sourceOrigins } from "../../plan/build/origins.js"
import { pinOf } from "../../plan/versions/pins.js"
import { tailOf } from "../call/failures.js"
import { type CustomSource, log, type Settings } from "../call/settings.js"
import { registryOf, toolchainFor } from "../toolchains/toolchains.js"
import { canonical, fromCheckout, fromGit, overlaid } from "./customSources.js"
import { type FoundSource, type ResolvedSource, unknownTime } from "./foundSource.js"

export async function resolveSource(settings: Settings, name: string): Promise<ResolvedSource> {
  const entry = sourceEntry(settings.catalogue, name)
  const toolchain = toolchainFor(entry)
  const custom = settings.custom?.of === name ? settings.custom : undefined
  const original = await originalSource(settings, name, custom)
  const laid = custom?.overlay ? await overlaid(settings, original, custom.overlay) : original
  // What comes from a registry has come through a command, which has given its files these modes.
  const found = laid.plainModes && laid === original ? laid : await withPlainModes(settings, laid)
  const texts = [await manifestOf(entry, found.directory, custom !== undefined), ...(await toolchain.versionTexts(found))]
  return { ...found, toolchain: { name: toolchain.name, version: toolchain.versionOf(texts) } }
}

/** The programs whose folders have no source files. */
export async function missingIn({ catalogue }: Settings, { directory }: FoundSource, programs: ProgramEntry[]): Promise<ProgramEntry[]> {
  const patterns = programFilePatterns(programs, (source) => toolchainFor(sourceEntry(catalogue, source)).programFiles)
  return programsWithoutFiles(programs, (await Promise.all(patterns.map((pattern) => directory.glob(pattern)))).flat())
}

/** An image takes its configuration from the source. */
export async function checkConfig({ catalogue }: Settings, name: string, { directory, origin }: FoundSource): Promise<void> {
  const { config } = sourceEntry(catalogue, name)
  if (config === undefined || (await directory.glob(`${config}/*`)).length > 0) return
  throw new Error(
    `this source (${origin}) has no ${config}/, which stack.yaml names as its configuration: give a source that has it, ` +
      "or a --catalogue whose stack.yaml names another folder or none",
  )
}

function originalSource(settings: Settings, name: string, custom?: CustomSource): Promise<FoundSource> {
  const entry = sourceEntry(settings.catalogue, name)
  const elsewhere = custom?.checkout ?? custom?.git ?? settings.upstreams[name]
  if (entry.folder !== undefined && elsewhere === undefined) return fromFolder(settings, name, entry.folder)
  if (custom?.checkout) return fromCheckout(settings, entry, custom.checkout, custom.path)
  if (custom?.git) return fromGit(settings, entry, custom.git, custom.path)
  return fromNetwork(settings, { ...entry, url: settings.upstreams[name] ?? entry.url }, pinnedSource(settings.catalogue, name))
}

/** A folder of this project: its version is what versions.yaml says, and no other is there. */
async function fromFolder({ catalogue, version: asked }: Settings, name: string, folder: string): Promise<FoundSource> {
  const { version, created } = pinnedSource(catalogue, name)
  if (asked !== undefined && asked !== version)
    throw new Problem(`${name} is the folder ${folder}, which has version ${version} alone`, "give another one as --source")
  const directory = dag.currentModule().source().directory(folder)
  const found = await directory.entries().catch(() => [])
  if (found.length === 0) throw new Problem(`this project has no folder ${folder}`, `correct sources.${name}.folder in stack.yaml`)
  return { directory, facts: { version, created }, origin: `folder ${folder}` }
}

async function withPlainModes(settings: Settings, found: FoundSource): Promise<FoundSource> {
  if (found.within === undefined) return { ...found, directory: await canonical(settings, found.directory) }
  const { root, path } = found.within
  const plain = await canonical(settings, root)
  return { ...found, directory: plain.directory(path), within: { root: plain, path } }
}

async function manifestOf(entry: SourceEntry, directory: Directory, given: boolean): Promise<string> {
  const { manifest } = toolchainFor(entry)
  try {
    return await directory.file(manifest).contents()
  } catch {
    const next = given
      ? `give the top folder of a checkout of ${entry.url}, or the folder that has it as --source-path`
      : "check the pins in versions.yaml"
    throw new Problem(`the source has no ${manifest}`, next)
  }
}

async function fromNetwork(settings: Settings, entry: SourceEntry, pin: PinnedSource): Promise<FoundSource> {
  const { registry, dependenciesOption, title } = toolchainFor(entry)
  const version = settings.version ?? pin.version
  // The earlier pins too: going back needs no trust in what a tag says today.
  const pinned = pinOf(pin, version)
  // Without a pin only the registry's checksum says that a version is the same everywhere.
  const bundled = settings.bundle !== undefined
  const usual: SourceOrigin[] = pinned === undefined && !bundled ? ["module", "git"] : sourceOrigins(settings.from, bundled)
  const order = usual.filter((origin) => origin === "git" || registry !== undefined)
  if (order.length === 0) throw new Problem(`a bundle has no ${title} sources such as ${entry.title}`, "give a checkout as --source")
  const outcome = await firstOf<FoundSource>(
    `${entry.title} ${version}`,
    order.map((origin) => ({
      name: origin === "git" || registry === undefined ? `git ${entry.url}` : registry.title(entry),
      limitSeconds: 300,
      run: () => origins[origin](settings, entry, version, pinned),
    })),
    log,
  ).catch((error: Error) => {
    const next = pinned === undefined ? `check that ${entry.url}/tree/${version} exists` : `check the network and ${dependenciesOption}`
    throw new Problem(error.message, `${next}, or give a checkout as --source`)
  })
  return outcome.value
}

const origins: Record<SourceOrigin, (settings: Settings, entry: SourceEntry, version: string, pin?: SourcePin) => Promise<FoundSource>> = {
  async git({ sourceService }, entry, version, pin) {
    const served = sourceService === undefined ? {} : { experimentalServiceHost: sourceService }
    const repository = dag.git(entry.url.endsWith(".git") ? entry.url : `${entry.url}.git`, served)
    const ref = pin?.commit === undefined ? repository.tag(version) : repository.commit(pin.commit)
    try {
      const directory = await ref.tree({ discardGitDir: true }).sync()
      const revision = pin?.commit ?? (await ref.commit())
      return { directory, facts: { version, revision, created: pin?.created ?? unknownTime }, origin: `git ${version}` }
    } catch (error) {
      throw new Error(tailOf(error, 2))
    }
  },

  module: (settings, entry, version, pin) => registryOf(entry).fetch(settings, entry, version, pin),
}
