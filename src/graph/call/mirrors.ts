// The mirrors of a call, asked by this process itself: no container is started for it.

import { unknownName } from "../../base/nearest.js"
import { ask } from "../../mirrors/ask.js"
import { askSeconds, type MirrorChoice, mirrorChoice, noMirrors } from "../../mirrors/choice.js"
import { distributionFamilies, type MirrorEntry, readMirrorEntries } from "../../mirrors/entries.js"
import { readProxies, shownProxies } from "../../mirrors/proxies.js"
import { type FetchedFrom, inUse } from "../../plan/call/mirrorReports.js"
import type { PackageFamily, PackageRequest } from "../../plan/packages/types.js"
import { log, type Settings } from "./settings.js"

/** Without any, nothing is asked. */
export function callMirrors(given: string[]): MirrorChoice {
  const entries = mirrorEntries(given)
  return entries.length === 0 ? noMirrors : choiceOf(entries)
}

export function mirrorEntries(given: string[]): MirrorEntry[] {
  return readMirrorEntries(given, unknownName)
}

export function choiceOf(entries: MirrorEntry[]): MirrorChoice {
  const proxies = readProxies(process.env)
  return mirrorChoice(entries, (url) => ask(url, proxies, askSeconds), log)
}

/** Mirrors of the packages that one image needs. */
export async function packageMirrors({ mirrors }: Settings, distribution: string): Promise<PackageRequest["mirrors"]> {
  const family = distributionFamilies[distribution]
  return family === undefined ? {} : { [family as PackageFamily]: await mirrors.of(family, distribution) }
}

/** For the plan: what this call has asked, and the way out. */
export async function fetchedFrom({ mirrors }: Settings): Promise<FetchedFrom> {
  const used = inUse(await mirrors.asked())
  const proxy = detectedProxy()
  return { ...(used === undefined ? {} : { mirrors: used }), ...(proxy === undefined ? {} : { proxy }) }
}

export function detectedProxy(): string | undefined {
  return shownProxies(readProxies(process.env))
}
