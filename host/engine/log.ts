// The engine's log: for its owner alone, and never much larger than a limit, however long the engine runs.
import { spawn } from "node:child_process"

const LIMIT_BYTES = 50_000_000
const LOOK_SECONDS = 20

/** The engine goes on writing to the same file, so that is copied and emptied. */
const WATCH = `
umask 077
while kill -0 "$1" 2> /dev/null; do
  sleep "$4"
  if [ "$(wc -c < "$2")" -gt "$3" ]; then cp "$2" "$2.1" && : > "$2"; fi
done
`

/** Watches over a log for as long as a process lives; outlives this one. */
export function keepSmall(pid: number, log: string, limit = LIMIT_BYTES, seconds = LOOK_SECONDS): void {
  spawn("sh", ["-c", WATCH, "engine-log", String(pid), log, String(limit), String(seconds)], {
    detached: true,
    stdio: "ignore",
    cwd: "/",
  }).unref()
}
