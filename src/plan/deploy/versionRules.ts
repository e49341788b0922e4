// Whether data of one version may go to another: what an update must not leave out, what somebody must know before, and what runs together.

import { unknownName } from "../../base/nearest.js"
import { compareVersions } from "../../base/versionNumbers.js"
import type { Deployment, UpdateRules } from "./model.js"
import type { Diagnostic } from "./settings.js"

/** The version in an image's tag: v3.8.3, release-v3.8.3, 7.0.30; undefined where it names none. */
export function imageVersion(image: string): string | undefined {
  const tag = /:([^:/@]+)$/.exec(image.replace(/@.*$/, ""))?.[1] ?? ""
  return /^(?:release-)?v?(\d+(?:\.\d+)*(?:-[a-z0-9.]+)?)/.exec(tag)?.[1]
}

/** Service → the version that an image of it names. */
export function versionsOf(images: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(images).flatMap(([service, image]): [string, string][] => {
      const version = imageVersion(image)
      return version === undefined ? [] : [[service, version]]
    }),
  )
}

const numbers = (version: string): number[] => (/^\d+(\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number)

/** 3.8.3 is in the line 3.8. */
export function inLine(version: string, line: string): boolean {
  const found = numbers(version)
  return numbers(line).every((number, at) => (found[at] ?? 0) === number)
}

const before = (version: string, line: string): boolean => compareVersions(version, line) < 0

export interface VersionFacts {
  /** Service → what its data was used with last. */
  from: Record<string, string>
  /** Service → what would run. */
  to: Record<string, string>
  /** Service → what this kit was tested with. */
  tested: Record<string, string>
  /** Names of changes that the user knows about. */
  accepted: string[]
}

export function versionFindings({ updates }: Pick<Deployment, "updates">, facts: VersionFacts): Diagnostic[] {
  if (updates === undefined) return []
  return [...stopFindings(updates, facts), ...changeFindings(updates, facts), ...togetherFindings(updates, facts)]
}

/** Fails for a name that is in no kit: the answer has the nearest one. */
export function checkAccepted({ updates }: Pick<Deployment, "updates">, accepted: string[]): void {
  const known = Object.keys(updates?.changes ?? {})
  for (const name of accepted) if (!known.includes(name)) throw unknownName("name of a change", name, known)
}

function stopFindings({ stops }: UpdateRules, { from, to }: VersionFacts): Diagnostic[] {
  return stops.flatMap(({ service, through, why }): Diagnostic[] => {
    const [old, next] = [from[service], to[service]]
    if (old === undefined || next === undefined) return []
    const missed = through.find((line) => before(old, line) && !before(next, line) && !inLine(next, line))
    if (missed !== undefined)
      return [
        {
          severity: "error",
          code: "stop",
          subject: service,
          message: `${service} ${old} → ${next} leaves out ${missed}: ${why}`,
          next: `update to ${missed} first and let it start; then to ${next}`,
        },
      ]
    const back = through.find((line) => !before(old, line) && before(next, line))
    return back === undefined ? [] : [goesBack(service, old, next, back)]
  })
}

function changeFindings({ changes, stops }: UpdateRules, { from, to, accepted }: VersionFacts): Diagnostic[] {
  return Object.entries(changes).flatMap(([name, { service, since, about }]): Diagnostic[] => {
    const [old, next] = [from[service], to[service]]
    if (old === undefined || next === undefined) return []
    if (before(old, since) && !before(next, since)) {
      if (accepted.includes(name)) return []
      const message = `${service} ${old} → ${next}: ${about}`
      return [{ severity: "error", code: "change", subject: name, message, next: `when you have done that: --accept=${name}` }]
    }
    const backOver = (line: string): boolean => !before(old, line) && before(next, line)
    const said = stops.some((stop) => stop.service === service && stop.through.some(backOver))
    return !said && backOver(since) ? [goesBack(service, old, next, since)] : []
  })
}

function goesBack(service: string, old: string, next: string, line: string): Diagnostic {
  return {
    severity: "error",
    code: "stop",
    subject: service,
    message: `${service} ${old} → ${next} goes back over ${line}: the older one does not understand the data`,
    next: `stay with ${old}; or, with a kit that has ${next}: destroy --data, deploy, and restore a backup of that version`,
  }
}

/** Those that talk to each other have the versions of this kit, at least their first two numbers. */
function togetherFindings({ together }: UpdateRules, { to, tested }: VersionFacts): Diagnostic[] {
  return together.flatMap((service): Diagnostic[] => {
    const [version, known] = [to[service], tested[service]]
    if (version === undefined || known === undefined) return []
    if (inLine(version, numbers(known).slice(0, 2).join("."))) return []
    const others = together.filter((other) => other !== service && to[other] !== undefined).map((other) => `${other} ${to[other]}`)
    return [
      {
        severity: "warning",
        code: "versions",
        subject: service,
        message: `${service} is ${version}, but this kit was tested with ${known}${others.length > 0 ? ` (beside ${others.join(", ")})` : ""}`,
        next: "take the images of one kit: remove the line of its image from .env",
      },
    ]
  })
}
