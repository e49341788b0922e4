// Two users with OpenIM's own SDK for JavaScript, through the public address of the deployment.

import { randomUUID } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import tls from "node:tls"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { home, setting } from "./kit.js"

export interface Pair {
  send: (text: string) => Promise<void>
  received: () => string[]
  /** The texts of their conversation, oldest first. */
  history: () => Promise<string[]>
}

/** The secret is made by the deployment, and these modules read it when they are loaded. A cluster gets it from its suite, and has no kit. */
export async function client() {
  if (existsSync(home)) process.env.IMENV_SHARE_SECRET = setting("OPENIM_SECRET")
  // The root of the installation's authority, as a user would add it.
  const root = `${home}/ca/ca.pem`
  if (existsSync(root)) tls.setDefaultCACertificates([...tls.getCACertificates("default"), readFileSync(root, "utf8")])
  return { ...(await import("../../stacks/openim/support/im.js")), ...(await import("../../stacks/openim/support/sdk.js")) }
}

export async function newUsers(count: number): Promise<{ userID: string; token: string }[]> {
  const { Admin } = await client()
  return (await Admin.login()).newUsers("browser", count)
}

/** They log in for each exchange: what the SDK cannot do after a lost connection is not what is tested here. */
export async function newPair(): Promise<Pair> {
  const { Admin, SdkUser, singleConversation, textIn } = await client()
  const [ann, bob] = await (await Admin.login()).newUsers("deploy", 2)
  if (!ann || !bob) throw new Error("no users")
  const fresh = async ({ account }: typeof ann) => (await Admin.login()).loginUser(account)
  let received: string[] = []
  return {
    send: async (text) => {
      // As an application does: a refused login is tried again, with another token. Two of the same second are the same token, and the
      // server may have taken back the first.
      const from = await eventually("the sender is logged in", async () => SdkUser.login(await fresh(ann)))
      const to = await eventually("the receiver is logged in", async () => SdkUser.login(await fresh(bob)))
      try {
        const begun = to.received.length
        await from.sendText(bob.userID, text)
        for (let wait = 0; wait < 300 && to.received.length === begun; wait++) await new Promise((resolve) => setTimeout(resolve, 100))
        received = to.received.map((message) => message.textElem?.content ?? "")
      } finally {
        await Promise.allSettled([from.logout(), to.logout()])
      }
    },
    received: () => received,
    // From the server: the SDK has only what it has synchronised by then.
    history: async () => {
      const messages = await (await fresh(bob)).pull(singleConversation(ann.userID, bob.userID))
      return messages.filter(({ contentType }) => contentType === 101).map(textIn)
    },
  }
}

/** One message, which must arrive while the other is connected: its text. */
export async function exchange(users: Pair): Promise<string> {
  const text = `hello ${randomUUID().slice(0, 8)}`
  await users.send(text)
  if (!users.received().includes(text)) throw new Error(`${text} did not arrive within 30 s: ${JSON.stringify(users.received())}`)
  return text
}
