// The page: the entrance, and the room behind it.

import { Api, LoggedOut, type Login } from "./api.ts"
import { History } from "./history.ts"
import { Live } from "./live.ts"
import { MessageView } from "./view.ts"

const room = "lobby"
const kept = "login"

const element = <Kind extends HTMLElement>(selector: string) => document.querySelector<Kind>(selector)!
const entrance = element("#entrance")
const inside = element("#room")
const list = element("#messages")

/** What is done when the room is left. */
let leave = () => {}

function enter(login: Login): void {
  const api = new Api(login.token)
  const history = new History()
  list.replaceChildren()
  const view = new MessageView(list)
  const show = () => view.show(history.messages)
  const out = () => {
    leave()
    sessionStorage.removeItem(kept)
    inside.hidden = true
    entrance.hidden = false
  }
  const reported = (step: () => Promise<void>) => {
    return report(inside, step).catch((error) => {
      if (!(error instanceof LoggedOut)) throw error
      out()
    })
  }

  let loading = false
  /** A page that is older, as long as the top of the list is in view. */
  const older = async () => {
    if (loading || !history.more || list.scrollTop > list.clientHeight / 2) return
    loading = true
    await reported(async () => {
      history.addOlder(await api.history(room, history.oldest))
      show()
    })
    loading = false
  }

  /** What was sent while there was no connection. */
  const missed = async () => {
    if (history.newest === undefined) return older()
    const since = history.newest
    let page = await api.history(room)
    history.add(...page.messages)
    while (page.more && (page.messages[0]?.id ?? 0) > since) {
      page = await api.history(room, page.messages[0]?.id)
      history.add(...page.messages)
    }
    show()
  }

  const live = new Live(() => api.ticket(), {
    state(connected) {
      element("#state").textContent = connected ? "live" : "connecting…"
      if (connected) void reported(missed)
    },
    event(event) {
      if (event.type === "message" && event.message.room === room) history.add(event.message)
      if (event.type === "removed" && event.room === room) history.remove(event.id)
      if (event.type !== "connected") show()
    },
    loggedOut: out,
  })

  const scrolled = () => void older()
  list.addEventListener("scroll", scrolled)
  leave = () => {
    live.close()
    list.removeEventListener("scroll", scrolled)
    leave = () => {}
  }

  element<HTMLFormElement>("#send").onsubmit = (event) => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const fields = new FormData(form)
    void reported(async () => {
      const text = String(fields.get("text")).trim()
      const file = fields.get("picture") as File
      if (text === "" && file.size === 0) return
      history.add(await api.send(room, text, file.size === 0 ? "" : await api.upload(file)))
      form.reset()
      show()
      list.scrollTop = list.scrollHeight
    })
  }
  element("#logout").onclick = () => void reported(() => api.leave()).then(out)

  element("#who").textContent = login.name
  element("#state").textContent = "connecting…"
  entrance.hidden = true
  inside.hidden = false
}

/** Whatever goes wrong is shown. */
async function report(part: HTMLElement, step: () => Promise<void>): Promise<void> {
  const problem = part.querySelector<HTMLElement>(".problem")!
  try {
    await step()
    problem.textContent = ""
  } catch (error) {
    if (error instanceof LoggedOut) throw error
    problem.textContent = (error as Error).message
  }
}

element<HTMLFormElement>("#login").onsubmit = (event) => {
  event.preventDefault()
  const form = event.target as HTMLFormElement
  const fields = new FormData(form)
  const action = (event.submitter as HTMLButtonElement | null)?.value === "register" ? "register" : "login"
  void report(entrance, async () => {
    const login = await new Api().enter(action, String(fields.get("name")), String(fields.get("password")))
    sessionStorage.setItem(kept, JSON.stringify(login))
    form.reset()
    enter(login)
  })
}

const earlier = sessionStorage.getItem(kept)
if (earlier !== null) enter(JSON.parse(earlier) as Login)
