// After a failed test, keeps the logs of the programs that it concerns.

import { afterEach, beforeEach } from "vitest"
import { logs, plain, services } from "./pebble.js"
import { keepLogs } from "./results.js"
import { reasonOf, say } from "./say.js"
import { type Program, programNamed, programs, titleOf } from "./stack.js"

const named = new Set<string>()
let began = 0

/** Says in a test whose logs explain it when it fails. */
export function concerns(...programNames: string[]): void {
  programNames.forEach((name) => named.add(name))
}

beforeEach(() => {
  named.clear()
  began = Date.now()
})

afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return
  try {
    const all = [...[...named].map(programNamed), ...(await suspects())]
    const concerned = [...new Map(all.map((program) => [titleOf(program), program])).values()]
    say(`failed: ${task.name}; the logs of ${concerned.map(titleOf).join(", ") || "no program"} are kept`)
    await keepLogs(concerned)
  } catch (error) {
    say(`the logs for the failed test cannot be kept: ${reasonOf(error)}`)
  }
})

/** What does not run, and what has logged an error since the test began. */
async function suspects(): Promise<Program[]> {
  const all = programs()
  const states = new Map(
    await Promise.all(
      [...new Set(all.map(({ host }) => host))].map(async (host) => {
        const found = await services(host).catch(() => [])
        return [host, new Map(found.map(({ name, current }) => [name, current]))] as const
      }),
    ),
  )
  const judged = await Promise.all(
    all.map(async (program) => {
      const down = states.get(program.host)?.get(program.name) !== "active"
      const complained = (await logs(program, 200).catch(() => [])).some(
        ({ time, message }) => Date.parse(time) >= began && /\b(ERROR|PANIC|FATAL|panic:)/.test(plain(message)),
      )
      return down || complained ? [program] : []
    }),
  )
  return judged.flat()
}
