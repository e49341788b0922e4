// One change at a time: a folder that only one caller can make, with who it is inside. Whoever died with it is named, and its lock taken.
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { durationText as duration } from "../../src/base/measures"
import { readJson, writeJson } from "../files"
import { type Folder, makeOwn, whoami } from "./folder"
import { EXIT, Refusal, say } from "./print"

interface Owner {
  user: string
  host: string
  pid: number
  verb: string
  since: number
}

/** A lock without an owner belongs to somebody who is about to write that, or who was killed before. */
const NAMELESS_MS = 5000

let held: string | undefined

export function lockOf(folder: Folder): { owner?: Owner; age: number; alive: boolean } | undefined {
  const path = join(folder.own, "lock")
  const made = statSync(path, { throwIfNoEntry: false })
  if (!made) return undefined
  const owner = readJson<Owner>(join(path, "owner.json"))
  const since = owner?.since ?? made.mtimeMs
  const age = Date.now() - since
  return { age, ...(owner ? { owner } : {}), alive: owner ? owner.host !== hostname() || living(owner.pid) : age < NAMELESS_MS }
}

function living(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

const named = (owner: Owner | undefined): string =>
  owner ? `${owner.user}@${owner.host}, process ${owner.pid} (${owner.verb})` : "an unknown process"

export async function locked<T>(folder: Folder, verb: string, work: () => Promise<T>): Promise<T> {
  makeOwn(folder)
  const path = join(folder.own, "lock")
  for (let turn = 0; ; turn++) {
    try {
      mkdirSync(path, { mode: 0o700 })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    }
    const found = lockOf(folder)
    if (!found) continue
    if (found.alive || turn > 5) {
      throw new Refusal(
        `another call is changing this deployment: ${named(found.owner)}, since ${duration(found.age / 1000)}`,
        EXIT.locked,
        found.owner && found.owner.host !== hostname()
          ? `wait for it; if that machine is gone for good: rm -r ${path}`
          : "wait until it has ended, then run the same command again",
      )
    }
    say(`the lock of ${named(found.owner)} is ${duration(found.age / 1000)} old and its process is gone: taking it over`)
    // Renamed first, so that of two callers only one takes it.
    const aside = `${path}.${process.pid}`
    try {
      renameSync(path, aside)
      rmSync(aside, { recursive: true, force: true })
    } catch {
      // The other was quicker.
    }
  }
  held = path
  const owner: Owner = { user: whoami(), host: hostname(), pid: process.pid, verb, since: Date.now() }
  writeJson(join(path, "owner.json"), owner)
  try {
    return await work()
  } finally {
    unlock()
  }
}

export function unlock(): void {
  if (held) rmSync(held, { recursive: true, force: true })
  held = undefined
}
