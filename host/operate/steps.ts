// Runs the synthetic check of a deployment, as a client would: HTTP and WebSockets through the public address. It is a separate
// process, since Node reads the certificates that it trusts at its start. stdin: JSON; stdout: one JSON line for each step.
import { digestsOf, filled, frameHolds, judgedAnswer, socketUrl } from "../../src/plan/deploy/checkSteps"
import type { CheckStep } from "../../src/plan/deploy/model"

export interface StepInput {
  steps: CheckStep[]
  values: Record<string, string>
  stepSeconds: number
  /** Addresses that others take the place of: a container is asked, not the edge. */
  instead: [string, string][]
}

export interface StepResult {
  name: string
  ok: boolean
  milliseconds: number
  detail?: string
}

interface Opened {
  socket: WebSocket
  frames: string[]
  heard: Set<() => void>
}

export async function runSteps(): Promise<void> {
  let text = ""
  for await (const chunk of process.stdin) text += chunk
  const { steps, values, stepSeconds, instead } = JSON.parse(text) as StepInput
  const known: Record<string, string> = { ...values, run: `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}` }
  const sockets = new Map<string, Opened>()
  for (const step of steps) {
    const began = Date.now()
    let fault: string | undefined
    try {
      fault = await runStep(directed(step, known, instead), known, sockets, stepSeconds)
    } catch (error) {
      fault = reason(error)
    }
    const answer: StepResult = {
      name: step.name,
      ok: fault === undefined,
      milliseconds: Date.now() - began,
      ...(fault ? { detail: fault } : {}),
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
    // What follows uses what this one would have given.
    if (fault !== undefined) break
  }
  for (const { socket } of sockets.values()) socket.close()
}

/** The step with its address filled in, and replaced where another one takes its place. */
function directed(step: CheckStep, known: Record<string, string>, instead: [string, string][]): CheckStep {
  if (step.kind === "receive" || instead.length === 0) return step
  const url = filled(step.url, known)
  const [from, to] = instead.find(([from]) => url === from || url.startsWith(`${from}/`)) ?? ["", ""]
  return { ...step, url: to + url.slice(from.length) }
}

async function runStep(
  step: CheckStep,
  known: Record<string, string>,
  sockets: Map<string, Opened>,
  stepSeconds: number,
): Promise<string | undefined> {
  if (step.kind === "http") {
    Object.assign(known, digestsOf(step, known))
    const headers = Object.fromEntries(Object.entries(step.headers).map(([name, value]) => [name, filled(value, known)]))
    const json = Object.entries(headers).some(([name, value]) => name.toLowerCase() === "content-type" && value.includes("json"))
    const answer = await fetch(filled(step.url, known), {
      method: step.method,
      headers,
      ...(step.body === undefined ? {} : { body: filled(step.body, known, json) }),
      signal: AbortSignal.timeout(stepSeconds * 1000),
    })
    const { fault, taken } = judgedAnswer(step, answer.status, await answer.text(), known)
    Object.assign(known, taken)
    return fault
  }
  if (step.kind === "open") {
    const socket = new WebSocket(socketUrl(filled(step.url, known)))
    socket.binaryType = "arraybuffer"
    const opened: Opened = { socket, frames: [], heard: new Set() }
    sockets.set(step.as, opened)
    socket.addEventListener("message", ({ data }) => {
      opened.frames.push(typeof data === "string" ? data : Buffer.from(data as ArrayBuffer).toString("latin1"))
      for (const wake of opened.heard) wake()
    })
    return within(
      stepSeconds,
      new Promise((resolve) => {
        socket.addEventListener("open", () => resolve(undefined))
        socket.addEventListener("error", (event) =>
          resolve(
            `the WebSocket was refused${(event as { message?: string }).message ? `: ${(event as { message?: string }).message}` : ""}`,
          ),
        )
        socket.addEventListener("close", ({ code, reason }) => resolve(`the WebSocket was closed (${code}${reason ? `, ${reason}` : ""})`))
      }),
      `no handshake within ${stepSeconds} s`,
    )
  }
  const opened = sockets.get(step.from)
  if (!opened) return `no WebSocket "${step.from}" was opened`
  const text = filled(step.contains, known)
  return within(
    step.seconds,
    new Promise((resolve) => {
      const look = (): void => {
        if (opened.frames.some((frame) => frameHolds(frame, text))) resolve(undefined)
      }
      opened.heard.add(look)
      look()
    }),
    `"${text}" did not come within ${step.seconds} s (${opened.frames.length} other frames did)`,
  )
}

function within(seconds: number, work: Promise<string | undefined>, late: string): Promise<string | undefined> {
  let timer: NodeJS.Timeout
  const end = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(late), seconds * 1000)
  })
  return Promise.race([work, end]).finally(() => clearTimeout(timer))
}

function reason(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { code?: string; message?: string } }
  const words = [message, cause?.code, cause?.message].filter(Boolean).join(": ")
  if (/CERT|certificate|self.signed/i.test(words)) return `the certificate is not trusted: ${words}`
  if (/ENOTFOUND|EAI_AGAIN/.test(words)) return `the name is not known here: ${words}`
  if (/ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|timeout/i.test(words))
    return `nothing answers there: ${words} (firewall, security group, or the edge does not run)`
  return words
}
