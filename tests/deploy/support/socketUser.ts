// A receiver on a raw WebSocket, who connects again where the connection ends, and then fetches what came meanwhile: as applications do
// with the numbers of messages. The SDK for JavaScript cannot be asked after a lost connection.

import { setTimeout as sleep } from "node:timers/promises"
import { eventually } from "../../stacks/openim/support/eventually.js"
import type { Connection } from "../../stacks/openim/support/socket.js"
import type { Receiver } from "./load.js"
import { client } from "./users.js"

const web = 5

export class SocketUser implements Receiver {
  /** When each text came, in milliseconds. */
  readonly arrivals = new Map<string, number>()
  private connection: Connection | undefined
  private going = true
  /** How often it had to connect again. */
  connects = 0

  private constructor(private readonly login: () => Promise<{ connection: Connection; missed: () => Promise<string[]> }>) {}

  static async login({ userID }: { userID: string }): Promise<SocketUser> {
    const [{ Admin, textIn }, { Connection }] = await Promise.all([client(), import("../../stacks/openim/support/socket.js")])
    const user = new SocketUser(async () => {
      const fresh = await (await Admin.login({ limit: 5000 })).loginUser({ userID, nickname: "receiver" }, web)
      const connection = await Connection.open(fresh, { within: 5000 })
      const missed = async (): Promise<string[]> => {
        const seqs = await fresh.newestSeqs()
        const conversations = Object.entries(seqs).filter(([name]) => name.startsWith("si_"))
        const found = await Promise.all(conversations.map(([name, last]) => fresh.pull(name, Math.max(1, last - 99), last)))
        return found.flat().flatMap((message) => (message.contentType === 101 ? [textIn(message)] : []))
      }
      return { connection, missed }
    })
    await eventually(`${userID} is connected`, () => user.open())
    void user.follow()
    return user
  }

  texts(): Promise<string[]> {
    this.take()
    return Promise.resolve([...this.arrivals.keys()])
  }

  connected(): Promise<void> {
    return eventually("the receiver is connected again", () => {
      if (!this.connection?.isOpen) throw new Error("not yet")
    })
  }

  close(): void {
    this.going = false
    this.connection?.close()
  }

  private async open(): Promise<void> {
    const { connection, missed } = await this.login()
    this.connection = connection
    this.connects++
    this.note(await missed())
  }

  private take(): void {
    this.note(
      (this.connection?.pushed ?? [])
        .map(({ content }) => JSON.parse(Buffer.from(content).toString()) as { content?: string })
        .map(({ content }) => content ?? ""),
    )
  }

  private note(texts: string[]): void {
    for (const text of texts) if (!this.arrivals.has(text)) this.arrivals.set(text, Date.now())
  }

  private async follow(): Promise<void> {
    while (this.going) {
      this.take()
      if (!this.connection?.isOpen && this.going) await this.open().catch(() => undefined)
      await sleep(20)
    }
  }
}
