// What the programs weigh, read from /proc of their containers.

import { eventually } from "./eventually.js"
import { files, folder } from "./pebble.js"
import { dependencies, type Program, programs } from "./stack.js"

export interface ProcessFacts {
  pid: number
  /** The file name of the program that runs, not of what the supervisor was to run. */
  program: string
  /** In bytes, now and at most since it started. */
  memory: number
  peakMemory: number
}

/** The processes of a host; those that end meanwhile are left out. */
export async function processes(host: string): Promise<ProcessFacts[]> {
  // Pebble does not list a folder while something in it goes away.
  const names = await eventually(`the processes of ${host} are listed`, () => folder(host, "/proc"), { within: 5, every: 20 })
  const pids = names.filter((name) => /^\d+$/.test(name))
  const texts = await files(
    host,
    pids.flatMap((pid) => [`/proc/${pid}/status`, `/proc/${pid}/cmdline`]),
  )
  return pids.flatMap((pid) => {
    const status = texts.get(`/proc/${pid}/status`)
    const command = texts.get(`/proc/${pid}/cmdline`)?.split("\0")[0]
    if (!status || !command) return []
    return [
      {
        pid: Number(pid),
        program: command.slice(command.lastIndexOf("/") + 1),
        memory: bytesIn(status, "VmRSS"),
        peakMemory: bytesIn(status, "VmHWM"),
      },
    ]
  })
}

/** The process of a program; undefined while it is down. */
export async function processOf({ host, name }: Program, all?: ProcessFacts[]): Promise<ProcessFacts | undefined> {
  const running = all ?? (await processes(host))
  if (!(dependencies as readonly string[]).includes(host)) return running.find(({ program }) => program === name)
  // Beside the supervisor and its relay there is only the one, by whatever name (java, redis-server), perhaps below a script.
  return running.filter(({ program }) => !["pebble", "stackctl"].includes(program)).sort((one, other) => other.memory - one.memory)[0]
}

/** The processes of all programs that run. */
export async function allProcesses(): Promise<(Program & ProcessFacts)[]> {
  const hosts = [...new Set(programs().map(({ host }) => host))]
  const running = new Map(await Promise.all(hosts.map(async (host) => [host, await processes(host)] as const)))
  const found = await Promise.all(
    programs().map(async (program) => ({ program, facts: await processOf(program, running.get(program.host)) })),
  )
  return found.flatMap(({ program, facts }) => (facts ? [{ ...program, ...facts }] : []))
}

function bytesIn(status: string, field: string): number {
  return Number(status.match(new RegExp(`^${field}:\\s+(\\d+) kB`, "m"))?.[1] ?? 0) * 1024
}
