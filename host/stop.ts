// An orderly end: on a signal, and when the daggerw script that waits for us is gone (it may have been killed alone).
import { releaseLock, stopWaiting } from "./lock"
import { say } from "./output"
import { stopAll } from "./run"

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

export function stopOnSignals(): void {
  // Whoever reads our output may be gone first.
  process.stdout.on("error", () => {})
  process.stderr.on("error", () => {})
  let stopping = false
  const stop = async (number: number): Promise<void> => {
    if (stopping) return
    stopping = true
    say("stopping")
    stopWaiting()
    await stopAll()
    releaseLock()
    process.exit(128 + number)
  }
  for (const [name, number] of Object.entries(SIGNALS)) process.on(name, () => void stop(number))
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) void stop(SIGNALS.SIGTERM)
  }, 300).unref()
}
