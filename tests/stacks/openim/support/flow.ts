// One message through everything.

import { eventually, type Patience } from "./eventually.js"
import { type Sent, singleConversation, type User } from "./im.js"
import { textOf } from "./messages.js"
import { Connection } from "./socket.js"
import { storedMessages, textIn } from "./store.js"

/**
 * One user sends another a text over the WebSocket. Gives back when the other has got it pushed and the store holds it: the
 * gateway, the RPC programs, the queue, msgtransfer, push, Redis and the store have all done their part.
 */
export async function deliver(from: User, to: User, text: string, patience: Patience = { within: 60 }): Promise<Sent> {
  const receiver = await eventually(`${to.userID} logs in`, () => Connection.open(to), patience)
  const sender = await eventually(`${from.userID} logs in`, () => Connection.open(from), patience)
  try {
    const sent = await eventually("the message is taken", () => sender.sendText({ recvID: to.userID }, text), patience)
    await eventually(
      "the message is pushed to its receiver",
      () => {
        const texts = receiver.pushed.filter(({ contentType }) => contentType === 101).map(textOf)
        if (!texts.includes(text)) throw new Error(`pushed so far: ${texts.join(", ") || "nothing"}`)
      },
      patience,
    )
    await eventually(
      "the message is stored",
      async () => {
        const stored = await storedMessages(singleConversation(from.userID, to.userID))
        if (!stored.some((entry) => entry.msg.server_msg_id === sent.serverMsgID && textIn(entry) === text)) {
          throw new Error(`${stored.length} messages are stored, not this one`)
        }
      },
      patience,
    )
    return sent
  } finally {
    receiver.close()
    sender.close()
  }
}
