// What daggerw remembers between calls. A record is a hint: whoever reads it checks that it still holds.
import { readFileSync } from "node:fs"

/** A CLI in the cache. */
export interface CliRecord {
  path: string
  by: string
  /** The version for a release, the recipe's key for a build. */
  key: string
  built: boolean
  /** The bundle that it came with. */
  bundle?: Origin
}

/** A bundle: what came with it is never taken without it. */
export interface Origin {
  /** Of its archives; see bundleMark. */
  mark: string
  folder: string
}

/** Our own engine. */
export type EngineRecord = NamespacesRecord | ContainerRecord

export interface NamespacesRecord {
  kind: "namespaces"
  host: string
  /** Key of the recipe it was started from. */
  key: string
  started: number
  bundle?: Origin
  pid: number
  /** The kernel's start time of that process: a pid alone may be somebody else's by now. */
  pidStart: string
  subnet: string
  /** Artefacts it has mounted: not to be removed while it runs. */
  uses: string[]
}

export interface ContainerRecord {
  kind: "container"
  host: string
  key: string
  started: number
  bundle?: Origin
  tool: string
  /** Absent where dagger itself makes and keeps the container. */
  container?: string
  image: string
}

/** The kernel's start time of a process (field 22 of its stat), or nothing when it is gone. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field is the command in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return fields[0] === "Z" ? undefined : fields[19]
  } catch {
    return undefined
  }
}
