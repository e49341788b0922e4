// The API as the pages use it.

export interface Message {
  id: number
  room: string
  author: string
  text: string
  picture?: string
  sent: string
}

export interface Login {
  name: string
  token: string
}

export interface Page {
  messages: Message[]
  more: boolean
}

/** The login has ended: whoever sees it asks for the password again. */
export class LoggedOut extends Error {}

export class Api {
  readonly #token: string

  constructor(token = "") {
    this.#token = token
  }

  enter(action: "login" | "register", name: string, password: string): Promise<Login> {
    return this.#ask("POST", `/api/${action}`, { name, password })
  }

  async leave(): Promise<void> {
    await this.#ask("POST", "/api/logout")
  }

  history(room: string, before?: number): Promise<Page> {
    return this.#ask("GET", `/api/rooms/${room}/messages?limit=50${before === undefined ? "" : `&before=${before}`}`)
  }

  send(room: string, text: string, picture = ""): Promise<Message> {
    return this.#ask("POST", `/api/rooms/${room}/messages`, { text, picture })
  }

  async upload(file: Blob): Promise<string> {
    return (await this.#ask<{ name: string }>("POST", "/api/files", file)).name
  }

  async ticket(): Promise<string> {
    return (await this.#ask<{ ticket: string }>("POST", "/api/tickets")).ticket
  }

  async #ask<Body>(method: string, path: string, body?: object): Promise<Body> {
    const file = body instanceof Blob
    const answer = await fetch(path, {
      method,
      headers: {
        ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
        ...(body === undefined || file ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined || file ? body : JSON.stringify(body),
    })
    if (answer.ok) return answer.status === 204 ? (undefined as Body) : answer.json()
    const { error = `the service answered ${answer.status}` } = await answer.json().catch(() => ({}))
    throw answer.status === 401 && this.#token ? new LoggedOut(error) : new Error(error)
  }
}
