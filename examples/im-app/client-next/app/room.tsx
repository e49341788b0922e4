import { type SubmitEvent, useRef } from "react"
import type { Login } from "../lib/api.ts"
import { MessageList } from "./messages.tsx"
import { useRoom } from "./useRoom.ts"

export function Room({ login, out }: { login: Login; out: () => void }) {
  const { messages, connected, problem, older, send, leave } = useRoom(login, "lobby", out)
  const list = useRef<HTMLOListElement>(null)
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const fields = new FormData(form)
    const text = String(fields.get("text")).trim()
    const file = fields.get("picture") as File
    if (text === "" && file.size === 0) return
    if (!(await send(text, file.size === 0 ? undefined : file))) return
    form.reset()
    if (list.current) list.current.scrollTop = list.current.scrollHeight
  }
  return (
    <main id="room">
      <header>
        <h1>Lobby</h1>
        <span id="who">{login.name}</span>
        <span id="state" role="status">
          {connected ? "live" : "connecting…"}
        </span>
        <button id="logout" onClick={leave}>
          Log out
        </button>
      </header>
      <MessageList ref={list} messages={messages} older={older} />
      <form id="send" onSubmit={submit}>
        <input name="text" maxLength={4000} placeholder="A message" autoComplete="off" aria-label="A message" />
        <input name="picture" type="file" accept="image/png,image/jpeg,image/gif,image/webp" aria-label="A picture" />
        <button>Send</button>
      </form>
      <p className="problem" role="alert">
        {problem}
      </p>
    </main>
  )
}
