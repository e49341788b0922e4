// Versions of Python and of its packages, and what "specifiers" such as >=3.11,<3.14 say about them.

import { compareVersions } from "../../../base/versionNumbers.js"

/** Whether a version satisfies all of them. Those of a form that is not known here are left to pip. */
export function satisfies(version: string, specifiers: string): boolean {
  return specifiers.split(",").every((one) => {
    const [, operator = "", wanted = ""] = /^\s*(===|==|!=|~=|>=|<=|>|<)\s*([^\s;]+)\s*$/.exec(one) ?? []
    return comparisons[operator]?.(version, wanted) ?? true
  })
}

const comparisons: Record<string, (version: string, wanted: string) => boolean> = {
  "===": (version, wanted) => version === wanted,
  "==": isVersion,
  "!=": (version, wanted) => !isVersion(version, wanted),
  ">=": (version, wanted) => compareVersions(version, wanted) >= 0,
  "<=": (version, wanted) => compareVersions(version, wanted) <= 0,
  ">": (version, wanted) => compareVersions(version, wanted) > 0,
  "<": (version, wanted) => compareVersions(version, wanted) < 0,
  // ~=1.4.2 is any 1.4 from 1.4.2 on.
  "~=": (version, wanted) => compareVersions(version, wanted) >= 0 && isVersion(version, wanted.replace(/\.\d+[^.]*$/, ".*")),
}

function isVersion(version: string, wanted: string): boolean {
  if (wanted.endsWith(".*")) return `${version}.`.startsWith(wanted.slice(0, -1))
  return compareVersions(version, wanted) === 0
}
