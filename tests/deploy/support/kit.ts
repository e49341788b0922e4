// The kit as its user has it: a folder on the machine, and openimctl in it.

import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { eventually } from "../../stacks/openim/support/eventually.js"

/** Where the kit is unpacked. */
export const home = "/srv/im"
/** The public name, which /etc/hosts of the machine leads to itself. */
export const publicName = process.env.PUBLIC_NAME ?? ""

export interface Ran {
  code: number
  /** Standard output, then what went to standard error. */
  out: string
  err: string
}

export function openimctl(words: string[], environment: Record<string, string> = {}): Ran {
  const ran: SpawnSyncReturns<string> = spawnSync(join(home, "openimctl"), words, {
    cwd: home,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    env: { ...process.env, ...environment },
    timeout: 280_000,
  })
  if (ran.error) throw ran.error
  return { code: ran.status ?? 128, out: ran.stdout, err: ran.stderr }
}

/** Must work: what it printed. */
export function works(...words: string[]): string {
  const { out, err } = worked(words, openimctl(words))
  return `${out}${err}`
}

/** The same while the test goes on. */
export async function worksMeanwhile(...words: string[]): Promise<Ran> {
  return worked(words, await begin(...words).ended)
}

function worked(words: string[], ran: Ran): Ran {
  const { code, out, err } = ran
  if (code !== 0) throw new Error(`openimctl ${words.join(" ")} ended with ${code}:\n${err.slice(-6000)}\n${out.slice(-2000)}`)
  return ran
}

/** After something broke: until all that health looks at is well. */
export const healthy = () => eventually("everything is healthy", () => works("health"), { within: 180, every: 2000 })

/** Must fail, with these words: what it printed. */
export function refuses(words: string[], ...expected: string[]): string {
  const { code, out, err } = openimctl(words)
  const text = `${out}${err}`
  if (code === 0) throw new Error(`openimctl ${words.join(" ")} worked:\n${text.slice(-3000)}`)
  for (const part of expected) if (!text.includes(part)) throw new Error(`expected ${JSON.stringify(part)} in:\n${text.slice(-4000)}`)
  return text
}

/** Runs it beside the test. */
export function begin(...words: string[]): { ended: Promise<Ran>; kill: (signal: NodeJS.Signals) => void } {
  const child = spawn(join(home, "openimctl"), words, { cwd: home, stdio: ["ignore", "pipe", "pipe"] })
  const texts = { out: "", err: "" }
  for (const [name, stream] of [
    ["out", child.stdout],
    ["err", child.stderr],
  ] as const) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text
    })
  }
  const ended = new Promise<Ran>((resolve) => child.once("close", (code) => resolve({ code: code ?? 128, ...texts })))
  return { ended, kill: (signal) => void child.kill(signal) }
}

/** A value of .env as it stands there. */
export function setting(name: string): string {
  const line = readFileSync(join(home, ".env"), "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${name}=`))
  if (line === undefined) throw new Error(`.env has no ${name}`)
  return line.slice(name.length + 1).replace(/^'(.*)'$/, "$1")
}

/** Writes a value into .env, as an editor does; what stood there before. */
export function change(name: string, value: string): string {
  const before = setting(name)
  const file = join(home, ".env")
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(new RegExp(`^${name}=.*$`, "m"), () => `${name}=${value}`),
  )
  return before
}
