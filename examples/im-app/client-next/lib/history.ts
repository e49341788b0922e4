// Which messages are shown: those that arrive live and those of before, each once and in order.

import type { Message, Page } from "./api.ts"

export class History {
  #messages: Message[] = []
  /** Whether older ones can be loaded. */
  more = true

  get messages(): readonly Message[] {
    return this.#messages
  }

  /** Where the next older page ends. */
  get oldest(): number | undefined {
    return this.#messages[0]?.id
  }

  get newest(): number | undefined {
    return this.#messages.at(-1)?.id
  }

  addOlder({ messages, more }: Page): void {
    this.#messages = merged(messages, this.#messages)
    this.more = more
  }

  add(...messages: Message[]): void {
    this.#messages = merged(this.#messages, messages)
  }

  remove(id: number): void {
    this.#messages = this.#messages.filter((one) => one.id !== id)
  }
}

function merged(...lists: readonly Message[][]): Message[] {
  const byId = new Map(lists.flat().map((message) => [message.id, message]))
  return [...byId.values()].sort((one, other) => one.id - other.id)
}
