// The list of messages. Its place stays where it was, whatever is added above or below.

import type { Message } from "./api.ts"

/** Still at the end, although some points are missing. */
const nearEnd = 40

export class MessageView {
  readonly #list: HTMLElement
  readonly #shown = new Map<number, HTMLElement>()

  constructor(list: HTMLElement) {
    this.#list = list
  }

  /** Whoever reads the last message sees the next one; whoever reads older ones keeps them in view. */
  show(messages: readonly Message[]): void {
    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < nearEnd
    const kept = this.#firstInView()
    const place = kept?.getBoundingClientRect().top ?? 0
    this.#update(messages)
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight
    else if (kept?.isConnected) this.#list.scrollTop += kept.getBoundingClientRect().top - place
  }

  #update(messages: readonly Message[]): void {
    const wanted = new Set(messages.map(({ id }) => id))
    for (const [id, element] of this.#shown) {
      if (wanted.has(id)) continue
      element.remove()
      this.#shown.delete(id)
    }
    let before: Element | null = null
    for (const message of messages.toReversed()) {
      const element = this.#shown.get(message.id) ?? elementOf(message)
      if (element.parentElement === null || element.nextElementSibling !== before) this.#list.insertBefore(element, before)
      this.#shown.set(message.id, element)
      before = element
    }
  }

  #firstInView(): HTMLElement | undefined {
    const { top } = this.#list.getBoundingClientRect()
    return [...this.#shown.values()]
      .filter((element) => element.getBoundingClientRect().bottom > top)
      .sort((one, other) => one.getBoundingClientRect().top - other.getBoundingClientRect().top)[0]
  }
}

function elementOf({ id, author, text, picture, sent }: Message): HTMLElement {
  const element = document.createElement("li")
  element.dataset.id = String(id)
  const who = document.createElement("span")
  who.className = "author"
  who.textContent = author
  const when = document.createElement("time")
  when.dateTime = sent
  when.textContent = new Date(sent).toLocaleString()
  const words = document.createElement("div")
  words.textContent = text
  element.append(who, " ", when, words)
  if (picture !== undefined) {
    const image = document.createElement("img")
    image.src = `/api/files/${picture}`
    image.alt = `A picture of ${author}`
    element.append(image)
  }
  return element
}
