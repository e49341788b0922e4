// OpenIM's cache, read and emptied without OpenIM.

import { createClient } from "@redis/client"
import { redisAddress } from "./stack.js"

export async function keysLike(pattern: string): Promise<string[]> {
  return withRedis(async (client) => {
    const found: string[] = []
    for await (const keys of client.scanIterator({ MATCH: pattern, COUNT: 1000 })) found.push(...keys)
    return found
  })
}

/** The keys of the cached messages of a conversation. */
export function cachedMessages(conversationID: string): Promise<string[]> {
  return keysLike(`MSG_CACHE:${conversationID}:*`)
}

export async function forget(keys: string[]): Promise<number> {
  return keys.length === 0 ? 0 : withRedis((client) => client.del(keys))
}

async function withRedis<T>(ask: (client: ReturnType<typeof newClient>) => Promise<T>): Promise<T> {
  const client = newClient()
  // Without a listener an error would end the process; commands still fail.
  client.on("error", () => {})
  await client.connect()
  try {
    return await ask(client)
  } finally {
    client.destroy()
  }
}

function newClient() {
  return createClient({ url: redisAddress, disableOfflineQueue: true, socket: { connectTimeout: 5000, reconnectStrategy: false } })
}
