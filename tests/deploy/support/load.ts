// Users who go on while something happens: requests and messages all the time, and one who receives.

import { setTimeout as sleep } from "node:timers/promises"
import { client, newUsers } from "./users.js"

export interface Receiver {
  /** The texts that it has got. */
  texts(): Promise<string[]>
  /** Waits until it is connected, again where that is needed. */
  connected(): Promise<void>
}

export type Login = (user: { userID: string; token: string }) => Promise<Receiver>

export interface Measured {
  requests: number
  failedRequests: string[]
  /** Texts that the server has accepted. */
  accepted: string[]
  refused: string[]
  /** Of those, what its store does not have. */
  missing: string[]
  /** What the store has more than once. */
  twice: string[]
  /** What did not reach the receiver, neither at once nor when it was connected again. */
  notReceived: string[]
  /** The longest time between two pushes to the receiver that was measured, in milliseconds. */
  longestPause: number
}

export interface Load {
  /** How many ask the API at the same time, each ten times a second. */
  requesters?: number
  /** Every second message goes to a group. */
  groups?: boolean
}

/** What became of the requests and messages that were sent while `work` ran. */
export async function underLoad(login: Login, work: () => Promise<void>, { requesters = 1, groups = false }: Load = {}): Promise<Measured> {
  const { Admin, ask, groupConversation, singleConversation, textIn } = await client()
  const [from, to] = await newUsers(2)
  if (!from || !to) throw new Error("no users")
  const receiver = await login(to)
  const admin = await Admin.login()
  const measured: Measured = {
    requests: 0,
    failedRequests: [],
    accepted: [],
    refused: [],
    missing: [],
    twice: [],
    notReceived: [],
    longestPause: 0,
  }
  const group = groups
    ? await (await admin.loginUser({ userID: from.userID, nickname: "load" })).createGroup("load", [to.userID])
    : undefined
  let going = true
  const requester = async () => {
    while (going) {
      measured.requests++
      try {
        const { errCode, errMsg } = await ask("/user/get_users_info", { userIDs: [from.userID] }, { token: admin.token, limit: 10_000 })
        if (errCode !== 0) measured.failedRequests.push(`${errCode} ${errMsg}`)
      } catch (error) {
        measured.failedRequests.push((error as Error).message)
      }
      await sleep(100)
    }
  }
  const requests = Array.from({ length: requesters }, requester)
  const messages = (async () => {
    for (let number = 1; going; number++) {
      const text = `load ${number}`
      const sender = { userID: from.userID, nickname: "load" }
      try {
        if (group !== undefined && number % 2 === 0) await admin.sendGroupText(sender, group.groupID, text)
        else await admin.sendText(sender, to.userID, text, { limit: 15_000 })
        measured.accepted.push(text)
      } catch (error) {
        measured.refused.push(`${text}: ${(error as Error).message}`)
      }
      await sleep(250)
    }
  })()
  const pauses = (async () => {
    let [count, since] = [0, Date.now()]
    while (going) {
      const now = (await receiver.texts()).length
      if (now !== count) [count, since] = [now, Date.now()]
      measured.longestPause = Math.max(measured.longestPause, Date.now() - since)
      await sleep(100)
    }
  })()
  try {
    await work()
    // What was sent in the last moment is pushed, too.
    await sleep(3000)
  } finally {
    going = false
    await Promise.all([...requests, messages, pauses])
  }
  await receiver.connected()
  const conversations = [singleConversation(from.userID, to.userID), ...(group === undefined ? [] : [groupConversation(group.groupID)])]
  // A message is accepted when it is in Kafka: it reaches the store and the receiver after that, on a busy machine by seconds.
  for (let wait = 0; wait < 60; wait++) {
    const stored = (await Promise.all(conversations.map((one) => storedTexts(admin, to.userID, one, textIn)))).flat()
    measured.missing = measured.accepted.filter((text) => !stored.includes(text))
    measured.twice = stored.filter((text, at) => stored.indexOf(text) !== at)
    if (measured.missing.length === 0) break
    await sleep(500)
  }
  let received: string[] = []
  for (let wait = 0; wait < 60; wait++) {
    received = await receiver.texts()
    measured.notReceived = measured.accepted.filter((text) => !received.includes(text))
    if (measured.notReceived.length === 0) break
    await sleep(500)
  }
  return measured
}

type Admin = Awaited<ReturnType<typeof client>>["Admin"]["prototype"]

export async function storedTexts(admin: Admin, userID: string, conversation: string, textIn: (message: { content: string }) => string) {
  const last = (await admin.newestSeqs(userID))[conversation] ?? 0
  const texts: string[] = []
  for (let seq = 1; seq <= last; seq += 100)
    texts.push(...(await pull(admin, userID, conversation, seq)).filter(({ contentType }) => contentType === 101).map(textIn))
  return texts
}

/** As the receiver, whose token is elsewhere: the administrator may ask for anybody. */
async function pull(admin: Admin, userID: string, conversationID: string, begin: number) {
  interface Pulled {
    msgs: Record<string, { Msgs: { contentType: number; content: string }[] }> | null
  }
  const range = { conversationID, begin, end: begin + 99, num: 100 }
  const { msgs } = await admin.post<Pulled>("/msg/pull_msg_by_seq", { userID, seqRanges: [range], order: 0 })
  return msgs?.[conversationID]?.Msgs ?? []
}
