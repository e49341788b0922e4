// Which Node a source needs.

import { compareVersions } from "../../../base/versionNumbers.js"

/** The first version that satisfies what .nvmrc, .node-version or `engines` says, such as 22.6 for ">=22.6"; empty for any. */
export function nodeVersionOf([manifest = "{}", ...others]: string[]): string {
  const named = others.map((text) => /^\s*v?(\d+(?:\.\d+){0,2})\s*$/.exec(text)?.[1]).find((found) => found !== undefined)
  if (named !== undefined) return named
  const { engines } = parsed(manifest)
  const range = engines?.node
  if (range === undefined) return ""
  const numbers = [...range.matchAll(/\d+(?:\.\d+){0,2}/g)].map(([text]) => text)
  if (numbers[0] === undefined) return ""
  return numbers.reduce((least, one) => (compareVersions(one, least) < 0 ? one : least))
}

export interface PackageManifest {
  name?: string
  engines?: { node?: string }
  packageManager?: string
  scripts?: Record<string, string>
}

export function parsed(manifest: string): PackageManifest {
  try {
    return JSON.parse(manifest) as PackageManifest
  } catch (error) {
    throw new Error(`package.json is not valid JSON: ${(error as Error).message}`)
  }
}

/** Whether a Node can take the place of the wanted one: newer versions run what was written for older ones. */
export function servesFor(wanted: string, found: string): boolean {
  return wanted === "" || compareVersions(found, wanted) >= 0
}
