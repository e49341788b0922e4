// What users of OpenIM do, and where it ends up. An answer of errCode 0 alone proves nothing: the queue, the store, the
// cache and the object store are looked at without OpenIM.

import { createHash, randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Listener, listen } from "./support/complaints.js"
import { eventually } from "./support/eventually.js"
import { concerns } from "./support/failedLogs.js"
import { deliver } from "./support/flow.js"
import { Admin, adminUserID, ask, call, groupConversation, newName, secret, singleConversation, textIn, User } from "./support/im.js"
import { decodeBatch, decodeMessage, textOf } from "./support/messages.js"
import { download, upload } from "./support/objects.js"
import { stateOf } from "./support/pebble.js"
import { groupNamed, records, topics } from "./support/queue.js"
import { cachedMessages, forget } from "./support/redis.js"
import { keepFigure } from "./support/results.js"
import { SdkUser } from "./support/sdk.js"
import { Connection, LoginRefusal } from "./support/socket.js"
import { chatAdminAddress, chatApiAddress, chatPrograms, gatewayAddress, programs, titleOf } from "./support/stack.js"
import { documents, storedMessages, textIn as storedText } from "./support/store.js"

/** What the API refuses with. */
const refused = { arguments: 1001, permission: 1002, registered: 1102, tokenMalformed: 1503, tokenUnknown: 1505, tokenKicked: 1506 }

let admin: Admin
let ann: User
let bob: User
let carl: User
let listener: Listener
let since: Record<string, string>

beforeAll(async () => {
  listener = listen()
  since = await starts()
  admin = await Admin.login()
  ;[ann, bob, carl] = await admin.newUsers("it", 3)
})

afterAll(() => listener?.end())

describe("who may do what", () => {
  test("the administrator gets a token with the right secret only", async () => {
    concerns("openim-api", "openim-rpc-auth")
    const right = await ask<{ token: string; expireTimeSeconds: number }>("/auth/get_admin_token", { secret, userID: adminUserID })
    expect(right).toMatchObject({ errCode: 0, data: { token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) } })
    expect(right.data.expireTimeSeconds).toBeGreaterThan(0)
    const wrong = await ask("/auth/get_admin_token", { secret: `${secret}x`, userID: adminUserID })
    expect(wrong).toMatchObject({ errCode: refused.permission })
    expect(wrong.data).toBeFalsy()
    expect(await ask("/auth/get_admin_token", { secret, userID: ann.userID })).toMatchObject({ errCode: refused.arguments })
  })

  test("a request without an operation ID, or without a token, is refused", async () => {
    concerns("openim-api")
    const body = { userIDs: [ann.userID] }
    expect(await ask("/user/get_users_info", body, { token: ann.token, operationID: null })).toMatchObject({ errCode: refused.arguments })
    expect(await ask("/user/get_users_info", body)).toMatchObject({ errCode: refused.arguments })
  })

  test("users are registered once, and stored", async () => {
    concerns("openim-rpc-user")
    const accounts = [1, 2].map((number) => ({ userID: newName("it"), nickname: `Dora ${number}` }))
    await admin.register(accounts)
    expect(await ask("/user/user_register", { users: accounts }, { token: admin.token })).toMatchObject({ errCode: refused.registered })
    expect(
      await ask("/user/user_register", { users: [{ userID: newName("it"), nickname: "by a user" }] }, { token: ann.token }),
    ).toMatchObject({ errCode: refused.permission })
    const stored = await documents("user", { user_id: { $in: accounts.map(({ userID }) => userID) } })
    expect(stored.map(({ user_id: userID, nickname }) => ({ userID, nickname }))).toEqual(expect.arrayContaining(accounts))
    expect(stored).toHaveLength(2)
  })

  test("a user's token is good for what is the user's own", async () => {
    concerns("openim-rpc-auth", "openim-rpc-msg")
    await ann.newestSeqs()
    expect(await ask("/msg/newest_seq", { userID: bob.userID }, { token: ann.token })).toMatchObject({ errCode: refused.permission })
    const login = { userID: bob.userID, platformID: 1 }
    expect(await ask("/auth/get_user_token", login, { token: ann.token })).toMatchObject({ errCode: refused.permission })
  })

  test("nothing is read with a bad token", async () => {
    concerns("openim-rpc-auth")
    const read = (token: string) => ask("/msg/newest_seq", { userID: bob.userID }, { token })
    const [header, claims, signature] = bob.token.split(".")
    expect(await read("nonsense")).toMatchObject({ errCode: refused.tokenMalformed })
    expect(await read(`${header}.${claims}.${[...signature].reverse().join("")}`)).toMatchObject({ errCode: refused.tokenUnknown })
    // Well signed, but no longer known to the server.
    const leaving = (await admin.newUsers("it", 1))[0]
    await leaving.newestSeqs()
    await admin.post("/auth/force_logout", { userID: leaving.userID, platformID: leaving.platformID })
    expect(await ask("/msg/newest_seq", { userID: leaving.userID }, { token: leaving.token })).toMatchObject({
      errCode: refused.tokenKicked,
    })
  })
})

describe("friends and groups", () => {
  test("a friend is asked for, accepted, listed and stored", async () => {
    concerns("openim-rpc-friend")
    const [one, other] = await admin.newUsers("it", 2)
    await one.requestFriend(other.userID)
    expect(await one.friends()).toEqual([])
    await other.acceptFriend(one.userID)
    expect(await one.friends()).toEqual([other.userID])
    expect(await other.friends()).toEqual([one.userID])
    const stored = await documents("friend", { owner_user_id: { $in: [one.userID, other.userID] } })
    expect(stored.map(({ owner_user_id: owner, friend_user_id: friend }) => [owner, friend])).toEqual(
      expect.arrayContaining([
        [one.userID, other.userID],
        [other.userID, one.userID],
      ]),
    )
    expect(stored).toHaveLength(2)
    await expectVersions("friend_version", one.userID, [other.userID])
  })

  test("imported friends can be removed, and every change has its own version", async () => {
    concerns("openim-rpc-friend")
    const [owner, first, second] = await admin.newUsers("it", 3)
    await admin.importFriends(owner.userID, [first.userID, second.userID])
    expect((await owner.friends()).sort()).toEqual([first.userID, second.userID].sort())
    const before = await expectVersions("friend_version", owner.userID, [first.userID, second.userID])
    await owner.post("/friend/delete_friend", { ownerUserID: owner.userID, friendUserID: second.userID })
    expect(await owner.friends()).toEqual([first.userID])
    expect(await documents("friend", { owner_user_id: owner.userID })).toHaveLength(1)
    const after = await expectVersions("friend_version", owner.userID, [first.userID, second.userID])
    expect(after).toBeGreaterThan(before)
  })

  test("a group is made with its members, listed and stored", async () => {
    concerns("openim-rpc-group")
    const group = await ann.createGroup("three of us", [bob.userID, carl.userID])
    expect(group).toMatchObject({ groupName: "three of us", ownerUserID: ann.userID, memberCount: 3 })
    const members = await carl.groupMembers(group.groupID)
    expect(members.map(({ userID }) => userID).sort()).toEqual([ann, bob, carl].map(({ userID }) => userID).sort())
    expect(await documents("group", { group_id: group.groupID })).toMatchObject([{ group_name: "three of us" }])
    const stored = await documents("group_member", { group_id: group.groupID })
    const owner = 100
    expect(stored.filter(({ role_level: role }) => role === owner).map(({ user_id: userID }) => userID)).toEqual([ann.userID])
    expect(stored.map(({ user_id: userID }) => userID).sort()).toEqual(members.map(({ userID }) => userID).sort())
    await expectVersions(
      "group_member_version",
      group.groupID,
      members.map(({ userID }) => userID),
    )
  })
})

describe("messages", () => {
  test("a message goes through the queue to the cache and the store, and is read back from each", async () => {
    concerns("openim-rpc-msg", "openim-msgtransfer", "kafka", "redis", "mongodb-stand-in")
    const [from, to] = await admin.newUsers("it", 2)
    const conversation = singleConversation(from.userID, to.userID)
    const text = `hello ${newName("text")}`
    const sent = await admin.sendText(from.account, to.userID, text)

    await eventually("the receiver's newest number is 1", async () => expect(await to.newestSeqs()).toMatchObject({ [conversation]: 1 }))
    const isThis = ({ serverMsgID }: { serverMsgID: string }) => serverMsgID === sent.serverMsgID

    // Queued for the cache, and taken from there.
    const [queued, ...more] = await records(topics.toRedis, (value) => isThis(decodeMessage(value)))
    expect(more).toEqual([])
    expect(textOf(decodeMessage(queued.value))).toBe(text)
    await eventually("group redis has committed the message", async () => {
      const { topics: of } = await groupNamed("redis")
      expect(of[topics.toRedis][queued.partition].committed).toBeGreaterThan(queued.offset)
    })

    // Queued for the store, and taken from there.
    const [batch] = await eventually("the message is in topic toMongo", async () => {
      const found = await records(topics.toMongo, (value) => decodeBatch(value).msgData.some(isThis))
      expect(found).toHaveLength(1)
      return found
    })
    expect(decodeBatch(batch.value)).toMatchObject({ conversationID: conversation, lastSeq: 0 })
    await eventually("group mongo has committed the message", async () => {
      const { topics: of } = await groupNamed("mongo")
      expect(of[topics.toMongo][batch.partition].committed).toBeGreaterThan(batch.offset)
    })

    // Stored.
    const stored = await eventually("the message is stored", async () => {
      const found = await storedMessages(conversation)
      expect(found).toHaveLength(1)
      return found
    })
    expect(stored[0].msg).toMatchObject({ send_id: from.userID, recv_id: to.userID, server_msg_id: sent.serverMsgID, seq: 1 })
    expect(storedText(stored[0])).toBe(text)

    // Read from the cache, then, when that has forgotten it, from the store.
    const cached = await cachedMessages(conversation)
    expect(cached).toHaveLength(1)
    expect((await to.pull(conversation)).map(textIn)).toEqual([text])
    expect(await forget(cached)).toBe(1)
    const [pulled] = await to.pull(conversation)
    expect(pulled).toMatchObject({ sendID: from.userID, recvID: to.userID, serverMsgID: sent.serverMsgID, seq: 1 })
    expect(textIn(pulled)).toBe(text)
    expect(await cachedMessages(conversation), "the cache has it again").toEqual(cached)
  })

  test("many messages keep their order, without gaps, over more than one document", async () => {
    concerns("openim-rpc-msg", "openim-msgtransfer", "mongodb-stand-in")
    const [from, to] = await admin.newUsers("it", 2)
    const conversation = singleConversation(from.userID, to.userID)
    const count = 120
    const sender = await Connection.open(from)
    try {
      for (let number = 1; number <= count; number++) await sender.sendText({ recvID: to.userID }, `message ${number}`)
    } finally {
      sender.close()
    }
    const expected = Array.from({ length: count }, (_, index) => ({ seq: index + 1, text: `message ${index + 1}` }))
    await eventually(`${count} messages are stored`, async () => expect(await storedMessages(conversation)).toHaveLength(count))
    const stored = await storedMessages(conversation)
    expect(stored.map((entry) => ({ seq: entry.msg.seq, text: storedText(entry) }))).toEqual(expected)
    const inOrder = (await to.pull(conversation, 1, count)).map((message) => ({ seq: message.seq, text: textIn(message) }))
    expect(inOrder).toEqual(expected)
  })

  test("a message to a group is read by another member, and stored once", async () => {
    concerns("openim-rpc-msg", "openim-rpc-group", "openim-msgtransfer")
    const group = await ann.createGroup("readers", [bob.userID, carl.userID])
    const conversation = groupConversation(group.groupID)
    const text = `to all ${newName("text")}`
    const sent = await admin.sendGroupText(ann.account, group.groupID, text)
    await eventually("the group's conversation is there for another member", async () => {
      expect(await carl.newestSeqs()).toHaveProperty([conversation])
    })
    const found = await eventually("the group's message is there for another member", async () => {
      const message = (await carl.pull(conversation)).find(({ serverMsgID }) => serverMsgID === sent.serverMsgID)
      expect(message).toBeDefined()
      return message!
    })
    expect(textIn(found)).toBe(text)
    expect(await carl.newestSeqs()).toMatchObject({ [conversation]: found.seq })
    await eventually("the group's message is stored", async () => {
      const stored = (await storedMessages(conversation)).filter((entry) => entry.msg.server_msg_id === sent.serverMsgID)
      expect(stored.map(storedText)).toEqual([text])
      expect(stored[0].msg.group_id).toBe(group.groupID)
    })
    const [stranger] = await admin.newUsers("it", 1)
    const line = await Connection.open(stranger)
    await expect(line.sendText({ groupID: group.groupID }, "from outside")).rejects.toThrow("1203")
    line.close()
  })

  test("stored messages are found by who sent them to whom", async () => {
    concerns("openim-rpc-msg", "mongodb-stand-in")
    const [from, to] = await admin.newUsers("it", 2)
    const texts = ["first", "second", "third"]
    const sent = []
    for (const text of texts) sent.push(await admin.sendText(from.account, to.userID, text))
    await admin.sendText(to.account, from.userID, "an answer")
    const found = await eventually("the search finds three messages", async () => {
      const logs = await admin.search({ sendID: from.userID, recvID: to.userID, sessionType: 1 })
      expect(logs).toHaveLength(3)
      return logs
    })
    expect(found.map(({ chatLog }) => chatLog.serverMsgID).sort()).toEqual(sent.map(({ serverMsgID }) => serverMsgID).sort())
    expect(found.map(({ chatLog }) => (JSON.parse(chatLog.content) as { content: string }).content).sort()).toEqual(texts.sort())
  })

  test("a message taken back is so for both, in the store too", async () => {
    concerns("openim-rpc-msg", "openim-msgtransfer")
    const [from, to] = await admin.newUsers("it", 2)
    const conversation = singleConversation(from.userID, to.userID)
    await admin.sendText(from.account, to.userID, "a slip")
    await eventually("the message is stored", async () => expect(await storedMessages(conversation)).toHaveLength(1))
    expect(
      await ask("/msg/revoke_msg", { conversationID: conversation, seq: 1, userID: to.userID }, { token: to.token }),
      "by the receiver",
    ).toMatchObject({ errCode: refused.permission })
    await from.revoke(conversation, 1)
    const revokeNotification = 2101
    await eventually("the receiver sees that it was taken back", async () => {
      const [message] = await to.pull(conversation, 1, 1)
      expect(message.contentType).toBe(revokeNotification)
    })
    const [{ revoke }] = await storedMessages(conversation)
    expect(revoke).toMatchObject({ user_id: from.userID })
    expect(await forget(await cachedMessages(conversation))).toBeGreaterThan(0)
    const [again] = await to.pull(conversation, 1, 1)
    expect(again.contentType, "read from the store").toBe(revokeNotification)
  })
})

describe("files", () => {
  // The object store's smallest part is 5 MiB.
  const files: [string, number, number][] = [
    ["in one part", 100_000, 1],
    ["in three parts", 11 * 1024 * 1024, 3],
  ]

  test.each(files)("a file %s comes back byte for byte", async (_, size, parts) => {
    concerns("openim-rpc-third", "minio")
    const content = randomBytes(size)
    const name = `${ann.userID}/${newName("file")}.bin`
    expect(await upload(ann, name, content)).toEqual({ parts })
    expect(await documents("s3", { name })).toMatchObject([{ size, engine: "minio" }])
    const back = await download(bob, name)
    expect(back.length).toBe(size)
    expect(sha256(back)).toBe(sha256(content))
  })

  test("nobody uploads in the name of another", async () => {
    concerns("openim-rpc-third")
    await expect(upload(ann, `${bob.userID}/${newName("file")}`, randomBytes(10))).rejects.toThrow(String(refused.permission))
  })
})

describe("live", () => {
  test("a user who is online gets a message pushed", async () => {
    concerns("openim-msggateway", "openim-push", "openim-rpc-msg")
    const [from, to] = await admin.newUsers("it", 2)
    const began = Date.now()
    const connection = await Connection.open(to)
    try {
      const text = `now ${newName("text")}`
      const sent = await admin.sendText(from.account, to.userID, text)
      const pushed = await eventually("the message is pushed", () => {
        const found = connection.pushed.find(({ serverMsgID }) => serverMsgID === sent.serverMsgID)
        expect(found).toBeDefined()
        return found!
      })
      keepFigure({ name: "login to pushed message", value: Date.now() - began, unit: "ms", note: "one message on an idle stack" })
      expect(pushed).toMatchObject({ sendID: from.userID, recvID: to.userID, seq: 1 })
      expect(textOf(pushed)).toBe(text)
    } finally {
      connection.close()
    }
  })

  test("two users who are online write to each other, and every message is stored", async () => {
    concerns("openim-msggateway", "openim-push", "openim-rpc-msg", "openim-msgtransfer")
    const [one, other] = await admin.newUsers("it", 2)
    await deliver(one, other, "ping")
    await deliver(other, one, "pong")
    expect((await storedMessages(singleConversation(one.userID, other.userID))).map(storedText)).toEqual(["ping", "pong"])
  })

  test("the gateway lets nobody in with a bad token, or with another user's", async () => {
    concerns("openim-msggateway")
    const refusal = await Connection.open(ann, { token: "nonsense" }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(LoginRefusal)
    expect((refusal as LoginRefusal).errCode).toBe(refused.tokenMalformed)
    await expect(Connection.open(ann, { token: bob.token })).rejects.toThrow("does not take a WebSocket")
  })

  // The API imports net/http/pprof; the gateway, which may share a binary with it, serves the mux that this package adds its pages to.
  test("the gateway shows no pages for debugging", async () => {
    concerns("openim-msggateway")
    const page = async (path: string) => {
      const answer = await fetch(gatewayAddress.replace(/^ws/, "http") + path)
      return { status: answer.status, text: await answer.text() }
    }
    const unknown = await page("/no-such-page")
    for (const path of ["/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=1"])
      expect(await page(path), path).toEqual(unknown)
  })
})

describe("OpenIM's official SDK", () => {
  test("two users log in, send, receive live and read their history", async () => {
    concerns("openim-api", "openim-msggateway", "openim-push", "openim-rpc-msg", "openim-msgtransfer")
    const [gina, hans] = await admin.newUsers("sdk", 2)
    const conversation = singleConversation(gina.userID, hans.userID)
    const texts = [newName("question"), newName("answer")]
    const [one, other] = [await SdkUser.login(gina), await SdkUser.login(hans)]
    try {
      for (const [from, to, recvID, text] of [
        [one, other, hans.userID, texts[0]],
        [other, one, gina.userID, texts[1]],
      ] as const) {
        const sent = await from.sendText(recvID, text)
        const live = await eventually("the other SDK receives the message", () => {
          const found = to.received.find(({ clientMsgID }) => clientMsgID === sent.clientMsgID)
          expect(found).toBeDefined()
          return found!
        })
        expect(live).toMatchObject({ serverMsgID: sent.serverMsgID, recvID, textElem: { content: text } })
      }
      await eventually("both messages are stored", async () => {
        expect((await storedMessages(conversation)).map(storedText)).toEqual(texts)
      })
    } finally {
      await Promise.all([one.logout(), other.logout()])
    }
    // A new login knows nothing yet, so the server must have both messages.
    const again = await SdkUser.login(await admin.loginUser(hans.account))
    try {
      // The SDK first fetches which conversations there are.
      await eventually("the history has both messages", async () => {
        const read = (await again.history(conversation)).sort((first, second) => first.seq - second.seq)
        expect(read.map(({ sendID, textElem }) => [sendID, textElem?.content])).toEqual([
          [gina.userID, texts[0]],
          [hans.userID, texts[1]],
        ])
      })
    } finally {
      await again.logout()
    }
  })
})

describe.skipIf(chatPrograms.length === 0)("chat", () => {
  const register = { verifyCode: "666666", platform: 5, autoLogin: true }
  const phone = () => `1${String(Math.floor(Math.random() * 1e10)).padStart(10, "0")}`
  const password = createHash("md5").update(randomBytes(8)).digest("hex")

  interface Login {
    userID: string
    imToken: string
    chatToken: string
  }

  test("an account is registered, logs in, and its token is good for messages", async () => {
    concerns("chat-api", "chat-rpc", "admin-rpc", "openim-api")
    const user = { nickname: "Emma", areaCode: "+86", phoneNumber: phone(), password }
    const registered = await call<Login>("/account/register", { ...register, user }, { base: chatApiAddress })
    expect(registered).toMatchObject({ userID: expect.any(String), imToken: expect.any(String), chatToken: expect.any(String) })
    const again = await ask("/account/register", { ...register, user }, { base: chatApiAddress })
    expect(again.errCode, "the same number a second time").not.toBe(0)

    const credentials = { areaCode: user.areaCode, phoneNumber: user.phoneNumber, password, platform: 5 }
    const login = await call<Login>("/account/login", credentials, { base: chatApiAddress })
    expect(login.userID).toBe(registered.userID)
    const wrong = await ask("/account/login", { ...credentials, password: `${password}x` }, { base: chatApiAddress })
    expect(wrong.errCode, "a wrong password").not.toBe(0)

    const emma = new User({ userID: login.userID, nickname: user.nickname }, 5, login.imToken)
    expect(await documents("user", { user_id: emma.userID })).toMatchObject([{ nickname: "Emma" }])
    await deliver(ann, emma, `welcome ${emma.userID}`)
  })

  test("the administrator of chat logs in and finds an account", async () => {
    concerns("admin-api", "admin-rpc")
    const user = { nickname: newName("Frida"), areaCode: "+86", phoneNumber: phone(), password }
    const { userID } = await call<Login>("/account/register", { ...register, user }, { base: chatApiAddress })
    const credentials = { account: "chatAdmin", password: createHash("md5").update("chatAdmin").digest("hex") }
    const { adminToken } = await call<{ adminToken: string }>("/account/login", credentials, { base: chatAdminAddress })
    expect(await call("/account/info", {}, { base: chatAdminAddress, token: adminToken })).toMatchObject({ account: "chatAdmin" })
    const search = { keyword: user.nickname, normal: 0, pagination: { pageNumber: 1, showNumber: 10 } }
    const found = await call<{ users: { userID: string }[] | null }>("/user/search/full", search, {
      base: chatApiAddress,
      token: adminToken,
    })
    expect(found.users?.map((account) => account.userID)).toEqual([userID])
    const wrong = await ask("/account/login", { ...credentials, password: "wrong" }, { base: chatAdminAddress })
    expect(wrong.errCode).not.toBe(0)
  })
})

// The last two judge what all programs did meanwhile.
test("no program has ended", async () => {
  expect(await starts()).toEqual(since)
})

test("no program has logged an error that is not known", () => {
  expect(listener.lines, "lines heard").toBeGreaterThan(0)
  const { complaints } = listener
  concerns(...complaints.map(({ program }) => program))
  if (complaints.length > 0) throw new Error(complaints.map(({ program, text }) => `${program}: ${text}`).join("\n"))
})

/** Since when each program is what it is now; a program that ends is started again. */
async function starts(): Promise<Record<string, string>> {
  const states = await Promise.all(programs().map(async (program) => [titleOf(program), await stateOf(program)] as const))
  return Object.fromEntries(states.map(([title, state]) => [title, `${state.current} since ${state["current-since"]}`]))
}

/** Every change of a list has its own number; gives the newest. Stored as text, as a poor store may, they would count nothing. */
async function expectVersions(collection: string, owner: string, elements: string[]): Promise<number> {
  const [log] = await documents<{ version: unknown; logs: { e_id: string; version: unknown }[] }>(collection, { d_id: owner })
  expect(log, `${collection} of ${owner}`).toBeDefined()
  expect(log.version).toEqual(expect.any(Number))
  expect(log.logs.map(({ e_id: element }) => element).sort()).toEqual(expect.arrayContaining([...elements].sort()))
  for (const { version } of log.logs) {
    expect(version).toEqual(expect.any(Number))
    expect(version).toBeGreaterThan(0)
    expect(version).toBeLessThanOrEqual(log.version as number)
  }
  return log.version as number
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex")
}
