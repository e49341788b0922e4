// Package mirrors as a caller writes them: FAMILY=ADDRESS.

import { unknownName } from "../catalogue/nearest.js"
import type { PackageFamily, PackageRequest } from "./packageTypes.js"

const families: PackageFamily[] = ["apt", "dnf", "zypper", "apk"]

export function readMirrors(given: string[]): NonNullable<PackageRequest["mirrors"]> {
  const mirrors: NonNullable<PackageRequest["mirrors"]> = {}
  for (const text of given) {
    const [, name, url] = /^([a-z]+)=(\S+)$/.exec(text) ?? []
    if (url === undefined) throw new Error(`--mirrors "${text}": expected FAMILY=ADDRESS, such as apt=https://mirror.example/debian`)
    const family = families.find((known) => known === name)
    if (family === undefined) throw unknownName("package family", name, families)
    mirrors[family] = [...(mirrors[family] ?? []), url]
  }
  return mirrors
}
