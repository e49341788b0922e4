// From newer versions to the changed files of a checkout: versions.yaml, its changelog, and what is generated from versions.yaml.

import { Problem } from "../base/problem.js"
import { loadDeployment } from "../catalogue/load.js"
import { pinnedArchive, pinnedSource } from "../catalogue/lookup.js"
import type { Catalogue, Pins } from "../catalogue/types.js"
import { readVersions } from "../catalogue/versions.js"
import { resolveSource } from "../graph/build/sources.js"
import { log, type Settings } from "../graph/call/settings.js"
import { sourceChanges } from "../graph/versions/sourceParts.js"
import {
  archiveSums,
  checkVersion,
  referenceDigest,
  sourcePin,
  type WatchTools,
  watch,
  withoutDigests,
} from "../graph/versions/upstream.js"
import { changeLine, changesWords } from "../plan/build/sourceParts.js"
import { dockerfilesByPath } from "../plan/dockerfile/dockerfile.js"
import { baseReferences } from "../plan/images/baseReferences.js"
import { toolchainOf } from "../plan/toolchains/toolchains.js"
import { withChanges } from "../plan/versions/changelog.js"
import { envTemplate } from "../plan/versions/envTemplate.js"
import type { Channel } from "../plan/versions/order.js"
import { samePin, withArchive, withArchiveChecksums, withDigests, withReferenceTag, withSourcePin } from "../plan/versions/pins.js"
import { updatesOf, upstreamAddress, type Watched, watchedNamed } from "../plan/versions/watch.js"

/** The texts of the files that a bump changes. */
export interface PinFiles {
  versions: string
  env?: string
  changelog?: string
  /** How the stack runs on a server; read, never written. */
  deployment?: string
  /** By path; written, never read. */
  generated?: Record<string, string>
}

export interface BumpRequest {
  channel: Channel
  component?: string
  version?: string
  /** The changelog's section; what has none is unreleased. */
  date?: string
}

/** Takes every update of the channel, or one component to its newest or any other version. Without updates nothing changes. */
export async function bumpVersions(settings: Settings, tools: WatchTools, files: PinFiles, request: BumpRequest): Promise<PinFiles> {
  if (request.version !== undefined && request.component === undefined) {
    throw new Problem("--version says where one component goes", "name it with --component")
  }
  const moves = await wantedMoves(settings, tools, request)
  const failures: Error[] = []
  let versions = files.versions
  const changes: string[] = []
  for (const { watched, version } of moves) {
    try {
      const change = await moved(settings, tools, watched, version, versions)
      if (change === undefined) continue
      versions = change.versions
      changes.push(change.summary)
    } catch (error) {
      failures.push(error as Error)
    }
  }
  if (failures.length > 0 && changes.length === 0) throw new Error(failures.map((error) => error.message).join("\n"))
  for (const change of await newChecksums(settings, tools, request, versions)) {
    versions = change.versions
    changes.push(change.summary)
  }
  for (const failure of failures) log(`not bumped: ${failure.message}`)
  return changedFiles(settings.catalogue, files, versions, changes, request.date)
}

interface Move {
  watched: Watched
  version: string
}

async function wantedMoves(settings: Settings, tools: WatchTools, request: BumpRequest): Promise<Move[]> {
  const { catalogue } = settings
  const one = request.component === undefined ? undefined : watchedNamed(catalogue, request.component)
  if (one !== undefined && request.version !== undefined) return [{ watched: one, version: request.version }]
  const rows = await watch(settings, tools, request.channel)
  const wanted = one === undefined ? rows : rows.filter((row) => row.component === one.name)
  for (const row of wanted.filter((row) => row.decision === "unknown" || row.moved !== null)) {
    if (one !== undefined && row.decision === "unknown") throw new Error(row.reason)
    log(`${row.component}: ${row.decision}: ${row.reason}`)
  }
  const updates = updatesOf(wanted)
  if (updates.length === 0) log(`nothing new in channel ${request.channel}: nothing is changed`)
  return updates.map((row) => ({ watched: watchedNamed(catalogue, row.component), version: row.newest! }))
}

interface Moved {
  versions: string
  summary: string
}

/** Versions that were pinned before need no network; others must exist. */
async function moved(settings: Settings, tools: WatchTools, watched: Watched, version: string, text: string): Promise<Moved | undefined> {
  const name = watched.name
  if (watched.kind === "reference") {
    if (version === watched.pinned) return unchanged(name, version)
    const versions = withReferenceTag(text, name, watched.pinned, watched.previous, version)
    const summary = `${name}: ${watched.pinned} → ${version}`
    if (watched.previous.includes(version)) return { versions, summary }
    await checkVersion(settings, tools, watched, version)
    const digest = await referenceDigest(tools, `${upstreamAddress(settings.catalogue, watched, settings.upstreams)}:${version}`)
    return { versions: withDigests(versions, { [`${upstreamAddress(settings.catalogue, watched, {})}:${version}`]: digest }), summary }
  }
  if (watched.kind === "archive") {
    if (version === watched.pinned) return unchanged(name, version)
    const before = pinnedArchive(settings.catalogue, name)
    let sums = before.previous.find((old) => old.version === version)?.sha256
    if (sums === undefined) {
      await checkVersion(settings, tools, watched, version)
      sums = await archiveSums(settings, tools, name, version)
    }
    return { versions: withArchive(text, name, before, { version, sha256: sums }), summary: `${name}: ${watched.pinned} → ${version}` }
  }
  const before = pinnedSource(settings.catalogue, name)
  const earlier = before.previous.find((old) => old.version === version)
  if (earlier === undefined) await checkVersion(settings, tools, watched, version)
  const pin = earlier ?? (await sourcePin(settings, tools, watched, version))
  if (samePin(pin, before)) return unchanged(name, version)
  const [left, taken] = [before, pin].map(({ version, commit }) => `${version}${commit === undefined ? "" : ` (${commit.slice(0, 8)})`}`)
  const summary = `${name}: ${left} → ${taken} of ${pin.created.slice(0, 10)}`
  const versions = withSourcePin(text, name, before, pin)
  if (earlier !== undefined) return { versions, summary }
  const changes = await sourceChanges(settings, tools, watched, version)
  if (!("notCompared" in changes)) return { versions, summary: `${summary}; ${changesWords(changes)}` }
  log(changeLine(changes))
  return { versions, summary }
}

/** Archives that stay at their version and have builds without a recorded checksum get the makers'. */
async function newChecksums(settings: Settings, tools: WatchTools, request: BumpRequest, text: string): Promise<Moved[]> {
  const { archives } = readVersions("versions.yaml", text)
  const changes: Moved[] = []
  let versions = text
  for (const [name, { version, builds }] of Object.entries(archives)) {
    const staying =
      version === settings.catalogue.pins.archives[name]?.version && (request.component === undefined || request.component === name)
    if (!staying || Object.values(builds).every(({ sha256 }) => sha256 !== undefined)) continue
    const sums = await archiveSums(settings, tools, name, version)
    for (const [build, sum] of Object.entries(sums)) {
      versions = withArchiveChecksums(versions, name, { [build]: sum })
      changes.push({ versions, summary: `${name} ${version} for ${build}: the makers' checksum ${sum.slice(0, 12)}… is recorded` })
    }
  }
  return changes
}

function unchanged(name: string, version: string): undefined {
  log(`${name} is at ${version} already: nothing is changed`)
}

/** Pins base images and referenced ones by the digest that their registry has for them today. */
export async function bumpBases(settings: Settings, tools: WatchTools, files: PinFiles, date?: string): Promise<PinFiles> {
  const { catalogue } = settings
  const references = baseReferences(catalogue, await sourceVersions(withoutDigests(settings)))
  const found: Record<string, string> = {}
  const refusals: Record<string, string[]> = {}
  await Promise.all(
    references.map(async (reference) => {
      try {
        found[reference] = await referenceDigest(tools, reference)
      } catch (error) {
        const reason = (error as Error).message
        refusals[reason] = [...(refusals[reason] ?? []), reference]
      }
    }),
  )
  if (Object.keys(found).length === 0) {
    const reasons = Object.entries(refusals).map(([reason, names]) => `  ${reason} (${names.sort().join(", ")})`)
    const what = ["no registry could be asked for the base images:", ...reasons].join("\n")
    throw new Problem(what, "check the engine's network and its registry mirrors")
  }
  for (const [reason, names] of Object.entries(refusals)) log(`digests stay as they are: ${names.join(", ")}: ${reason}`)
  const old = catalogue.pins.digests
  const fresh = references.flatMap((reference) => {
    const digest = found[reference]
    return digest === undefined || digest === old[reference] ? [] : [{ reference, digest }]
  })
  const digests = Object.fromEntries(fresh.map(({ reference, digest }) => [reference, digest]))
  const short = (digest: string | undefined) => digest?.slice("sha256:".length, "sha256:".length + 12) ?? "not pinned"
  const changes = fresh.map(({ reference, digest }) => `${reference}: ${short(old[reference])} → ${short(digest)}`)
  return changedFiles(catalogue, files, withDigests(files.versions, digests), changes, date)
}

/** A source that cannot be fetched now keeps its compiler's image as it is. */
async function sourceVersions(settings: Settings): Promise<Record<string, string>> {
  const asked = Object.entries(settings.catalogue.sources).map(([name, entry]) =>
    resolveSource(settings, name).then(
      (source) => [[name, source.toolchain.version]],
      (error: Error) => {
        log(`the ${toolchainOf(entry).title} of ${name} is not known: ${error.message}`)
        return []
      },
    ),
  )
  return Object.fromEntries((await Promise.all(asked)).flat())
}

async function generatedFiles(catalogue: Catalogue, deployment?: string): Promise<Record<string, string>> {
  const texts = dockerfilesByPath(catalogue)
  if (deployment === undefined) return texts
  const { deploymentFilesByPath } = await import("../plan/kubernetes/repository.js")
  const data = await loadDeployment(catalogue, catalogue.stack, async () => deployment)
  return { ...texts, ...deploymentFilesByPath(catalogue, data!) }
}

/** What was written is read again: a file that the next call could not read is never handed out. */
async function changedFiles(catalogue: Catalogue, files: PinFiles, versions: string, changes: string[], date?: string): Promise<PinFiles> {
  if (changes.length === 0) return files
  const pins: Pins = readVersions("versions.yaml", versions)
  for (const change of changes) log(change)
  const bumped = { ...catalogue, pins }
  return {
    versions,
    env: envTemplate(bumped, files.env),
    changelog: withChanges(files.changelog, changes, date),
    generated: await generatedFiles(bumped, files.deployment),
  }
}
