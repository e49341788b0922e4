// A user's WebSocket, as a client that speaks JSON (sdkType=js) holds it open.

import { randomUUID } from "node:crypto"
import { platform, type Sent, type User } from "./im.js"
import { decodePush, decodeSent, encodeMessage, type Message } from "./messages.js"
import { gatewayAddress } from "./stack.js"

interface Frame {
  reqIdentifier: number
  msgIncr: string
  operationID: string
  errCode: number
  errMsg: string
  /** Base64 of protobuf. */
  data: string | null
}

const sendIdentifier = 1003
const pushIdentifier = 2001

/** A login that the gateway answers with an error. */
export class LoginRefusal extends Error {
  constructor(
    readonly errCode: number,
    errMsg: string,
  ) {
    super(`the gateway answers errCode ${errCode}: ${errMsg}`)
  }
}

export class Connection {
  /** What was pushed, oldest first. */
  readonly pushed: Message[] = []
  readonly notifications: Message[] = []
  private readonly waiting = new Map<string, (frame: Frame) => void>()
  private readonly ended: Promise<never>

  private constructor(
    private readonly socket: WebSocket,
    private readonly user: User,
  ) {
    this.ended = new Promise((_, fail) => {
      socket.addEventListener("close", ({ code, reason }) => fail(new Error(`the gateway closed the connection: ${code} ${reason}`)))
    })
    this.ended.catch(() => {})
    socket.addEventListener("message", ({ data }) => this.receive(data as string | ArrayBuffer))
  }

  /** Logs in; gives back when the gateway has said that it is so. */
  static async open(user: User, { token = user.token, within = 10_000, gateway = gatewayAddress } = {}): Promise<Connection> {
    const query = new URLSearchParams({
      sendID: user.userID,
      token,
      platformID: String(user.platformID),
      operationID: randomUUID(),
      isBackground: "false",
      isMsgResp: "true",
      sdkType: "js",
    })
    const socket = new WebSocket(`${gateway}/?${query}`)
    socket.binaryType = "arraybuffer"
    const first = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the gateway has not answered within ${within} ms`)), within)
      const failed = (why: string) => () => reject(new Error(why))
      socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true })
      socket.addEventListener("error", failed("the gateway cannot be reached, or does not take a WebSocket"), { once: true })
      socket.addEventListener("close", failed("the gateway closed the connection before it answered"), { once: true })
      socket.addEventListener("message", () => clearTimeout(timer), { once: true })
    })
    const { errCode, errMsg } = JSON.parse(first) as { errCode: number; errMsg: string }
    if (errCode !== 0) {
      socket.close()
      throw new LoginRefusal(errCode, errMsg)
    }
    return new Connection(socket, user)
  }

  close(): void {
    this.socket.close()
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN
  }

  /** Sends a text to a user or a group; gives back when the server has taken it. */
  async sendText(to: { recvID: string } | { groupID: string }, text: string, within = 10_000): Promise<Sent> {
    const now = Date.now()
    const message: Partial<Message> = {
      sendID: this.user.userID,
      ...to,
      clientMsgID: randomUUID(),
      senderPlatformID: this.user.platformID ?? platform.web,
      senderNickname: this.user.account.nickname,
      sessionType: "groupID" in to ? 3 : 1,
      msgFrom: 100,
      contentType: 101,
      content: Buffer.from(JSON.stringify({ content: text })),
      createTime: now,
      sendTime: now,
    }
    const frame = await this.request(sendIdentifier, encodeMessage(message), within)
    return decodeSent(Buffer.from(frame.data ?? "", "base64"))
  }

  private async request(reqIdentifier: number, data: Uint8Array, within: number): Promise<Frame> {
    const msgIncr = randomUUID()
    const answer = new Promise<Frame>((resolve) => this.waiting.set(msgIncr, resolve))
    const frame = {
      reqIdentifier,
      sendID: this.user.userID,
      operationID: randomUUID(),
      msgIncr,
      data: Buffer.from(data).toString("base64"),
    }
    // The gateway takes binary frames for requests, text frames for heartbeats.
    this.socket.send(new TextEncoder().encode(JSON.stringify(frame)))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the gateway has not answered request ${reqIdentifier} within ${within} ms`)), within)
    })
    try {
      const got = await Promise.race([answer, late, this.ended])
      if (got.errCode !== 0) throw new Error(`request ${reqIdentifier} over the WebSocket answers errCode ${got.errCode}: ${got.errMsg}`)
      return got
    } finally {
      clearTimeout(timer)
      this.waiting.delete(msgIncr)
    }
  }

  private receive(data: string | ArrayBuffer): void {
    const frame = JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data)) as Frame
    this.waiting.get(frame.msgIncr)?.(frame)
    if (frame.reqIdentifier !== pushIdentifier || !frame.data) return
    const { msgs, notificationMsgs } = decodePush(Buffer.from(frame.data, "base64"))
    this.pushed.push(...Object.values(msgs).flatMap(({ Msgs }) => Msgs))
    this.notifications.push(...Object.values(notificationMsgs).flatMap(({ Msgs }) => Msgs))
  }
}
