// OpenIM's HTTP API, as its users and its administrator call it.

import { randomUUID } from "node:crypto"
import { apiAddress } from "./stack.js"

export interface Answer<T> {
  errCode: number
  errMsg: string
  errDlt: string
  data: T
}

/** An answer other than errCode 0. */
export class Refusal extends Error {
  constructor(
    readonly path: string,
    readonly answer: Answer<unknown>,
  ) {
    super(`${path} answers errCode ${answer.errCode}: ${answer.errMsg}${answer.errDlt ? ` (${answer.errDlt})` : ""}`)
  }
}

export interface Asking {
  token?: string
  base?: string
  /** Undefined: a new one. Null: the header is left out. */
  operationID?: string | null
  /** Milliseconds. */
  limit?: number
}

/** What the API answers, whatever its errCode. */
export async function ask<T>(path: string, body: object, asking: Asking = {}): Promise<Answer<T>> {
  const { token, base = apiAddress, operationID, limit = 15_000 } = asking
  const response = await fetch(base + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(operationID === null ? {} : { operationID: operationID ?? randomUUID() }),
      ...(token === undefined ? {} : { token }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(limit),
  })
  const text = await response.text()
  try {
    return JSON.parse(text) as Answer<T>
  } catch {
    throw new Error(`${base}${path} answers ${response.status}: ${text.slice(0, 200)}`)
  }
}

/** The data of an answer; throws a Refusal for any other errCode than 0. */
export async function call<T>(path: string, body: object, asking?: Asking): Promise<T> {
  const answer = await ask<T>(path, body, asking)
  if (answer.errCode !== 0) throw new Refusal(path, answer)
  return answer.data
}

export const adminUserID = "imAdmin"
/** The server's own, as the stack has set it. */
export const secret = process.env.IMENV_SHARE_SECRET ?? ""

export const platform = { ios: 1, android: 2, windows: 3, web: 5 } as const

export const sessionType = { single: 1, group: 3 } as const

const textType = 101

export interface Account {
  userID: string
  nickname: string
}

export interface Sent {
  serverMsgID: string
  clientMsgID: string
  sendTime: number
}

/** A message as the API gives it; the content is base64 of JSON. */
export interface PulledMessage {
  sendID: string
  recvID: string
  groupID: string
  clientMsgID: string
  serverMsgID: string
  contentType: number
  content: string
  seq: number
  sendTime: number
  status: number
}

export interface Group {
  groupID: string
  groupName: string
  ownerUserID: string
  memberCount: number
}

/** Names that no other suite and no earlier run has used. */
export function newName(prefix: string): string {
  return `${prefix}_${randomUUID().slice(0, 8)}`
}

export function singleConversation(one: string, other: string): string {
  return `si_${[one, other].sort().join("_")}`
}

export function groupConversation(groupID: string): string {
  return `sg_${groupID}`
}

/** The text of a text message. */
export function textIn({ content }: Pick<PulledMessage, "content">): string {
  return (JSON.parse(Buffer.from(content, "base64").toString()) as { content: string }).content
}

export class Caller {
  constructor(
    readonly userID: string,
    readonly token: string,
  ) {}

  post<T>(path: string, body: object, asking: Omit<Asking, "token"> = {}): Promise<T> {
    return call<T>(path, body, { ...asking, token: this.token })
  }

  /** The newest sequence number of each conversation of a user. */
  async newestSeqs(userID = this.userID): Promise<Record<string, number>> {
    return (await this.post<{ maxSeqs: Record<string, number> | null }>("/msg/newest_seq", { userID })).maxSeqs ?? {}
  }

  /** The messages of a conversation, oldest first. */
  async pull(conversationID: string, begin = 1, end = 100): Promise<PulledMessage[]> {
    interface Pulled {
      msgs: Record<string, { Msgs: PulledMessage[] }> | null
    }
    const range = { conversationID, begin, end, num: end - begin + 1 }
    const { msgs } = await this.post<Pulled>("/msg/pull_msg_by_seq", { userID: this.userID, seqRanges: [range], order: 0 })
    return msgs?.[conversationID]?.Msgs ?? []
  }

  /** Takes a message back. */
  async revoke(conversationID: string, seq: number): Promise<void> {
    await this.post("/msg/revoke_msg", { conversationID, seq, userID: this.userID })
  }
}

export class User extends Caller {
  constructor(
    readonly account: Account,
    readonly platformID: number,
    token: string,
  ) {
    super(account.userID, token)
  }

  async requestFriend(other: string): Promise<void> {
    await this.post("/friend/add_friend", { fromUserID: this.userID, toUserID: other, reqMsg: "hello", ex: "" })
  }

  async acceptFriend(other: string): Promise<void> {
    await this.post("/friend/add_friend_response", { fromUserID: other, toUserID: this.userID, handleResult: 1, handleMsg: "" })
  }

  async friends(): Promise<string[]> {
    interface Page {
      friendsInfo: { friendUser: { userID: string } }[] | null
    }
    const page = await this.post<Page>("/friend/get_friend_list", { userID: this.userID, pagination: firstPage })
    return (page.friendsInfo ?? []).map(({ friendUser }) => friendUser.userID)
  }

  async createGroup(groupName: string, members: string[]): Promise<Group> {
    // 2 is the only type that the server takes.
    const body = { ownerUserID: this.userID, memberUserIDs: members, adminUserIDs: [], groupInfo: { groupName, groupType: 2 } }
    return (await this.post<{ groupInfo: Group }>("/group/create_group", body)).groupInfo
  }

  async groupMembers(groupID: string): Promise<{ userID: string; roleLevel: number }[]> {
    const body = { groupID, filter: 0, pagination: firstPage }
    return (await this.post<{ members: { userID: string; roleLevel: number }[] }>("/group/get_group_member_list", body)).members
  }
}

export interface FoundMessage {
  chatLog: { serverMsgID: string; clientMsgID: string; sendID: string; recvID: string; groupID: string; content: string; seq: number }
  isRevoked: boolean
}

export class Admin extends Caller {
  static async login(asking: Asking = {}): Promise<Admin> {
    const { token } = await call<{ token: string }>("/auth/get_admin_token", { secret, userID: adminUserID }, asking)
    return new Admin(adminUserID, token)
  }

  async register(accounts: Account[]): Promise<void> {
    await this.post("/user/user_register", { users: accounts.map((account) => ({ faceURL: "", ...account })) })
  }

  async loginUser(account: Account, platformID: number = platform.web): Promise<User> {
    const { token } = await this.post<{ token: string }>("/auth/get_user_token", { userID: account.userID, platformID })
    return new User(account, platformID, token)
  }

  /** Registers new users and logs them in. */
  async newUsers(prefix: string, count: number, platformID?: number): Promise<User[]> {
    const accounts = Array.from({ length: count }, (_, index) => ({ userID: newName(prefix), nickname: `${prefix} ${index + 1}` }))
    await this.register(accounts)
    return Promise.all(accounts.map((account) => this.loginUser(account, platformID)))
  }

  async importFriends(ownerUserID: string, friendUserIDs: string[]): Promise<void> {
    await this.post("/friend/import_friend", { ownerUserID, friendUserIDs })
  }

  /** Sends a text in the name of a user: only the administrator may, over HTTP. Users send over the WebSocket. */
  sendText(from: Account, recvID: string, text: string, asking?: Omit<Asking, "token">): Promise<Sent> {
    return this.send(from, { recvID, sessionType: sessionType.single }, text, asking)
  }

  sendGroupText(from: Account, groupID: string, text: string): Promise<Sent> {
    return this.send(from, { groupID, sessionType: sessionType.group }, text)
  }

  private send(from: Account, to: object, text: string, asking?: Omit<Asking, "token">): Promise<Sent> {
    const sender = { sendID: from.userID, senderNickname: from.nickname, senderPlatformID: platform.web }
    return this.post<Sent>("/msg/send_msg", { ...sender, ...to, contentType: textType, content: { content: text } }, asking)
  }

  /** Searches the store, which holds what has been stored only. */
  async search(filter: { sendID?: string; recvID?: string; sessionType?: number }): Promise<FoundMessage[]> {
    return (await this.post<{ chatLogs: FoundMessage[] | null }>("/msg/search_msg", { ...filter, pagination: firstPage })).chatLogs ?? []
  }
}

const firstPage = { pageNumber: 1, showNumber: 100 }
