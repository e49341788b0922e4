// Waits until the whole stack does its work, asked by protocol.

import { setTimeout as pause } from "node:timers/promises"
import { type Checker, checkerOf } from "./checkers.js"
import { logText, services } from "./pebble.js"
import { registeredNames, registrationOf } from "./registry.js"
import { keepLogs } from "./results.js"
import { reasonOf, say } from "./say.js"
import { dependencies, limitSeconds, type Program, programs, store, titleOf } from "./stack.js"

interface Step extends Checker {
  program: Program
  reason: string
}

/** Throws one error that names every program that is not ready, with the end of its log. */
export async function ready(within = limitSeconds): Promise<void> {
  const all = programs()
  say(`waiting until ${all.length} programs are ready, at most ${within} s; the store is ${store}`)
  const started = Date.now()
  const steps: Step[] = all.flatMap((program) => {
    const checks = [checkerOf(program)]
    const registered = registeredNames[program.name]
    if (registered) checks.unshift({ what: `it is registered in etcd as ${registered}`, check: () => registrationOf(program.name) })
    return checks.map((checker) => ({ ...checker, program, reason: "it was not asked yet" }))
  })
  let waiting = steps
  let reported = started
  while (waiting.length > 0) {
    await Promise.all(waiting.map((step) => attempt(step, started)))
    waiting = waiting.filter(({ reason }) => reason !== "")
    if (Date.now() - started > within * 1000 && waiting.length > 0) throw await failure(waiting, within)
    if (Date.now() - reported > 5000 && waiting.length > 0) {
      reported = Date.now()
      const titles = new Set(waiting.map(({ program }) => titleOf(program)))
      say(`still waiting for ${[...titles].join(", ")}; the first: ${waiting[0].what}: ${waiting[0].reason}`)
    }
    if (waiting.length > 0) await pause(300)
  }
  say(`the stack is ready after ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

async function attempt(step: Step, started: number): Promise<void> {
  try {
    await step.check()
    step.reason = ""
    say(`ready after ${((Date.now() - started) / 1000).toFixed(1)} s: ${titleOf(step.program)} (${step.what})`)
  } catch (error) {
    step.reason = reasonOf(error)
  }
}

async function failure(waiting: Step[], within: number): Promise<Error> {
  const concerned = [...new Map(waiting.map(({ program }) => [titleOf(program), program])).values()]
  const silent = await silentHosts(concerned)
  const heard = concerned.filter(({ host }) => !silent.includes(host))
  await keepLogs(heard)
  const tails = await Promise.all(heard.map(async (program) => (await logText(program)).split("\n").map((line) => cut(line))))
  const parts = heard.map((program, index) => {
    const asked = waiting.filter((step) => step.program === program).map(({ what, reason }) => `  ${what}: no, ${cut(reason)}`)
    // Every log is kept for the report: here the first in full, of the others the most useful line.
    const problems = tails[index].filter((line) => /\b(error|panic|fatal|exit)\b/i.test(line))
    const lines = index === 0 ? tails[index].slice(-12) : [problems.at(-1) ?? tails[index].at(-1)]
    return [`${titleOf(program)} is not ready`, ...asked, ...lines.map((line) => `  | ${line}`)].join("\n")
  })
  const ended = silent.map(
    (host) => `container ${host} does not answer: its supervisor has ended or never started, so look at what the container itself printed`,
  )
  const text = [`after ${within} s the stack is not ready`, ...parts, ...ended, advice(concerned, silent)].join("\n")
  // Where it was thrown helps nobody.
  return Object.assign(new Error(text), { stack: text })
}

function cut(line: string): string {
  return line.length > 240 ? `${line.slice(0, 240)}…` : line
}

async function silentHosts(concerned: Program[]): Promise<string[]> {
  const asked = await Promise.all(
    [...new Set(concerned.map(({ host }) => host))].map((host) =>
      services(host).then(
        () => [],
        () => [host],
      ),
    ),
  )
  return asked.flat()
}

function advice(concerned: Program[], silent: string[]): string {
  if (silent.length > 0) return "Begin with the container that does not answer."
  const needed = concerned.filter(({ host }) => (dependencies as readonly string[]).includes(host))
  if (needed.length > 0) {
    return `Begin with ${needed.map(titleOf).join(", ")}: OpenIM's programs end when what they need does not answer or refuses the password.`
  }
  return (
    "All that OpenIM needs is ready, so look at its own configuration, addresses and passwords (IMENV_…, CHATENV_…), and at whether " +
    "every program is in the image. On a slow machine, give more time."
  )
}
