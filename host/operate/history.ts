// One line for each change: when, who, what, with which result.
import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { whatOf } from "../../src/base/problem"
import { table } from "../../src/base/table"
import { shortTime } from "../../src/base/times"
import { type Folder, makeOwn, whoami } from "./folder"

export interface Event {
  time: string
  user: string
  verb: string
  result: string
  release: string
  seconds: number
  detail?: string
}

const fileOf = ({ own }: Folder): string => join(own, "history.jsonl")

export async function recorded(folder: Folder, verb: string, work: () => Promise<string | undefined>): Promise<void> {
  const began = Date.now()
  const record = (result: string, detail?: string): void => {
    const event: Event = {
      time: shortTime(began),
      user: whoami(),
      verb,
      result,
      release: folder.deployment.release,
      seconds: Math.round((Date.now() - began) / 1000),
      ...(detail ? { detail } : {}),
    }
    makeOwn(folder)
    appendFileSync(fileOf(folder), `${JSON.stringify(event)}\n`, { mode: 0o600 })
  }
  try {
    record("ok", await work())
  } catch (error) {
    record("failed", whatOf(error).split("\n")[0]?.slice(0, 300))
    throw error
  }
}

export function history(folder: Folder): Event[] {
  const path = fileOf(folder)
  if (!existsSync(path)) return []
  // A line that a full disk cut short is left out.
  return readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Event]
      } catch {
        return []
      }
    })
}

export function historyTable(events: Event[]): string {
  return table(
    ["time", "user", "verb", "result", "seconds", "release", "detail"],
    events.map(({ time, user, verb, result, seconds, release, detail }) => [
      time,
      user,
      verb,
      result,
      String(seconds),
      release,
      detail ?? "",
    ]),
  )
}
