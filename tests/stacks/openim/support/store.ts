// What OpenIM has stored, read without OpenIM.

import { type Document, type Filter, MongoClient } from "mongodb"
import { storeAddress } from "./stack.js"

export interface StoredMessage {
  send_id: string
  recv_id: string
  group_id: string
  client_msg_id: string
  server_msg_id: string
  content: string
  content_type: number
  seq: number
}

export interface StoredEntry {
  msg: StoredMessage
  revoke: { user_id: string } | null
}

/** Opens the store for what is done in it. */
export async function withStore<T>(ask: (find: Find) => Promise<T>): Promise<T> {
  const client = new MongoClient(storeAddress, { serverSelectionTimeoutMS: 5000 })
  try {
    const database = client.db()
    return await ask((collection, filter) => database.collection(collection).find(filter).toArray())
  } finally {
    await client.close()
  }
}

export type Find = (collection: string, filter: Filter<Document>) => Promise<Document[]>

export function documents<T = Document>(collection: string, filter: Filter<Document>): Promise<T[]> {
  return withStore((find) => find(collection, filter) as Promise<T[]>)
}

/** The messages of a conversation in the order of their sequence numbers. OpenIM keeps 100 in a document, empty places as null. */
export async function storedMessages(conversationID: string): Promise<StoredEntry[]> {
  const quoted = conversationID.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  const found = await documents<{ msgs: (StoredEntry | null)[] }>("msg", { doc_id: { $regex: `^${quoted}:` } })
  return found
    .flatMap(({ msgs }) => msgs)
    .filter((entry): entry is StoredEntry => Boolean(entry?.msg))
    .sort((one, other) => one.msg.seq - other.msg.seq)
}

/** The text of a text message. */
export function textIn({ msg }: StoredEntry): string {
  return (JSON.parse(msg.content) as { content: string }).content
}
