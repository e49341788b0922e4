// Content-addressed artefacts: <name>-<key>, made in a temporary folder and renamed when complete. What is there is whole.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { fromBundle, inBundle } from "./fromBundle"
import { bundleOrigin, marked } from "./origin"
import { paths } from "./paths"
import type { Origin } from "./records"
import { attempt } from "./run"

export function artefactPath(name: string, key: string): string {
  return join(paths.artefacts, `${name}-${key}`)
}

/**
 * The artefact's folder; if it is not there yet, it comes from the offline bundle or is made by `make`, perhaps from parts that a
 * bundle brought (`origin`). Call under the lock.
 */
export async function artefact(name: string, key: string, make: (folder: string) => Promise<void>, origin?: Origin): Promise<string> {
  const own = artefactPath(name, key)
  const brought = inBundle(name)
  const path = existsSync(own) && !origin ? own : marked(own, origin ?? (brought ? bundleOrigin() : undefined))
  if (!existsSync(path)) {
    const folder = temporary(name)
    try {
      await (brought ? fromBundle(name, key, folder) : make(folder))
      mkdirSync(paths.artefacts, { recursive: true })
      renameSync(folder, path)
    } catch (error) {
      await remove(folder)
      throw error
    }
  }
  // For prune: when it was last of use. Never part of a key.
  const now = new Date()
  utimesSync(path, now, now)
  return path
}

/** A folder on the cache's own file system (a rename must not cross one), gone at the latest when the next caller has the lock. */
export function temporary(name: string): string {
  mkdirSync(paths.tmp, { recursive: true })
  return mkdtempSync(join(paths.tmp, `${name}-`))
}

/** Removes what callers that were killed have left. Call under the lock. */
export async function sweep(): Promise<void> {
  if (!existsSync(paths.tmp)) return
  for (const name of readdirSync(paths.tmp)) await remove(join(paths.tmp, name))
}

/** Removes a tree, also one with read-only folders, and never what is mounted below it. */
export async function remove(path: string): Promise<void> {
  if (!existsSync(path)) return
  const fence = process.platform === "linux" ? ["--one-file-system"] : []
  if ((await attempt(["rm", "-rf", ...fence, path])).code === 0) return
  await attempt(["chmod", "-R", "u+w", path])
  await attempt(["rm", "-rf", ...fence, path])
}
