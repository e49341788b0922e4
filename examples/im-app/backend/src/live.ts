// Events for those who are connected: every instance gets all of them, and passes them on to its own connections.

import type { Server } from "node:http"
import { type WebSocket, WebSocketServer } from "ws"
import type { Access } from "./access.ts"
import { report } from "./log.ts"
import type { Sessions } from "./stores/store.ts"

const aliveSeconds = 30
const waitingBytes = 1 << 20

/** Serves /api/live?ticket=…; ends with what it returns. */
export function serveLive(server: Server, access: Access, sessions: Sessions): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 })
  const answered = new WeakSet<WebSocket>()

  server.on("upgrade", async (request, socket, head) => {
    const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    socket.on("error", () => socket.destroy())
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://here")
    if (pathname !== "/api/live") return refuse("404 Not Found")
    try {
      if (!(await access.nameByTicket(searchParams.get("ticket") ?? ""))) return refuse("401 Unauthorized")
    } catch (error) {
      report("live", error)
      return refuse("503 Service Unavailable")
    }
    sockets.handleUpgrade(request, socket, head, (connection) => {
      answered.add(connection)
      connection.on("pong", () => answered.add(connection))
      connection.on("error", () => connection.terminate())
      connection.send(JSON.stringify({ type: "connected" }))
    })
  })

  /** Who has not answered since the last time is gone. */
  const beat = setInterval(() => {
    for (const connection of sockets.clients) {
      if (!answered.delete(connection)) connection.terminate()
      else connection.ping()
    }
  }, aliveSeconds * 1000)

  sessions
    .subscribe((event) => {
      for (const connection of sockets.clients) {
        // One that does not read must not fill the memory of all.
        if (connection.bufferedAmount > waitingBytes) connection.terminate()
        else if (connection.readyState === connection.OPEN) connection.send(event)
      }
    })
    .catch((error) => report("live", error))

  return () => {
    clearInterval(beat)
    for (const connection of sockets.clients) connection.close(1001, "the service stops")
    sockets.close()
  }
}
