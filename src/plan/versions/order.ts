// Versions in OpenIM's order, and which of them a channel offers.

import type SemVer from "semver/classes/semver.js"
import parse from "semver/functions/parse.js"
import { unknownName } from "../../base/nearest.js"

/** A tag that names a version. */
export interface Release {
  tag: string
  /** What stands before the number, such as v or release-v: only tags with the same one belong to one line of releases. */
  prefix: string
  version: SemVer
}

/**
 * The functions take patch when none is named. Not stable: upstream's maintained line is -patch.N, and its fixes reach no plain
 * release for a year and more. Not alpha either: those are previews of the next version.
 */
export type Channel = "stable" | "patch" | "alpha"

const channels: Channel[] = ["stable", "patch", "alpha"]

export function readChannel(text: string): Channel {
  const channel = channels.find((known) => known === text)
  if (channel === undefined) throw unknownName("channel", text, channels)
  return channel
}

/** Nothing for tags that are not a full version, such as main, latest or v3.8. */
export function readRelease(tag: string): Release | undefined {
  const [, prefix = "", number] = /^([a-z-]*?)(\d+\.\d+\.\d+(?:[-+].*)?)$/.exec(tag) ?? []
  const version = number === undefined ? null : parse(number)
  return version === null ? undefined : { tag, prefix, version }
}

/** Semver calls -patch.N a pre-release; for OpenIM it comes after its release. */
export function compareReleases(a: Release, b: Release): number {
  return a.version.compareMain(b.version) || stage(a) - stage(b) || a.version.comparePre(b.version)
}

enum Stage {
  preview,
  release,
  patch,
}

function stage({ version: { prerelease } }: Release): Stage {
  if (prerelease.length === 0) return Stage.release
  return prerelease[0] === "patch" && typeof prerelease[1] === "number" ? Stage.patch : Stage.preview
}

/** stable: releases without a suffix; patch: these and -patch.N; alpha: everything. */
export function inChannel(channel: Channel, release: Release): boolean {
  switch (channel) {
    case "stable":
      return stage(release) === Stage.release
    case "patch":
      return stage(release) !== Stage.preview
    case "alpha":
      return true
  }
}

export function newestOf(releases: Release[]): Release | undefined {
  return releases.reduce<Release | undefined>(
    (best, release) => (best === undefined || compareReleases(release, best) > 0 ? release : best),
    undefined,
  )
}

/** The newest first, without those that are not versions. */
export function newestTags(tags: string[], count: number): string[] {
  const releases = tags.map(readRelease).filter((release) => release !== undefined)
  return (releases as Release[])
    .sort((a, b) => compareReleases(b, a))
    .slice(0, count)
    .map((release) => release.tag)
}
