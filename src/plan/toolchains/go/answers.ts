// What Go prints about modules and their versions.

/** The part of Go's answers about a module that matters here. */
export interface GoModuleAnswer {
  Version?: string
  Versions?: string[]
  Time?: string
  Sum?: string
  /** Where its files are. */
  Dir?: string
  Error?: unknown
  Origin?: { Hash?: string }
}

/** The outputs of `go list -m -versions -json MODULE` and of `go list -m -json MODULE@PINNED`, which has the commit of that one. */
export function readModuleVersions(versions: string, pinned: string): Map<string, string | undefined> {
  const { Versions } = JSON.parse(versions) as GoModuleAnswer
  const { Version, Origin } = JSON.parse(pinned) as GoModuleAnswer
  const tags = new Map<string, string | undefined>((Versions ?? []).map((version) => [version, undefined]))
  if (Version !== undefined) tags.set(Version, Origin?.Hash)
  return tags
}
