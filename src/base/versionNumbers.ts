// The order of versions of the form 1.22.3 and 1.23rc1.

import { pairs } from "./entries.js"

/** Negative when a is older than b. A missing number is 0; a release candidate or beta comes before its release. */
export function compareVersions(a: string, b: string): number {
  return pairs(numbers(a), numbers(b)).reduce((order, [left, right]) => order || left - right, 0)
}

function numbers(version: string): number[] {
  const [, major = 0, minor = 0, patch = 0, early] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:(?:rc|beta)(\d+))?/.exec(version) ?? []
  return [Number(major), Number(minor), early === undefined ? Number(patch) : Number(early) - 1000]
}
