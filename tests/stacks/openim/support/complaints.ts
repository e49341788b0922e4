// Errors that programs log while a suite runs.

import { follow, type LogLine, plain } from "./pebble.js"
import { reasonOf } from "./say.js"
import { chatPrograms } from "./stack.js"

export interface Complaint {
  program: string
  text: string
}

/** What is known and harmless. */
const known: { program: string; text: RegExp }[] = [
  // Once for each of its two odd calls of the log (chat v1.8.4, internal/rpc/chat/user.go:414) the log complains of itself, twice.
  { program: "chat-rpc", text: /keysAndValues length is not even.*CheckUserExist/ },
  { program: "chat-rpc", text: /Ignored key without a value/ },
]

/** The level stands in each entry of OpenIM's; Go prints a panic without one. */
const bad = /^\S+ \S+\t(ERROR|DPANIC|PANIC|FATAL)\t|^panic: |^fatal error: /

/** An entry may go on for some lines: v3.8.3's own version ends with a line break. */
const beginsEntry = /^\d{4}-\d\d-\d\d /

export interface Listener {
  complaints: Complaint[]
  /** How many lines were heard: none would mean that nobody listened. */
  lines: number
  end: () => void
}

/** Hears what the programs of OpenIM print from now on. */
export function listen(): Listener {
  const hosts = ["server", ...(chatPrograms.length > 0 ? ["chat"] : [])]
  const all: Complaint[] = []
  const listener = {
    lines: 0,
    get complaints() {
      return all.filter(({ program, text }) => !known.some((entry) => entry.program === program && entry.text.test(text)))
    },
    end: () => ends.forEach((end) => end()),
  }
  const open = new Map<string, Complaint>()
  const hear = ({ service, message }: LogLine) => {
    listener.lines++
    const line = plain(message)
    const going = open.get(service)
    if (bad.test(line)) {
      const complaint = { program: service, text: line }
      all.push(complaint)
      open.set(service, complaint)
    } else if (going && !beginsEntry.test(line) && going.text.length < longest) {
      going.text = `${going.text} ${line}`.slice(0, longest)
    } else {
      open.delete(service)
    }
  }
  const ends = hosts.map((host) => follow(host, hear, (error) => all.push({ program: host, text: reasonOf(error) })))
  return listener
}

const longest = 1000
