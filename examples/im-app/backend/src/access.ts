// Who may do what: accounts, and the tokens that show who asks.

import { randomUUID } from "node:crypto"
import { sign, verify } from "hono/jwt"
import type { Config } from "./config.ts"
import { Refused } from "./errors.ts"
import { fits, hashed } from "./passwords.ts"
import type { Role, Sessions, Store, User } from "./stores/store.ts"

export interface Login extends User {
  token: string
}

/** An account that asks, and the login that it asks with. */
export interface Caller extends User {
  session: string
}

const attemptsPerMinute = 10
const ticketSeconds = 30

export class Access {
  readonly #config: Config
  readonly #store: Store
  readonly #sessions: Sessions

  constructor(config: Config, store: Store, sessions: Sessions) {
    this.#config = config
    this.#store = store
    this.#sessions = sessions
  }

  async register(name: string, password: string, role: Role = "user"): Promise<Login> {
    if (!/^[a-z0-9][a-z0-9_.-]{1,31}$/.test(name))
      throw new Refused(400, "a name has 2 to 32 small letters, digits, dots, hyphens or underscores")
    if (password.length < 8 || password.length > 200) throw new Refused(400, "a password has 8 to 200 characters")
    if (!(await this.#store.addAccount({ name, role, password: await hashed(password) })))
      throw new Refused(409, `the name ${name} is taken`)
    return this.#login({ name, role })
  }

  async login(name: string, password: string): Promise<Login> {
    if ((await this.#sessions.count(`attempts:${name.slice(0, 32)}`, 60)) > attemptsPerMinute)
      throw new Refused(429, "too many attempts: wait for a minute")
    const account = await this.#store.account(name)
    const right = await fits(password, account?.password)
    if (account === undefined || !right) throw new Refused(401, "the name or the password is wrong")
    return this.#login(account)
  }

  async logout({ session }: Caller): Promise<void> {
    await this.#sessions.take(`session:${session}`)
  }

  /** The account of a token whose login has not ended. Its role is asked each time: it may have changed. */
  async caller(token: string): Promise<Caller> {
    const session = await this.#sessionOf(token)
    const name = session && (await this.#sessions.find(`session:${session}`))
    const account = name ? await this.#store.account(name) : undefined
    if (!session || account === undefined) throw new Refused(401, "log in first")
    return { name: account.name, role: account.role, session }
  }

  /** For one WebSocket: a token in an address would stand in logs. */
  async ticket({ session }: Caller): Promise<string> {
    const ticket = randomUUID()
    await this.#sessions.keep(`ticket:${ticket}`, session, ticketSeconds)
    return ticket
  }

  /** The name of the account whose ticket it is. */
  async nameByTicket(ticket: string): Promise<string | undefined> {
    const session = await this.#sessions.take(`ticket:${ticket}`)
    return session && this.#sessions.find(`session:${session}`)
  }

  async setRole(name: string, role: string): Promise<void> {
    if (role !== "user" && role !== "admin") throw new Refused(400, "a role is user or admin")
    if (!(await this.#store.setRole(name, role))) throw new Refused(404, `there is no account ${name}`)
  }

  /** The account `admin`, when it is not there yet. */
  async addAdmin(password: string): Promise<boolean> {
    return this.#store.addAccount({ name: "admin", role: "admin", password: await hashed(password) })
  }

  async #login({ name, role }: User): Promise<Login> {
    const session = randomUUID()
    const seconds = this.#config.sessionSeconds
    await this.#sessions.keep(`session:${session}`, name, seconds)
    const token = await sign({ sub: name, jti: session, exp: Math.floor(Date.now() / 1000) + seconds }, this.#config.secret, "HS256")
    return { name, role, token }
  }

  async #sessionOf(token: string): Promise<string | undefined> {
    const payload = await verify(token, this.#config.secret, "HS256").catch(() => undefined)
    return typeof payload?.jti === "string" ? payload.jti : undefined
  }
}
