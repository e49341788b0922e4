// Asks upstream which versions there are, and for what pins one of them: git and registries.

import type { Container } from "@dagger.io/dagger"
import { firstOf, reasonFor } from "../../base/attempts.js"
import { unknownName } from "../../base/nearest.js"
import { Problem } from "../../base/problem.js"
import { shortTime } from "../../base/times.js"
import { pinnedArchive, sourceEntry } from "../../catalogue/lookup.js"
import type { SourcePin } from "../../catalogue/types.js"
import { askForSum, checksumAddress } from "../../plan/packages/installed.js"
import { type Channel, newestTags } from "../../plan/versions/order.js"
import { readChecksum, readRemoteTags, readTagList, withoutLetter } from "../../plan/versions/upstreamAnswers.js"
import {
  decide,
  type UpstreamTags,
  unknownRow,
  upstreamAddress,
  type Watched,
  type WatchRow,
  watchedOf,
} from "../../plan/versions/watch.js"
import { log, platform, type Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { registryOf, toolchainByName, toolchainFor } from "../toolchains/toolchains.js"
import { answer, limited } from "./answers.js"

/** Containers that can ask; each is made when the first question of its kind comes up. */
export interface WatchTools {
  git(): Promise<Container>
  /** A toolchain's, by its name: asks its registry. */
  toolchain(name: string): Promise<Container>
  registry(): Promise<Container>
  http(): Promise<Container>
}

/** Where a registry no longer has a pinned digest, `bump --bases` must still run to fix that. */
export function withoutDigests(settings: Settings): Settings {
  const { catalogue } = settings
  return { ...settings, catalogue: { ...catalogue, pins: { ...catalogue.pins, digests: {} } } }
}

/** Answers are as old as the moment: the engine would otherwise give the ones of the call before. */
export function watchTools(given: Settings, moment: string): WatchTools {
  const settings = withoutDigests(given)
  const now = (container: Container) => container.withEnvVariable("ASKED_AT", moment)
  return {
    git: async () => now(await toolbox(settings, [], ["git"])).withEnvVariable("GIT_TERMINAL_PROMPT", "0"),
    toolchain: async (name) => {
      const { registry, title } = toolchainByName(name)
      if (registry === undefined) throw new Error(`${title} has no registry of sources`)
      return now(await registry.asking(settings))
    },
    registry: async () => now(await toolbox(settings, ["regctl"])),
    http: async () => now(await toolbox(settings, [], ["curl"])),
  }
}

/** One row for each; upstreams that cannot be asked have rows too. Fails when none can be asked. */
export async function watch(settings: Settings, tools: WatchTools, channel: Channel): Promise<WatchRow[]> {
  const { catalogue } = settings
  const rows = await Promise.all(
    watchedOf(catalogue).map(async (watched) => {
      try {
        return decide(watched, channel, await upstreamTags(settings, tools, watched))
      } catch (error) {
        return unknownRow(watched, reasonFor(watched.name, error))
      }
    }),
  )
  // A stack whose sources are folders of this project may have nothing to ask about.
  if (rows.length === 0 || rows.some((row) => row.by !== null)) return rows
  const options = [...new Set(Object.values(catalogue.sources).map((entry) => toolchainFor(entry).dependenciesOption))]
  const next = `check the network, or name mirrors with --upstreams and ${options.join(", ")}`
  const reasons = rows.map((row) => `  ${row.component}: ${row.reason}`)
  throw new Problem([`no upstream of stack ${catalogue.stack} could be asked:`, ...reasons].join("\n"), next)
}

/** The tags of the first that answers. */
export async function upstreamTags(settings: Settings, tools: WatchTools, watched: Watched): Promise<UpstreamTags> {
  const questions = questionsOf(settings, tools, watched).map(([name, run]) => ({ name, limitSeconds: preparingSeconds, run }))
  const { value, by } = await firstOf(watched.name, questions)
  return { ...value, by }
}

/** For making the container that asks; the question itself has a shorter limit. */
const preparingSeconds = 600

type Question = [name: string, ask: () => Promise<Omit<UpstreamTags, "by">>]

/** Of a source git goes first: only it knows what a tag is today. */
function questionsOf(settings: Settings, tools: WatchTools, watched: Watched): Question[] {
  const { catalogue } = settings
  const address = upstreamAddress(catalogue, watched, settings.upstreams)
  const remoteTags = async () => readRemoteTags(await answer(await tools.git(), ["git", "ls-remote", "--tags", "--", address]))
  switch (watched.kind) {
    case "source": {
      const entry = sourceEntry(catalogue, watched.name)
      const { registry, name } = toolchainFor(entry)
      const git: Question = [`git ${address}`, async () => ({ tags: await remoteTags(), complete: true })]
      if (registry === undefined) return [git]
      return [
        git,
        [
          registry.title(entry),
          async () => ({ tags: await registry.versions(await tools.toolchain(name), entry.module, watched.pinned), complete: false }),
        ],
      ]
    }
    case "archive":
      return [[`git ${address}`, async () => ({ tags: withoutLetter(await remoteTags()), complete: true })]]
    case "reference":
      return [[`registry ${address}`, async () => ({ tags: await registryTags(tools, address, watched), complete: true })]]
  }
}

async function registryTags(tools: WatchTools, address: string, watched: Watched): Promise<UpstreamTags["tags"]> {
  const tags = readTagList(await answer(await tools.registry(), ["regctl", "tag", "ls", address]))
  const comparable = watched.content !== undefined && tags.has(watched.pinned)
  if (comparable) tags.set(watched.pinned, await referenceDigest(tools, `${address}:${watched.pinned}`))
  return tags
}

/** What pins a version: its commit from git, its checksum from the toolchain's registry; one of the two may be out of reach. */
export async function sourcePin(settings: Settings, tools: WatchTools, watched: Watched, version: string): Promise<SourcePin> {
  const { catalogue } = settings
  const entry = sourceEntry(catalogue, watched.name)
  const { title, module } = entry
  const { registry, name } = toolchainFor(entry)
  const other = registry === undefined ? title : registry.title(entry)
  const address = upstreamAddress(catalogue, watched, settings.upstreams)
  const [git, proxy] = await Promise.allSettled([
    tools.git().then((runner) => gitFacts(runner, address, version)),
    tools.toolchain(name).then((asking) => registryOf(entry).facts(asking, module, version)),
  ])
  const facts = git.status === "fulfilled" ? git.value : undefined
  const sums = proxy.status === "fulfilled" ? proxy.value : undefined
  if (proxy.status === "rejected") log(`${title} ${version} is pinned without a checksum: ${proxy.reason.message}`)
  if (git.status === "rejected") log(`${title} ${version}: git ${address} refused: ${git.reason.message}`)
  if (facts !== undefined && sums?.commit !== undefined && sums.commit !== facts.commit) {
    throw new Problem(
      `${title} ${version}: git has commit ${facts.commit.slice(0, 8)}, ${other} ${sums.commit.slice(0, 8)}: ` +
        "the tag was moved, and one pin cannot stand for both",
      "choose another --version, or write the commit that you trust into versions.yaml, without a sum",
    )
  }
  const commit = facts?.commit ?? sums?.commit
  const created = facts?.created ?? sums?.created
  if (commit !== undefined && created !== undefined) return { version, commit, sum: sums?.sum, created }
  const reasons = [git, proxy].map((result) => (result.status === "rejected" ? result.reason.message : "it does not say the commit"))
  throw new Error(`${title} ${version} cannot be pinned: git ${address} (${reasons[0]}); ${other} (${reasons[1]})`)
}

/** Fetches the commit alone, without files, where the server can do that. */
async function gitFacts(git: Container, address: string, version: string): Promise<{ commit: string; created: string }> {
  const repository = git.withExec(["git", "init", "-q", "/tmp/repository"]).withWorkdir("/tmp/repository")
  const fetch = ["git", "fetch", "-q", "--depth=1", "--filter=tree:0", "--", address, `refs/tags/${version}`]
  const fetched = repository.withExec(limited(fetch))
  const line = await answer(fetched, ["git", "log", "-1", "--format=%H %ct", "FETCH_HEAD"])
  const [commit = "", seconds] = line.trim().split(" ")
  return { commit, created: shortTime(Number(seconds) * 1000) }
}

/** The digest that a registry has for a reference today. */
export async function referenceDigest(tools: WatchTools, reference: string): Promise<string> {
  return (await answer(await tools.registry(), ["regctl", "image", "digest", reference])).trim()
}

/** The manifest of an image for the platform that is built for, as the registry has it. */
export async function imageManifest(tools: Pick<WatchTools, "registry">, reference: string): Promise<string> {
  return answer(await tools.registry(), ["regctl", "manifest", "get", "--platform", platform, "--format", "raw-body", reference])
}

/**
 * The makers' checksums of a version of an archive, from their own address: a mirror could give those of whatever it has. They show
 * that it arrived whole, and that nobody changes it later. A build that has one needs the new one; one that has none may stay so.
 */
export async function archiveSums(settings: Settings, tools: WatchTools, name: string, version: string): Promise<Record<string, string>> {
  const pin = pinnedArchive(settings.catalogue, name)
  const found = Object.entries(pin.builds).map(async ([build, { makers, sha256 }]) => {
    if (version === pin.version && sha256 !== undefined) return []
    try {
      if (makers === undefined)
        throw new Problem(
          `${name} ${version} for ${build}: versions.yaml has no address of its makers`,
          `add ${name}'s builds.${build}.makers, or its sha256`,
        )
      const address = makers.replaceAll(pin.version, version)
      const run = async () => readChecksum(await answer(await tools.http(), askForSum(address)))
      return [
        [
          build,
          (await firstOf(`${name} ${version} for ${build}`, [{ name: checksumAddress(address), limitSeconds: preparingSeconds, run }]))
            .value,
        ],
      ]
    } catch (error) {
      if (sha256 !== undefined) throw error
      log(`${(error as Error).message}: it stays without a checksum`)
      return []
    }
  })
  return Object.fromEntries((await Promise.all(found)).flat())
}

/** A tag that upstream has, or an error with the nearest one. When upstream cannot be asked, pinning it will show. */
export async function checkVersion(settings: Settings, tools: WatchTools, watched: Watched, version: string): Promise<void> {
  const upstream = await upstreamTags(settings, tools, watched).catch((error: Error) => {
    if (watched.kind !== "source") throw error
    return undefined
  })
  // A module's list leaves out what was retracted, and what no one has asked the proxy for.
  if (upstream === undefined || upstream.tags.has(version) || !upstream.complete) return
  throw unknownName(`version of ${watched.name}`, version, newestTags([...upstream.tags.keys()], 12))
}
