// Mirrors as a caller writes them: FAMILY=ADDRESS for a package manager's, archive=ADDRESS for downloads.

import { unknownName } from "../catalogue/nearest.js"
import { address } from "./packageRules.js"
import type { PackageFamily, PackageRequest } from "./packageTypes.js"

const families: PackageFamily[] = ["apt", "dnf", "zypper", "apk"]

const archive = "archive"

export function readMirrors(given: string[]): NonNullable<PackageRequest["mirrors"]> {
  const mirrors: NonNullable<PackageRequest["mirrors"]> = {}
  for (const [name, url] of given.map(named)) {
    if (name === archive) continue
    const family = families.find((known) => known === name)
    if (family === undefined) throw unknownName("package family", name, [...families, archive])
    mirrors[family] = [...(mirrors[family] ?? []), url]
  }
  return mirrors
}

/** Folders that have the archives of versions.yaml under their own names. */
export function readArchiveMirrors(given: string[]): string[] {
  const found = given.map(named).filter(([name]) => name === archive)
  return found.map(([, url]) => address(url, "--mirrors"))
}

function named(text: string): [name: string, url: string] {
  const [, name, url] = /^([a-z]+)=(\S+)$/.exec(text) ?? []
  if (url === undefined) throw new Error(`--mirrors "${text}": expected FAMILY=ADDRESS, such as apt=https://mirror.example/debian`)
  return [name, url]
}
