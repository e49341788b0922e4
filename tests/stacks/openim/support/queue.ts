// The message queue, asked by `stackctl`.

import { execFile, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import { kafkaAddress } from "./stack.js"

const run = promisify(execFile)

export const topics = { toRedis: "toRedis", toMongo: "toMongo", toPush: "toPush" } as const

export interface ConsumerGroup {
  group: string
  state: string
  members: number
  topics: Record<string, Record<string, { committed: number; end: number }>>
}

export interface QueueRecord {
  partition: number
  offset: number
  key: string
  value: Buffer
}

export async function groups(): Promise<ConsumerGroup[]> {
  const { stdout } = await run("stackctl", ["groups", kafkaAddress], { timeout: 15_000 })
  return JSON.parse(stdout) as ConsumerGroup[]
}

export async function groupNamed(name: string): Promise<ConsumerGroup> {
  const all = await groups()
  const found = all.find(({ group }) => group === name)
  if (!found) throw new Error(`there is no consumer group ${name}, only ${all.map(({ group }) => group).join(", ") || "none"}`)
  return found
}

/** Throws unless some member consumes: what is sent to a new group before that is lost, as OpenIM starts at the newest record. */
export async function groupConsumes(name: string): Promise<ConsumerGroup> {
  const group = await groupNamed(name)
  if (group.state !== "Stable" || group.members === 0)
    throw new Error(`consumer group ${name} is ${group.state} with ${group.members} members`)
  return group
}

/** How many records of a topic a group has still to consume. */
export function lagOf({ topics: of }: ConsumerGroup, topic: string): number {
  const partitions = Object.values(of[topic] ?? {})
  // A partition that nothing was ever consumed of has no committed offset (-1).
  return partitions.reduce((lag, { committed, end }) => lag + (committed < 0 ? 0 : end - committed), 0)
}

/** The records of a topic that match, from its beginning to its current end. */
export async function records(topic: string, matches: (value: Buffer) => boolean): Promise<QueueRecord[]> {
  const process = spawn("stackctl", ["read", kafkaAddress, topic], { stdio: ["ignore", "pipe", "pipe"] })
  let complaint = ""
  process.stderr.on("data", (text) => (complaint += text))
  const ended = new Promise<number | null>((resolve, reject) => process.on("close", resolve).on("error", reject))
  const found: QueueRecord[] = []
  for await (const line of createInterface({ input: process.stdout })) {
    const record = JSON.parse(line) as Omit<QueueRecord, "value"> & { value: string }
    const value = Buffer.from(record.value, "base64")
    if (matches(value)) found.push({ ...record, value })
  }
  const code = await ended
  if (code !== 0) throw new Error(`topic ${topic} cannot be read (exit code ${code}): ${complaint.trim()}`)
  return found
}
