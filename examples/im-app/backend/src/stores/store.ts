// What the service keeps, whoever keeps it. Each has a small version for development, without a server.

export type Role = "user" | "admin"

export interface User {
  name: string
  role: Role
}

export interface Account extends User {
  password: string
}

export interface Message {
  /** Later messages have higher numbers. */
  id: number
  room: string
  author: string
  text: string
  /** The name of a picture in the files. */
  picture?: string
  sent: string
}

export type NewMessage = Omit<Message, "id" | "sent">

/** Accounts and messages. */
export interface Store {
  /** Throws while it cannot be used. */
  check(): Promise<void>
  close(): Promise<void>
  /** False where the name is taken. */
  addAccount(account: Account): Promise<boolean>
  account(name: string): Promise<Account | undefined>
  users(): Promise<User[]>
  setRole(name: string, role: Role): Promise<boolean>
  addMessage(message: NewMessage): Promise<Message>
  message(id: number): Promise<Message | undefined>
  removeMessage(id: number): Promise<void>
  /** The last ones before a number, the oldest first. */
  history(room: string, before: number, limit: number): Promise<Message[]>
}

/** Logins, single-use tickets, attempts, and events for all instances. */
export interface Sessions {
  check(): Promise<void>
  close(): Promise<void>
  keep(key: string, value: string, seconds: number): Promise<void>
  find(key: string): Promise<string | undefined>
  /** Finds it for the last time. */
  take(key: string): Promise<string | undefined>
  /** How often it was counted in these seconds, this time included. */
  count(key: string, seconds: number): Promise<number>
  publish(event: string): Promise<void>
  subscribe(listener: (event: string) => void): Promise<void>
}

export interface Picture {
  type: string
  bytes: Uint8Array<ArrayBuffer>
}

export interface Files {
  check(): Promise<void>
  put(name: string, picture: Picture): Promise<void>
  get(name: string): Promise<Picture | undefined>
}
