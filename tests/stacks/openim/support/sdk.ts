// OpenIM's official SDK for JavaScript as a client: its way of logging in, sending and reading, not this project's.

import { type CallbackEvent, CbEvents, getSDK, LogLevel, type MessageItem } from "@openim/client-sdk"
import type { User } from "./im.js"
import { apiAddress, gatewayAddress } from "./stack.js"

/** The SDK's types leave out the way to its events. */
type Sdk = ReturnType<typeof getSDK> & {
  on<T = MessageItem | MessageItem[]>(event: CbEvents, take: (event: CallbackEvent<T>) => void): void
}

export class SdkUser {
  /** Messages that the SDK reported as new, oldest first. */
  readonly received: MessageItem[] = []

  private constructor(private readonly sdk: Sdk) {
    const take = ({ data }: CallbackEvent<MessageItem | MessageItem[]>) => void this.received.push(...[data].flat())
    sdk.on(CbEvents.OnRecvNewMessage, take)
    sdk.on(CbEvents.OnRecvNewMessages, take)
  }

  static async login({ userID, platformID, token }: User): Promise<SdkUser> {
    const user = new SdkUser(getSDK() as Sdk)
    const where = { wsAddr: gatewayAddress, apiAddr: apiAddress, logLevel: LogLevel.Error }
    // Its login has ended when the connection is open: what the gateway thinks of the token comes as an event.
    const accepted = new Promise<void>((resolve, reject) => {
      user.sdk.on(CbEvents.OnSyncServerFinish, () => resolve())
      for (const event of [CbEvents.OnConnectFailed, CbEvents.OnSyncServerFailed]) user.sdk.on<unknown>(event, reject)
    })
    const opened = user.sdk.login({ userID, token, platformID, ...where })
    await answered(`the SDK's login of ${userID}`, Promise.all([opened, accepted]))
    return user
  }

  async sendText(recvID: string, text: string): Promise<MessageItem> {
    const { data: message } = await answered("createTextMessage", this.sdk.createTextMessage(text))
    return (await answered("sendMessage", this.sdk.sendMessage({ recvID, groupID: "", message }))).data
  }

  /** The newest messages of a conversation, as the SDK gets them from the server. */
  async history(conversationID: string): Promise<MessageItem[]> {
    const request = { conversationID, startClientMsgID: "", count: 20 }
    return (await answered("getAdvancedHistoryMessageList", this.sdk.getAdvancedHistoryMessageList(request))).data.messageList
  }

  async logout(): Promise<void> {
    await answered("logout", this.sdk.logout())
  }
}

/** The SDK rejects with an answer instead of an error, and waits for some answers without a limit. */
async function answered<T>(what: string, answer: Promise<T>, within = 15_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${within} ms`)), within)
  })
  try {
    return await Promise.race([answer, late])
  } catch (error) {
    throw error instanceof Error ? error : new Error(`${what}: ${JSON.stringify(error)}`)
  } finally {
    clearTimeout(timer)
  }
}
