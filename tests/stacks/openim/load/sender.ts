// A constant load of messages, each with its own text.

import { eventually } from "../support/eventually.js"
import type { Admin, Sent } from "../support/im.js"
import { reasonOf } from "../support/say.js"
import type { Conversation } from "./conversations.js"

export interface Attempt {
  conversation: Conversation
  text: string
  /** Milliseconds since 1970. */
  begun: number
  answered: number
  /** What the server acknowledged. */
  sent?: Sent
  /** Why it is not acknowledged. */
  problem?: string
}

export type Acknowledged = Attempt & { sent: Sent }

/** Milliseconds until a message counts as not acknowledged. */
const answerLimit = 5000

/** So many may wait for an answer; while they do, none is sent. */
const mostWaiting = 100

/** It ends automatically after so many. */
const mostMessages = 5000

export class Load {
  readonly attempts: Attempt[] = []
  private readonly open = new Set<Promise<void>>()
  private readonly timer: NodeJS.Timeout
  private number = 0

  constructor(
    private readonly admin: Admin,
    private readonly conversations: Conversation[],
    perSecond: number,
  ) {
    this.timer = setInterval(() => {
      if (this.open.size >= mostWaiting || this.number >= mostMessages) return
      const sending = this.send(this.number++).finally(() => this.open.delete(sending))
      this.open.add(sending)
    }, 1000 / perSecond)
  }

  get acknowledged(): Acknowledged[] {
    return this.attempts.filter((attempt): attempt is Acknowledged => attempt.sent !== undefined)
  }

  get refused(): Attempt[] {
    return this.attempts.filter(({ problem }) => problem !== undefined)
  }

  /** Waits until so many messages are acknowledged of those that were begun since a time. */
  async acknowledges(count: number, since: number, within = 60): Promise<void> {
    await eventually(
      `${count} more messages are acknowledged`,
      () => {
        const found = this.acknowledged.filter(({ begun }) => begun >= since).length
        if (found >= count) return
        throw new Error(`${found} so far; the last that was not: ${this.refused.at(-1)?.problem ?? "none"}`)
      },
      { within, every: 20 },
    )
  }

  /** Sends no more, and waits for the answers. */
  async end(): Promise<void> {
    clearInterval(this.timer)
    await Promise.all(this.open)
  }

  private async send(number: number): Promise<void> {
    const conversation = this.conversations[number % this.conversations.length]
    const { from, to } = conversation
    const attempt: Attempt = { conversation, text: `message ${number} of the load`, begun: Date.now(), answered: 0 }
    this.attempts.push(attempt)
    try {
      const sent: Sent | null = await this.admin.sendText(from, to.userID, attempt.text, { limit: answerLimit })
      // The server says errCode 0 also for a message that it does not take.
      if (sent?.serverMsgID) attempt.sent = sent
      else attempt.problem = "errCode 0 without an ID"
    } catch (error) {
      attempt.problem = reasonOf(error)
    }
    attempt.answered = Date.now()
  }
}
