// Where an image is pulled from: its own registry, or first from mirrors of Docker Hub. Whichever it is, it keeps its usual name.

import type { BytesFrom } from "./origins.js"

export interface PullAddress {
  /** The usual one. */
  reference: string
  address: string
  limitSeconds: number
}

/**
 * An engine from packages has its own images under Docker Hub's names, and whether a mirror answers must not decide which ones
 * are taken: there mirrors are for what it does not have, and it says quickly what it has.
 */
export function pullAddresses(from: BytesFrom, references: string[], mirrors: string[]): PullAddress[] {
  return references.flatMap((reference) => {
    const name = hubName(reference)
    const mirrored = (name === undefined ? [] : mirrors).map((mirror) => `${mirror.replace(/^http:\/\//, "")}/${name}`)
    const others = mirrored.map((address) => ({ reference, address, limitSeconds: 300 }))
    const usual = { reference, address: reference, limitSeconds: from === "packages" && others.length > 0 ? 60 : 300 }
    return from === "packages" ? [usual, ...others] : [...others, usual]
  })
}

/** What a reference is called below Docker Hub's address; nothing for those of other registries. */
function hubName(reference: string): string | undefined {
  const [first, ...rest] = reference.split("/")
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  if (named && !/^(index\.|registry-1\.)?docker\.io$/.test(first)) return undefined
  const path = named ? rest : [first, ...rest]
  return path.length === 1 ? `library/${path[0]}` : path.join("/")
}

/** The name of an image that came from elsewhere, as if it had come from its own registry: images carry it as a label. */
export function usualReference(reference: string, pulled: string): string {
  const name = hubName(reference)
  const digest = pulled.slice(pulled.lastIndexOf("@"))
  return `${name === undefined ? reference.replace(/@.*/, "") : `docker.io/${name.replace(/@.*/, "")}`}${digest}`
}
