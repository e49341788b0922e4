// Long steps: what goes on, for how long, and how long is left to expect (learnt from the step's last run, else a documented figure).
import { readJson, writeJson } from "./files"
import { doing } from "./lock"
import { duration, live, say } from "./output"
import { paths } from "./paths"

export interface Step {
  /** Key under which the step's duration is remembered. */
  name: string
  title: string
  /** Seen on two cores; a first run has nothing better to go by. */
  seconds: number
}

export type Note = (text: string) => void

/** Runs a step and shows its progress: a line that is rewritten on a terminal, a line now and then elsewhere. */
export async function step<T>({ name, title, seconds }: Step, work: (note: Note) => Promise<T>): Promise<T> {
  const began = Date.now()
  const expected = readJson<Record<string, number>>(paths.times)?.[name] ?? seconds
  const terminal = process.stderr.isTTY === true
  let detail = ""
  const elapsed = (): number => (Date.now() - began) / 1000
  const line = (): string => {
    const left = expected - elapsed()
    const rest = left > 1 ? `about ${duration(left)} left` : "any moment now"
    return `${title}: ${duration(elapsed())}, ${rest}${detail ? ` · ${detail}` : ""}`
  }
  if (seconds >= 2) say(`${title} (about ${duration(expected)})`)
  doing(title)
  const timer = setInterval(
    () => {
      doing(`${title}${detail ? ` · ${detail}` : ""}`)
      if (terminal) live(line())
      else say(line())
    },
    terminal ? 1000 : 15_000,
  )
  try {
    const result = await work((text) => {
      detail = text
    })
    if (seconds >= 2) say(`${title}: done in ${duration(elapsed())}`)
    writeJson(paths.times, { ...readJson<Record<string, number>>(paths.times), [name]: Math.round(elapsed()) })
    return result
  } finally {
    clearInterval(timer)
    live("")
  }
}
