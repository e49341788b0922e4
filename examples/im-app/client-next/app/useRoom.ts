// What happens in a room: messages that arrive live, those of before, and what is sent.

import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { Api, LoggedOut, type Login, type Message } from "../lib/api.ts"
import { History } from "../lib/history.ts"
import { Live } from "../lib/live.ts"

export function useRoom(login: Login, room: string, out: () => void) {
  const api = useMemo(() => new Api(login.token), [login.token])
  const history = useRef(new History())
  const loading = useRef(false)
  const [messages, setMessages] = useState<readonly Message[]>([])
  const [connected, setConnected] = useState(false)
  const [problem, setProblem] = useState("")
  const show = useCallback(() => setMessages(history.current.messages), [])

  /** Whatever goes wrong is shown. */
  const reported = useCallback(
    async (step: () => Promise<void>): Promise<boolean> => {
      try {
        await step()
        setProblem("")
        return true
      } catch (error) {
        if (error instanceof LoggedOut) out()
        else setProblem((error as Error).message)
        return false
      }
    },
    [out],
  )

  const older = useCallback(async () => {
    const shown = history.current
    if (loading.current || !shown.more) return
    loading.current = true
    await reported(async () => {
      shown.addOlder(await api.history(room, shown.oldest))
      show()
    })
    loading.current = false
  }, [api, room, reported, show])

  useEffect(() => {
    const shown = history.current
    /** What was sent while there was no connection. */
    const missed = async () => {
      if (shown.newest === undefined) {
        await older()
        return
      }
      const since = shown.newest
      let page = await api.history(room)
      shown.add(...page.messages)
      while (page.more && (page.messages[0]?.id ?? 0) > since) {
        page = await api.history(room, page.messages[0]?.id)
        shown.add(...page.messages)
      }
      show()
    }
    const live = new Live(() => api.ticket(), {
      state(now) {
        setConnected(now)
        if (now) void reported(missed)
      },
      event(event) {
        if (event.type === "message" && event.message.room === room) shown.add(event.message)
        if (event.type === "removed" && event.room === room) shown.remove(event.id)
        if (event.type !== "connected") show()
      },
      loggedOut: out,
    })
    return () => live.close()
  }, [api, room, older, out, reported, show])

  const send = (text: string, file?: Blob) => {
    return reported(async () => {
      history.current.add(await api.send(room, text, file === undefined ? "" : await api.upload(file)))
      show()
    })
  }
  const leave = async () => {
    await reported(() => api.leave())
    out()
  }
  return { messages, connected, problem, older, send, leave }
}
