// Each program of the server in a container of its image, and a second gateway: calls and pushes go from container to container.

import { beforeAll, describe, expect, test } from "vitest"
import { eventually } from "./support/eventually.js"
import { Admin, newName, singleConversation, type User } from "./support/im.js"
import { textOf } from "./support/messages.js"
import { Connection } from "./support/socket.js"
import { gatewayAddress, secondGatewayAddress } from "./support/stack.js"
import { storedMessages, textIn } from "./support/store.js"

let admin: Admin

beforeAll(async () => {
  // The first call goes from the API to another container, and from there to Redis.
  admin = await eventually("the administrator logs in", () => Admin.login(), { within: 60 })
  // msgtransfer joins its groups in the queue; what is sent before is acknowledged and lost.
  const [from, to] = await eventually("users are registered", () => admin.newUsers("first", 2), { within: 60 })
  await eventually(
    "a message passes",
    async () => {
      const sent = await admin.sendText(from.account, to.userID, newName("first"))
      await eventually(
        "it is stored",
        async () => {
          const stored = await storedMessages(singleConversation(from.userID, to.userID))
          expect(stored.map(({ msg }) => msg.server_msg_id)).toContain(sent.serverMsgID)
        },
        { within: 5 },
      )
    },
    { within: 60 },
  )
})

describe("programs in separate containers", () => {
  test("a user logs in and sends; the message is stored and pushed live to the other user", async () => {
    const [from, to] = await admin.newUsers("apart", 2)
    await exchange(from, to, gatewayAddress, gatewayAddress)
  })

  test("users on two gateways reach each other, both ways", async () => {
    const [from, to] = await admin.newUsers("gateways", 2)
    await exchange(from, to, gatewayAddress, secondGatewayAddress)
    await exchange(to, from, secondGatewayAddress, gatewayAddress)
  })

  test("a group's message is pushed to its members on both gateways", async () => {
    const users = await admin.newUsers("members", 6)
    const [owner, ...others] = users
    const group = await owner.createGroup(
      "on both gateways",
      others.map(({ userID }) => userID),
    )
    const lines = await Promise.all(
      users.map((user, index) => Connection.open(user, { gateway: index % 2 === 0 ? gatewayAddress : secondGatewayAddress })),
    )
    try {
      const text = newName("all")
      const sent = await lines[0].sendText({ groupID: group.groupID }, text)
      for (const [index, line] of lines.slice(1).entries()) {
        await eventually(`it is pushed to member ${index + 2}`, () => {
          expect(line.pushed.map(({ serverMsgID }) => serverMsgID)).toContain(sent.serverMsgID)
        })
      }
    } finally {
      for (const line of lines) line.close()
    }
  })
})

async function exchange(from: User, to: User, fromGateway: string, toGateway: string): Promise<void> {
  const receiver = await Connection.open(to, { gateway: toGateway })
  const sender = await Connection.open(from, { gateway: fromGateway })
  try {
    const text = newName("live")
    const sent = await sender.sendText({ recvID: to.userID }, text)
    await eventually("it is pushed to the other user", () => {
      const found = receiver.pushed.find(({ serverMsgID }) => serverMsgID === sent.serverMsgID)
      expect(found).toBeDefined()
      expect(textOf(found!)).toBe(text)
    })
    await eventually("it is stored", async () => {
      const stored = await storedMessages(singleConversation(from.userID, to.userID))
      expect(stored.filter(({ msg }) => msg.server_msg_id === sent.serverMsgID).map(textIn)).toEqual([text])
    })
  } finally {
    receiver.close()
    sender.close()
  }
}
