// Runs a tool (by zx) in its own process group, with its output in a log file, its last line kept, and an end for the
// whole group when we are stopped.
import { createWriteStream, mkdirSync, statfsSync } from "node:fs"
import { join } from "node:path"
import { $ } from "zx/core"
import { withoutCredentials } from "../src/base/addresses"
import { lastWords } from "../src/base/lastWords"
import { Problem } from "../src/base/problem"
import { shellWord } from "../src/base/shellWords"
import { guard, unguard } from "./lock"
import { say } from "./output"
import { cacheDir, paths } from "./paths"
import { knownCause } from "./problem"

export interface RunOptions {
  cwd?: string
  /** Added to the environment; undefined removes a variable. */
  env?: Record<string, string | undefined>
  /** Log file below the cache folder's logs/. */
  log?: string
  onLine?: (line: string) => void
  limitSeconds?: number
  /** What the tool is doing, for the error message. */
  purpose?: string
  /** What the tool reads from its standard input, such as a secret, which must not be an argument. */
  input?: string
}

export interface Finished {
  code: number
  stdout: string
  /** stdout and stderr in the order they came, the end of it. */
  tail: string
}

const TAIL = 8000
const running = new Set<number>()

/** Runs the command; a failure is a Problem with the tool's own last words. */
export async function run(command: string[], options: RunOptions = {}): Promise<Finished> {
  const done = await attempt(command, options)
  if (done.code === 0) return done
  const what = options.purpose ?? `${command[0]} ${command[1] ?? ""}`.trim()
  // Some tools do not say that it was the disk.
  const cause = knownCause(diskFull() ? `ENOSPC ${done.tail}` : done.tail)
  const words = cause ? lastWords(done.tail, 1).slice(0, 200) : lastWords(done.tail)
  const log = options.log ? `; whole output: ${join(paths.logs, options.log)}` : ""
  throw new Problem(`${what} failed${cause ? `, ${cause.message}` : ` (exit code ${done.code})`}: ${words}${log}`, cause?.next)
}

/** Runs the command and reports its exit code; 127 when there is no such tool. */
export async function attempt(command: string[], options: RunOptions = {}): Promise<Finished> {
  let log: ReturnType<typeof createWriteStream> | undefined
  if (options.log) {
    mkdirSync(paths.logs, { recursive: true })
    log = createWriteStream(join(paths.logs, options.log), { flags: "a" })
    log.on("error", () => {})
    log.write(`$ ${withoutCredentials(command.map(shellWord).join(" "))}\n`)
  }
  const child = $({
    shell: "/bin/sh",
    // The shell gives way to the tool, so that the group's leader is the tool itself.
    prefix: "exec ",
    postfix: "",
    quote: shellWord,
    detached: true,
    nothrow: true,
    quiet: true,
    ...(options.input === undefined
      ? { stdio: ["ignore", "pipe", "pipe"] as const }
      : { stdio: ["pipe", "pipe", "pipe"] as const, input: options.input }),
    cwd: options.cwd,
    env: { ...process.env, ...options.env } as NodeJS.ProcessEnv,
  })`${command}`
  let tail = ""
  const lines = { out: "", err: "" }
  const listen = (stream: "out" | "err") => (chunk: Buffer) => {
    const text = chunk.toString()
    tail = (tail + text).slice(-TAIL)
    log?.write(withoutCredentials(text))
    if (!options.onLine) return
    const parts = (lines[stream] + text).split(/[\r\n]+/)
    lines[stream] = parts.pop() ?? ""
    for (const line of parts) if (line.trim()) options.onLine(line)
  }
  child.stdout.on("data", listen("out"))
  child.stderr.on("data", listen("err"))
  const group = child.pid
  let late = false
  let timer: NodeJS.Timeout | undefined
  if (group) {
    running.add(group)
    guard(group)
    if (options.limitSeconds) {
      timer = setTimeout(() => {
        late = true
        killGroup(group, "SIGTERM")
        setTimeout(() => killGroup(group, "SIGKILL"), 3000).unref()
      }, options.limitSeconds * 1000)
    }
  }
  try {
    const result = await child
    if (late) throw new Problem(`${command[0]} gave no result within ${options.limitSeconds} s`)
    return { code: result.exitCode ?? 1, stdout: result.stdout, tail: tail || (result.cause ? String(result.cause) : "") }
  } finally {
    clearTimeout(timer)
    log?.end()
    if (group) {
      running.delete(group)
      unguard(group)
    }
  }
}

function diskFull(): boolean {
  try {
    const { bavail, bsize } = statfsSync(cacheDir)
    return bavail * bsize < 4e6
  } catch {
    return false
  }
}

/** Ends every tool that still runs: politely, then for good. */
export async function stopAll(): Promise<void> {
  const groups = [...running]
  for (const group of groups) killGroup(group, "SIGTERM")
  const until = Date.now() + 5000
  while (Date.now() < until && groups.some(alive)) await new Promise((wake) => setTimeout(wake, 50))
  for (const group of groups) killGroup(group, "SIGKILL")
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // already gone
  }
}

function alive(group: number): boolean {
  try {
    process.kill(-group, 0)
    return true
  } catch {
    return false
  }
}

/** Says why a link of a chain was refused, and ends what it may have left running when its time was up. */
export function refused(line: string): void {
  say(line)
  void stopAll()
}

/** Where a tool is, or nothing. */
export async function which(tool: string): Promise<string | undefined> {
  const found = await attempt(["sh", "-c", 'command -v "$1"', "which", tool])
  return found.code === 0 ? found.stdout.trim() || undefined : undefined
}
