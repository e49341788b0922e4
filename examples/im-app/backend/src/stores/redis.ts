// Logins, tickets and events in Redis, so that any instance knows them.

import { createClient } from "@redis/client"
import type { Config } from "../config.ts"
import { report } from "../log.ts"
import type { Sessions } from "./store.ts"

const channel = "im-app:events"

/** It connects again whenever it must. Until then commands fail at once instead of waiting. */
export function redisSessions({ host, port, password }: NonNullable<Config["redis"]>): Sessions {
  const client = () => {
    const made = createClient({
      socket: { host, port, connectTimeout: 5000, reconnectStrategy: (tries) => Math.min(tries * 100, 2000) },
      password: password || undefined,
      disableOfflineQueue: true,
    })
    made.on("error", (error: Error) => report("redis", error))
    // Only a client that is closed gives up; errors on the way are reported above.
    made.connect().catch(() => undefined)
    return made
  }
  const commands = client()
  const listening = client()
  return {
    check: async () => void (await Promise.all([commands.ping(), listening.ping()])),
    async close() {
      commands.destroy()
      listening.destroy()
    },
    keep: async (key, value, seconds) => void (await commands.set(`im-app:${key}`, value, { expiration: { type: "EX", value: seconds } })),
    find: async (key) => (await commands.get(`im-app:${key}`)) ?? undefined,
    take: async (key) => (await commands.getDel(`im-app:${key}`)) ?? undefined,
    async count(key, seconds) {
      const [counted] = await commands.multi().incr(`im-app:${key}`).expire(`im-app:${key}`, seconds, "NX").exec()
      return Number(counted)
    },
    publish: async (event) => void (await commands.publish(channel, event)),
    async subscribe(listener) {
      // A connection that is made again keeps its channels.
      if (!listening.isReady) await new Promise<void>((resolve) => listening.once("ready", resolve))
      await listening.subscribe(channel, listener)
    },
  }
}
