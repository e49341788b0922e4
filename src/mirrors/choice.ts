// Which mirrors a call uses: those that answer, in the order in which they are named.

import { type Attempt, thoseThatWork } from "../base/attempts.js"
import type { MirrorAnswer } from "./ask.js"
import { distributionFamilies, type MirrorEntry, type MirrorFamily, mirrorFamilies } from "./entries.js"
import { questionFor } from "./questions.js"

/** For each mirror, all at once. */
export const askSeconds = 3

export interface AskedMirror extends MirrorEntry {
  /** Until its answer was there. */
  milliseconds?: number
  /** Why it is not used. */
  refused?: string
}

export interface MirrorChoice {
  /** Asked when a family is needed for the first time, and never again by this call. */
  of(family: MirrorFamily, distribution?: string): Promise<string[]>
  /** What was asked so far. */
  asked(): Promise<AskedMirror[]>
}

export function mirrorChoice(
  entries: MirrorEntry[],
  ask: (url: string) => Promise<MirrorAnswer>,
  log?: (line: string) => void,
): MirrorChoice {
  const groups = new Map<string, Promise<AskedMirror[]>>()
  const group = (family: MirrorFamily, distribution?: string): Promise<AskedMirror[]> => {
    const wanted = entries.filter((entry) => entry.family === family && suits(entry, distribution))
    if (wanted.length === 0) return Promise.resolve([])
    const key = `${family} ${distribution ?? ""}`
    const known = groups.get(key) ?? askAll(family, distribution, wanted, ask, log)
    groups.set(key, known)
    return known
  }
  return {
    async of(family, distribution) {
      return (await group(family, distribution)).filter(({ refused }) => refused === undefined).map(({ address }) => address)
    },
    async asked() {
      const all = (await Promise.all(groups.values())).flat()
      // A caller's own is asked for each distribution.
      const keys = all.map(({ family, address, distribution }) => [family, address, distribution].join(" "))
      return all.filter((_, place) => keys.indexOf(keys[place]!) === place)
    },
  }
}

/** The value of GOPROXY: in order, and last where each module itself comes from. */
export function goproxyLine(mirrors: string[]): string | undefined {
  return mirrors.length === 0 ? undefined : [...mirrors, "direct"].join(",")
}

/** Asks all of them; the caller's own packages are taken for this distribution's. */
export async function askEvery(choice: MirrorChoice, entries: MirrorEntry[], distribution: string): Promise<AskedMirror[]> {
  const questions = mirrorFamilies.flatMap((family) => {
    const named = entries.filter((entry) => entry.family === family).map((entry) => entry.distribution)
    const distributions = new Set(named.filter((name) => name !== undefined))
    if (named.length > 0 && distributions.size === 0) {
      return [choice.of(family, distributionFamilies[distribution] === family ? distribution : undefined)]
    }
    return [...distributions].map((name) => choice.of(family, name))
  })
  await Promise.all(questions)
  return choice.asked()
}

/** No mirrors: nothing is asked. */
export const noMirrors: MirrorChoice = { of: async () => [], asked: async () => [] }

function suits(entry: MirrorEntry, distribution: string | undefined): boolean {
  return entry.distribution === undefined || distribution === undefined || entry.distribution === distribution
}

async function askAll(
  family: MirrorFamily,
  distribution: string | undefined,
  entries: MirrorEntry[],
  ask: (url: string) => Promise<MirrorAnswer>,
  log?: (line: string) => void,
): Promise<AskedMirror[]> {
  const subject = `${distribution ?? family} mirror`
  const attempts = entries.map(
    (entry): Attempt<number> => ({
      name: entry.address,
      // Whoever asks keeps to the limit itself, and says so in better words.
      limitSeconds: askSeconds + 1,
      async run() {
        const { url, refusal } = questionFor(entry, distribution)
        const begin = performance.now()
        const reason = refusal(await ask(url))
        if (reason !== undefined) throw new Error(reason)
        return Math.round(performance.now() - begin)
      },
    }),
  )
  const outcomes = await thoseThatWork(subject, attempts, log)
  if (outcomes.every((outcome) => "reason" in outcome)) log?.(`${subject}: none can be used, so the usual addresses are asked`)
  return entries.map((entry, place) => {
    const outcome = outcomes[place]!
    return "reason" in outcome ? { ...entry, refused: outcome.reason } : { ...entry, milliseconds: outcome.value }
  })
}
