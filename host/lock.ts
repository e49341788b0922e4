// One lock per cache folder for everything slow. It is held by a child under flock(1) (lockf(1) on macOS) whose stdin is a pipe
// from us: however we die, the pipe closes, the child kills the process groups we had started and ends, and the lock is free.
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { mkdirSync, rmSync } from "node:fs"
import type { Readable, Writable } from "node:stream"
import { Problem } from "../src/base/problem"
import { readJson, writeJson } from "./files"
import { duration, say } from "./output"
import { cacheDir, paths } from "./paths"

// Reads "+ <group>" and "- <group>" lines; what is left at the end of input is killed.
const KEEPER = `
echo held
live=
while read -r sign group; do
  if [ "$sign" = + ]; then live="$live $group"; continue; fi
  rest=
  for one in $live; do [ "$one" = "$group" ] || rest="$rest $one"; done
  live=$rest
done
for one in $live; do kill -s KILL -- "-$one" 2>/dev/null; done
`

interface Holder {
  pid: number
  since: number
  doing: string
}

const holderFile = `${paths.lock}.holder`
const REPORT_SECONDS = 15

type Keeper = ChildProcessByStdio<Writable, Readable, null>
let keeper: Keeper | undefined

/** Reports to waiting callers what is going on. */
export function doing(text: string): void {
  if (!keeper) return
  const now = readJson<Holder>(holderFile)
  writeJson(holderFile, { pid: process.pid, since: now?.pid === process.pid ? now.since : Date.now(), doing: text } satisfies Holder)
}

/** Names a process group that must not outlive us. */
export function guard(group: number): void {
  keeper?.stdin.write(`+ ${group}\n`)
}

export function unguard(group: number): void {
  if (keeper?.stdin.writable) keeper.stdin.write(`- ${group}\n`)
}

export function holder(): Holder | undefined {
  const found = readJson<Holder>(holderFile)
  if (!found) return undefined
  try {
    process.kill(found.pid, 0)
    return found
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? found : undefined
  }
}

export async function withLock<T>(subject: string, work: () => Promise<T>): Promise<T> {
  if (keeper) return work()
  mkdirSync(cacheDir, { recursive: true })
  keeper = (await start(false)) ?? (await waitForIt())
  try {
    doing(subject)
    return await work()
  } finally {
    releaseLock()
  }
}

export function releaseLock(): void {
  if (!keeper) return
  rmSync(holderFile, { force: true })
  keeper.stdin.end()
  keeper = undefined
}

async function waitForIt(): Promise<Keeper> {
  const began = Date.now()
  let last = ""
  const report = (): void => {
    const now = holder()
    const text = now
      ? `waiting for process ${now.pid}, which holds the cache folder's lock: ${now.doing} (${duration((Date.now() - now.since) / 1000)} so far)`
      : "waiting for another caller, which holds the cache folder's lock"
    if (text !== last) say(text)
    last = text
  }
  // The holder names itself a moment after it took the lock.
  const first = setTimeout(report, 300)
  const timer = setInterval(report, REPORT_SECONDS * 1000)
  try {
    const taken = await start(true)
    if (!taken) throw new Problem(`the lock ${paths.lock} could not be taken`)
    if (last) say(`waited ${duration((Date.now() - began) / 1000)} for the lock, going on`)
    return taken
  } finally {
    clearTimeout(first)
    clearInterval(timer)
  }
}

/** Answers with nothing when somebody else holds the lock and we are not to wait. */
function start(wait: boolean): Promise<Keeper | undefined> {
  const [tool, ...options] =
    process.platform === "darwin" ? ["lockf", "-k", ...(wait ? [] : ["-t", "0"])] : ["flock", ...(wait ? [] : ["-n"])]
  // Its own group: Ctrl-C on the terminal must not end it before we have cleaned up.
  const child = spawn(tool!, [...options, paths.lock, "sh", "-c", KEEPER], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  }) as unknown as Keeper
  waiting.add(child)
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT"
          ? new Problem(`${tool} is missing`, "install it: apt-get install util-linux (Debian, Ubuntu) or your system's util-linux package")
          : error,
      ),
    )
    child.stdin.on("error", () => {})
    child.stdout.once("data", () => resolve(child))
    child.on("exit", () => {
      waiting.delete(child)
      resolve(undefined)
    })
  })
}

const waiting = new Set<Keeper>()

/** For the end of a process that still waits: the child would otherwise wait on and take the lock for a moment. */
export function stopWaiting(): void {
  for (const child of waiting) if (child !== keeper && child.pid) process.kill(-child.pid, "SIGKILL")
}
