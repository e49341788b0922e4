// Where acknowledged messages are, after whatever happened.
//
// OpenIM acknowledges a message when Kafka has it in topic toRedis (internal/rpc/msg/send.go, MsgToMQ). From there msgtransfer carries
// it: into the cache (Redis), then into topic toMongo, then into the store. At each of these steps version 3.8.3 logs an error, counts
// the message as done, and never comes back to it:
//
//   cache  internal/msgtransfer/online_history_msg_handler.go:275  "batch data insert to redis err", return: Redis or the store, which
//          gives out sequence numbers, was away for longer than it tries, or more than 100 messages of one conversation came together
//          (pkg/common/storage/controller/msg_transfer.go:234). Nobody can read such a message.
//   queue  internal/msgtransfer/online_history_msg_handler.go:327  "Msg To MongoDB MQ error": Kafka was away. The message can be read
//          from the cache only, for a day.
//   store  internal/msgtransfer/online_msg_to_mongo_handler.go:61  "single data insert to mongo err": the store was away, or its
//          connection was an old one. The same.
//
// So a message that is not where it belongs is looked for in the topics: how far it came shows which step gave it up, and that it was
// not lost by what keeps it. What fits none of these is lost.

import { decodeBatch, decodeMessage } from "../support/messages.js"
import { groupNamed, records, topics } from "../support/queue.js"
import { type Conversation, readableTexts, storedTexts } from "./conversations.js"
import type { Acknowledged } from "./sender.js"

/** The step at which OpenIM gave a message up. */
export type Step = "cache" | "queue" | "store"

export interface Whereabouts {
  /** Can be read by the receiver, and is in the store. */
  whole: Acknowledged[]
  /** Has not gone on from a step. Those of queue and store can be read. */
  givenUp: Record<Step, Acknowledged[]>
  /** How many batches of messages the step store gave up. */
  batchesGivenUp: number
  /** Nothing explains where they are. */
  lost: { message: Acknowledged; why: string }[]
  /** How many are in the store more than once: OpenIM carries a message again when it does not know whether it has. */
  twice: number
}

export async function whereabouts(messages: Acknowledged[], conversations: Conversation[]): Promise<Whereabouts> {
  const stored = await storedTexts(conversations)
  const readable = new Map<string, Set<string>>()
  for (const conversation of conversations) readable.set(conversation.id, new Set(await readableTexts(conversation)))

  const isStored = ({ conversation, text }: Acknowledged) => stored.get(conversation.id)?.includes(text) ?? false
  const isReadable = ({ conversation, text }: Acknowledged) => readable.get(conversation.id)?.has(text) ?? false
  const found: Whereabouts = {
    whole: messages.filter((message) => isStored(message) && isReadable(message)),
    givenUp: { cache: [], queue: [], store: [] },
    batchesGivenUp: 0,
    lost: [],
    twice: messages.filter(({ conversation, text }) => (stored.get(conversation.id) ?? []).filter((other) => other === text).length > 1)
      .length,
  }
  const missing = messages.filter((message) => !found.whole.includes(message))
  if (missing.length === 0) return found

  const [taken, handedOn] = await Promise.all([takenMessages(), handedOnMessages()])
  for (const message of missing) {
    const id = message.sent.serverMsgID
    const read = isReadable(message)
    if (isStored(message)) found.lost.push({ message, why: "the store has it, but its receiver cannot read it" })
    else if (!taken.has(id)) found.lost.push({ message, why: "it was acknowledged, but it is not in topic toRedis" })
    else if (!taken.get(id)) found.lost.push({ message, why: "it waits in topic toRedis" })
    else if (!handedOn.has(id)) found.givenUp[read ? "queue" : "cache"].push(message)
    else if (!handedOn.get(id)?.done) found.lost.push({ message, why: "it waits in topic toMongo" })
    else if (read) found.givenUp.store.push(message)
    else found.lost.push({ message, why: "it is in topic toMongo, but neither in the cache nor in the store" })
  }
  found.batchesGivenUp = new Set(found.givenUp.store.map(({ sent }) => handedOn.get(sent.serverMsgID)?.batch)).size
  return found
}

/** How many batches msgtransfer could not write to the store, by its own count since it started. */
export async function failedBatches(): Promise<number> {
  const response = await fetch(transferMetrics, { signal: AbortSignal.timeout(5000) })
  const count = (await response.text()).match(/^msg_insert_mongo_failed_total (\d+)$/m)?.[1]
  if (count === undefined) throw new Error(`${transferMetrics} does not count failed inserts`)
  return Number(count)
}

/** The first prometheus port of config/openim-msgtransfer.yml. */
const transferMetrics = "http://server:12020/metrics"

/** The IDs of all messages in topic toRedis, and whether msgtransfer is done with them. */
async function takenMessages(): Promise<Map<string, boolean>> {
  const committed = (await groupNamed("redis")).topics[topics.toRedis] ?? {}
  const all = await records(topics.toRedis, () => true)
  return new Map(
    all.map(({ partition, offset, value }) => [decodeMessage(value).serverMsgID, offset < (committed[partition]?.committed ?? -1)]),
  )
}

async function handedOnMessages(): Promise<Map<string, { batch: string; done: boolean }>> {
  const committed = (await groupNamed("mongo")).topics[topics.toMongo] ?? {}
  const all = await records(topics.toMongo, () => true)
  return new Map(
    all.flatMap(({ partition, offset, value }) => {
      const record = { batch: `${partition}/${offset}`, done: offset < (committed[partition]?.committed ?? -1) }
      return decodeBatch(value).msgData.map(({ serverMsgID }) => [serverMsgID, record] as const)
    }),
  )
}
