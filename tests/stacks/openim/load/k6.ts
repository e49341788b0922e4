// Starts k6 with messages.k6.js and reads what it found. k6's own report, with charts, goes to the attachments.

import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Admin, adminUserID } from "../support/im.js"
import { say } from "../support/say.js"
import { apiAddress, resultsFolder } from "../support/stack.js"
import type { Conversation } from "./conversations.js"

export interface Request {
  /** Requests that only read, for so long, by so many clients: what this machine does at this time. */
  reference: { clients: number; seconds: number }
  /** So many messages by so many clients, for so long at most. */
  messages: { clients: number; count: number; seconds: number }
}

export interface AcknowledgedMessage {
  conversation: Conversation
  text: string
  serverMsgID: string
}

/** Milliseconds. */
export interface Latency {
  count: number
  med: number
  "p(95)": number
  "p(99)": number
  max: number
}

export interface Measured {
  acknowledged: AcknowledgedMessage[]
  /** Why messages or other requests failed. */
  problems: string[]
  latency: Latency
  /** Per second. */
  messageRate: number
  referenceRate: number
  /** Milliseconds since 1970. */
  begun: number
  ended: number
  /** When each message was answered. */
  answered: number[]
}

type Line =
  | { kind: "message"; conversation: number; text: string; serverMsgID: string; begun: number; answered: number; problem?: undefined }
  | { kind: "message" | "reference"; problem: string }

const script = fileURLToPath(new URL("messages.k6.js", import.meta.url))

export async function runK6(admin: Admin, conversations: Conversation[], request: Request): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "load-"))
  const attachments = join(resultsFolder, "attachments")
  mkdirSync(attachments, { recursive: true })
  const pairs = conversations.map(({ from, to }) => ({ from, to: to.account }))
  const settings = { api: apiAddress, token: admin.token, adminUserID, conversations: pairs, ...request }
  writeFileSync(join(folder, "settings.json"), JSON.stringify(settings))
  const lines = join(folder, "lines")
  await k6(["run", "--quiet", "--no-color", "--log-format=raw", `--console-output=${lines}`, script], {
    LOAD_SETTINGS: join(folder, "settings.json"),
    LOAD_SUMMARY: join(folder, "summary.json"),
    K6_NO_USAGE_REPORT: "true",
    K6_WEB_DASHBOARD: "true",
    // No server, the report only.
    K6_WEB_DASHBOARD_PORT: "-1",
    K6_WEB_DASHBOARD_EXPORT: join(attachments, "load.html"),
  })
  const summary = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as Record<string, Latency>
  const answers = readFileSync(lines, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
  const taken = answers.filter((line) => line.problem === undefined)
  if (taken.length === 0) throw new Error(`k6 got no message through: ${answers[0]?.problem ?? "it has sent none"}`)
  const begun = Math.min(...taken.map((line) => line.begun))
  const ended = Math.max(...taken.map(({ answered }) => answered))
  return {
    acknowledged: taken.map(({ conversation, text, serverMsgID }) => ({ conversation: conversations[conversation], text, serverMsgID })),
    problems: answers.flatMap(({ problem }) => problem ?? []),
    latency: summary.message_time,
    messageRate: taken.length / ((ended - begun) / 1000),
    referenceRate: summary.reference_time.count / request.reference.seconds,
    begun,
    ended,
    answered: taken.map(({ answered }) => answered),
  }
}

async function k6(args: string[], environment: Record<string, string>): Promise<void> {
  const began = Date.now()
  const progress = setInterval(() => say(`k6 has run for ${Math.round((Date.now() - began) / 1000)} s`), 5000)
  const child = spawn("k6", args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] })
  let output = ""
  child.stdout.on("data", (text) => (output += text))
  child.stderr.on("data", (text) => (output += text))
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject))
    if (code !== 0) throw new Error(`k6 ends with exit code ${code}: ${output.trim().slice(-2000)}`)
  } finally {
    clearInterval(progress)
  }
}
