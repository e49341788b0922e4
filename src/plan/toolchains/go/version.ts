// Which Go a source needs: what its go.mod says, never a constant.

import { textBefore } from "../../../base/text.js"
import { compareVersions } from "../../../base/versionNumbers.js"

/** Go's toolchains are available as modules, and under full version numbers, from this one on. Newer Go builds older code. */
export const oldestGo = "1.21.0"

/** The full version of the Go toolchain for a go.mod: its toolchain line, or its go line, whichever is newer. */
export function goVersionOf(goMod: string): string {
  const lines = goMod.split("\n").map((line) => textBefore(line, "//").trim())
  const found = (pattern: RegExp) => lines.map((line) => pattern.exec(line)?.[1]).find((version) => version !== undefined)
  const language = found(/^go\s+(\S+)$/)
  const toolchain = found(/^toolchain\s+go(\S+)$/)
  const versions = [language, toolchain].filter((version) => version !== undefined).map(fullVersion)
  return [oldestGo, ...versions].reduce(newer)
}

/** 1.25 and 1.25.0 are the same toolchain; a release candidate stays what it is; a vendor's suffix goes. */
function fullVersion(version: string): string {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?((?:rc|beta)\d+)?(?:-.*)?$/.exec(version)
  if (match === null) {
    throw new Error(`go.mod asks for Go "${version}", which is not a version: expected a line such as "go 1.22.7"`)
  }
  const [, major, minor, patch, pre] = match
  if (pre !== undefined) return `${major}.${minor}${pre}`
  return `${major}.${minor}.${patch ?? 0}`
}

export function newer(a: string, b: string): string {
  return compareVersions(a, b) < 0 ? b : a
}
