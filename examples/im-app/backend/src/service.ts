// The service as a whole: its stores, its server, and how both end.

import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout } from "node:timers/promises"
import { getRequestListener } from "@hono/node-server"
import { Access } from "./access.ts"
import { api } from "./api.ts"
import type { Config } from "./config.ts"
import { serveLive } from "./live.ts"
import { log, report } from "./log.ts"
import { localFiles, localSessions, localStore } from "./stores/local.ts"
import { postgresqlStore } from "./stores/postgresql.ts"
import { redisSessions } from "./stores/redis.ts"
import { s3Files } from "./stores/s3.ts"

export interface Service {
  port: number
  stop(): Promise<void>
}

/** It listens at once: stores may be there later. */
export async function startService(config: Config): Promise<Service> {
  const store = config.database ? postgresqlStore(config.database) : await localStore(config.folder)
  const sessions = config.redis ? redisSessions(config.redis) : localSessions()
  const files = config.files ? s3Files(config.files) : localFiles(config.folder)
  const access = new Access(config, store, sessions)
  const server = createServer(getRequestListener(api({ store, sessions, files, access }).fetch))
  const endLive = serveLive(server, access, sessions)
  const stopping = new AbortController()
  const port = await listening(server, config.port)
  log("listening", { port })
  const adding = config.adminPassword === undefined ? undefined : addAdmin(access, config.adminPassword, stopping.signal)
  return {
    port,
    async stop() {
      stopping.abort()
      endLive()
      // Requests that are being served end first.
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeIdleConnections()
      })
      await adding
      await Promise.all([store.close(), sessions.close()])
    },
  }
}

/** Until the store is there. */
async function addAdmin(access: Access, password: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if (await access.addAdmin(password)) log("the account admin is made")
      return
    } catch (error) {
      report("the account admin", error)
      await setTimeout(2000, undefined, { signal }).catch(() => undefined)
    }
  }
}

async function listening(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, resolve)
  })
  return (server.address() as AddressInfo).port
}
