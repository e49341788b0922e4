// Where an image is pulled from: its own registry, or first from mirrors of Docker Hub. Whichever it is, it keeps its usual name.

import { fullReference } from "../../base/references.js"
import type { BytesFrom } from "../build/origins.js"

export interface PullAddress {
  /** The usual one. */
  reference: string
  address: string
  limitSeconds: number
}

const hub = "docker.io/"

/**
 * An engine from packages has its own images under Docker Hub's names, and whether a mirror answers must not decide which ones
 * are taken: there mirrors are for what it does not have, and it says quickly what it has.
 */
export function pullAddresses(from: BytesFrom, references: string[], mirrors: string[]): PullAddress[] {
  return references.flatMap((reference) => {
    const full = mirrors.length === 0 ? "" : fullReference(reference)
    const mirrored = full.startsWith(hub) ? mirrors.map((mirror) => `${mirror.replace(/^http:\/\//, "")}/${full.slice(hub.length)}`) : []
    const others = mirrored.map((address) => ({ reference, address, limitSeconds: 300 }))
    const usual = { reference, address: reference, limitSeconds: from === "packages" && others.length > 0 ? 60 : 300 }
    return from === "packages" ? [usual, ...others] : [...others, usual]
  })
}

/** For an image that only a mirror gives, and that nothing pins. */
export function mirrorWarning(reference: string, address: string, reason: string): string {
  return (
    `WARNING: ${reference} is taken from the mirror ${address.split("/")[0]} by its tag alone: Docker Hub cannot be asked for its digest (${reason}), ` +
    "and versions.yaml pins none, so nothing says that it is the right image. Next: ./daggerw call -y bump --bases pins it where Docker Hub can be reached"
  )
}

/** An engine's own words without the name of the image, which stands before them in every message. */
export function pullReason(address: string, said: string): string {
  return said.replace(/^failed to resolve image "[^"]*" \(platform: "[^"]*"\): /, "").replace(`${address}: `, "")
}
