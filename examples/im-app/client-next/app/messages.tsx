// The list of messages. Its place stays where it was, whatever is added above or below.

import { type RefObject, useLayoutEffect, useRef } from "react"
import type { Message } from "../lib/api.ts"

/** Still at the end, although some points are missing. */
const nearEnd = 40

interface Place {
  atEnd: boolean
  /** The first message in view, and how far below the top of the list it is. */
  id?: string
  top: number
}

export function MessageList({
  ref: list,
  messages,
  older,
}: {
  ref: RefObject<HTMLOListElement | null>
  messages: readonly Message[]
  older: () => void
}) {
  const place = useRef<Place>({ atEnd: true, top: 0 })
  // Before the browser paints: whoever reads the last message sees the next one; whoever reads older ones keeps them in view.
  useLayoutEffect(() => {
    const element = list.current
    if (messages.length === 0 || element === null) return
    const { atEnd, id, top } = place.current
    const kept = id === undefined ? null : element.querySelector(`[data-id="${id}"]`)
    if (atEnd) element.scrollTop = element.scrollHeight
    else if (kept !== null) element.scrollTop += topIn(element, kept) - top
    place.current = placeOf(element)
  }, [list, messages])
  const scrolled = () => {
    const element = list.current!
    place.current = placeOf(element)
    if (element.scrollTop <= element.clientHeight / 2) older()
  }
  return (
    <ol id="messages" aria-live="polite" ref={list} onScroll={scrolled}>
      {messages.map((message) => (
        <li key={message.id} data-id={message.id}>
          <span className="author">{message.author}</span>{" "}
          <time dateTime={message.sent}>{new Date(message.sent).toLocaleString()}</time>
          <div>{message.text}</div>
          {message.picture !== undefined && <img src={`/api/files/${message.picture}`} alt={`A picture of ${message.author}`} />}
        </li>
      ))}
    </ol>
  )
}

const topIn = (list: Element, message: Element) => message.getBoundingClientRect().top - list.getBoundingClientRect().top

function placeOf(list: HTMLElement): Place {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < nearEnd
  const { top } = list.getBoundingClientRect()
  const first = [...list.children].find((element) => element.getBoundingClientRect().bottom > top) as HTMLElement | undefined
  return { atEnd, id: first?.dataset.id, top: first === undefined ? 0 : topIn(list, first) }
}
