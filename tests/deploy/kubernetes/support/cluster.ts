// The cluster of one node, which is this machine, and helm and kubectl for it.

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, openSync, readFileSync, rmSync } from "node:fs"
import { promisify } from "node:util"
import { home } from "../../support/kit.js"

export const namespace = "im"
export const release = "openim"
export const chart = `${home}/charts/openim`
/** Values of this installation, for helm. */
export const values = "/tmp/values.yaml"

export function run(command: string, words: string[], input?: string): { code: number; text: string } {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8", timeout: 290_000, maxBuffer: 64 << 20, input })
  return { code: status ?? 128, text: `${stdout}${stderr}` }
}

export function works(command: string, words: string[], input?: string): string {
  const { code, text } = run(command, words, input)
  if (code !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${code}:\n${text.slice(-4000)}\n${state()}`)
  return text
}

/** The same beside the test, which goes on meanwhile. */
export async function begun(command: string, words: string[]): Promise<{ code: number; text: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, words, { encoding: "utf8", timeout: 290_000, maxBuffer: 64 << 20 })
    return { code: 0, text: `${stdout}${stderr}` }
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: number; stdout?: string; stderr?: string }
    return { code: typeof code === "number" ? code : 128, text: `${stdout}${stderr}` }
  }
}

export const kubectl = (...words: string[]): string => works("kubectl", ["--namespace", namespace, ...words])
export const helm = (verb: string, ...more: string[]): string[] => [
  "--namespace",
  namespace,
  verb,
  release,
  chart,
  "--values",
  values,
  ...more,
]

/** Lines of a pod's log. */
export function saidBy(pod: string, about: RegExp): string {
  const lines = kubectl("logs", pod).split("\n")
  return lines.flatMap((line) => (about.test(line) ? [line.slice(0, 1500)] : [])).join("\n")
}

/** What somebody looks at who asks why it does not work. */
export function state(): string {
  const ask = (...words: string[]) => run("kubectl", ["--namespace", namespace, ...words]).text
  const pods = ask("get", "pods", "-o", "wide")
  const events = ask("get", "events", "--sort-by=.lastTimestamp", "--field-selector=type=Warning").slice(-3000)
  const lines = pods.split("\n").slice(1).filter(Boolean)
  const named = (chosen: string[]) => chosen.map((line) => line.split(/\s/)[0]!)
  const failing = named(lines.filter((line) => /\s0\/1\s/.test(line)))
  const said = (pod: string, count: number) => `${pod}:\n${ask("logs", pod, "--all-containers", `--tail=${count}`).slice(-2000)}`
  const others = named(lines).filter((pod) => !failing.includes(pod))
  return [pods, events, ...failing.slice(0, 4).map((pod) => said(pod, 12)), ...others.map((pod) => said(pod, 4))].join("\n")
}

/** With the state of the cluster where it fails. */
export async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${state()}`, { cause: error })
  }
}

let node: ChildProcess | undefined
const ready = "/run/kube/ready"

/** As a machine is turned off. It keeps its data. */
export async function stopNode(): Promise<void> {
  const ended = once(node!, "exit")
  node!.kill("SIGTERM")
  await ended
  rmSync(ready, { force: true })
}

/** Until it is there, with what it says where it ends. */
export async function startNode(): Promise<void> {
  const log = openSync("/var/log/node.log", "a")
  node = spawn("kube-node", [], { stdio: ["ignore", log, log], detached: true })
  const since = Date.now()
  await new Promise<void>((resolve, reject) => {
    const said = () => `\n${readFileSync("/var/log/node.log", "utf8").slice(-4000)}`
    const look = setInterval(() => {
      if (existsSync(ready)) resolve()
      else if (Date.now() - since > 280_000) reject(new Error(`the node is not ready:${said()}`))
      else return
      clearInterval(look)
    }, 200)
    node!.once("exit", (code) => {
      clearInterval(look)
      reject(new Error(`the node ended with ${code}:${said()}`))
    })
  })
}
