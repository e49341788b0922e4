// The connection on which events arrive. It is opened again until it is closed here.

import { LoggedOut, type Message } from "./api.ts"

export type Event = { type: "connected" } | { type: "message"; message: Message } | { type: "removed"; room: string; id: number }

export interface Listener {
  event(event: Event): void
  /** Whether events arrive now. */
  state(connected: boolean): void
  loggedOut(): void
}

const longestPause = 10_000

export class Live {
  readonly #ticket: () => Promise<string>
  readonly #listener: Listener
  #socket?: WebSocket
  #timer?: number
  #pause = 500
  #closed = false

  constructor(ticket: () => Promise<string>, listener: Listener) {
    this.#ticket = ticket
    this.#listener = listener
    void this.#connect()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  async #connect(): Promise<void> {
    try {
      const ticket = await this.#ticket()
      if (this.#closed) return
      const address = new URL(`/api/live?ticket=${ticket}`, location.href)
      address.protocol = address.protocol.replace("http", "ws")
      this.#listen(new WebSocket(address))
    } catch (error) {
      if (error instanceof LoggedOut) this.#listener.loggedOut()
      else this.#later()
    }
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket
    socket.onopen = () => {
      this.#pause = 500
    }
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data) as Event
      if (event.type === "connected") this.#listener.state(true)
      this.#listener.event(event)
    }
    socket.onclose = () => {
      if (this.#closed) return
      this.#listener.state(false)
      this.#later()
    }
  }

  #later(): void {
    if (this.#closed) return
    this.#timer = window.setTimeout(() => void this.#connect(), this.#pause)
    this.#pause = Math.min(this.#pause * 2, longestPause)
  }
}
