// How things are fetched for later: tries, progress, and what came of it.

import { type Attempt, firstOf } from "../../base/attempts.js"
import { sizeText } from "../../base/measures.js"
import { table } from "../../base/table.js"

/** The time that each download of a try may take. */
export const trySeconds = 300

/** Before the second and the third try. */
const waitSeconds = [0, 5, 20]

/** Three tries with growing waits; fails with the reasons of all. */
export async function retried<T>(subject: string, run: () => Promise<T>, log?: (line: string) => void, waits = waitSeconds): Promise<T> {
  const attempts = waits.map(
    (seconds, index): Attempt<T> => ({
      name: `try ${index + 1} of ${waits.length}`,
      // Each download has its own limit, and its own words for it; this one leaves room for waiting until other builds are done.
      limitSeconds: seconds + 1800,
      async run() {
        await new Promise((wake) => setTimeout(wake, seconds * 1000))
        return run()
      },
    }),
  )
  return (await firstOf(subject, attempts, log)).value
}

export interface PrewarmRow {
  title: string
  result: "fetched" | "in the bundle" | "failed"
  bytes: number
  seconds: number
  reason?: string
}

/** Such as "3 of 12 (25 %): image debian:trixie-slim, 30 MB, fetched in 2 s". */
export function progressLine(done: number, total: number, { title, result, bytes, seconds, reason }: PrewarmRow): string {
  const what =
    result === "failed" ? `failed: ${reason}` : `${sizeText(bytes)}, ${result}${result === "fetched" ? ` in ${Math.round(seconds)} s` : ""}`
  return `prewarm: ${done} of ${total} (${Math.round((done / total) * 100)} %): ${title}, ${what}`
}

export function prewarmTable(rows: PrewarmRow[]): string {
  const lines = rows.map(({ title, result, bytes, seconds }) => [
    result,
    result === "failed" ? "-" : sizeText(bytes),
    result === "fetched" ? `${Math.round(seconds)} s` : "-",
    title,
  ])
  const failed = rows.filter(({ result }) => result === "failed")
  const good = rows.length - failed.length
  const reasons = failed.map(({ title, reason }) => `${title}:\n  ${reason}`)
  const total = `${good} of ${rows.length} (${Math.round((good / rows.length) * 100)} %), ${sizeText(rows.reduce((sum, { bytes }) => sum + bytes, 0))}; what several items share is counted with each`
  return [table(["RESULT", "SIZE", "TIME", "ITEM"], lines), ...reasons, `${total}\n`].join("\n")
}
