// Pairs of users who write to each other, for as many conversations as a load needs.

import { eventually } from "../support/eventually.js"
import { type Account, type Admin, newName, type PulledMessage, singleConversation, textIn, type User } from "../support/im.js"
import { documents, type StoredEntry, textIn as storedText } from "../support/store.js"

export interface Conversation {
  id: string
  from: Account
  /** Logged in from the start, so that also a login has to outlive what happens. */
  to: User
}

/** Begins when each conversation has a message in the store: everything that a message passes is at work. */
export async function openConversations(admin: Admin, prefix: string, count: number): Promise<Conversation[]> {
  const name = newName(prefix)
  const accounts = Array.from({ length: 2 * count }, (_, index) => ({ userID: `${name}_${index}`, nickname: `${prefix} ${index}` }))
  await eventually("users are registered", () => admin.register(accounts))
  const conversations = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const [from, to] = [accounts[2 * index], accounts[2 * index + 1]]
      const user = await eventually(`${to.userID} logs in`, () => admin.loginUser(to))
      return { id: singleConversation(from.userID, to.userID), from, to: user }
    }),
  )
  let waiting = conversations
  await eventually(
    `a first message of each of ${count} conversations is stored`,
    async () => {
      // Sent again where it did not arrive: after a restart of the store OpenIM's first write fails, see whereabouts.ts.
      await Promise.all(waiting.map(({ from, to }) => admin.sendText(from, to.userID, "the first message")))
      await eventually(
        "they are stored",
        async () => {
          const stored = await storedTexts(waiting)
          waiting = waiting.filter(({ id }) => !stored.get(id)?.length)
          if (waiting.length > 0) throw new Error(`${waiting.length} are not`)
        },
        { within: 10 },
      )
    },
    { within: 60 },
  )
  return conversations
}

/** What the store holds of each conversation. */
export async function storedEntries(conversations: Conversation[]): Promise<Map<string, StoredEntry[]>> {
  const found = new Map<string, StoredEntry[]>(conversations.map(({ id }) => [id, []]))
  const all = conversations.map(({ id }) => id).join("|")
  const stored = await documents<{ doc_id: string; msgs: (StoredEntry | null)[] }>("msg", { doc_id: { $regex: `^(${all}):` } })
  for (const { doc_id: name, msgs } of stored) {
    found.get(name.slice(0, name.lastIndexOf(":")))?.push(...msgs.filter((entry): entry is StoredEntry => Boolean(entry?.msg)))
  }
  return found
}

/** One text for each message, so a message that is there twice counts twice. */
export async function storedTexts(conversations: Conversation[]): Promise<Map<string, string[]>> {
  return new Map([...(await storedEntries(conversations))].map(([id, entries]) => [id, entries.map(storedText)]))
}

/** What the receiver of a conversation gets to read. */
export async function readableTexts({ id, to }: Conversation): Promise<string[]> {
  const newest = (await to.newestSeqs())[id] ?? 0
  const texts: string[] = []
  for (let begin = 1; begin <= newest; begin += page) {
    const pulled = await to.pull(id, begin, Math.min(newest, begin + page - 1))
    texts.push(...pulled.filter(isThere).map(textIn))
  }
  return texts
}

const page = 100

/** For a number that was given to no message, the server makes up an empty one: its content is "" or, as Go writes it, null. */
function isThere({ content }: PulledMessage): boolean {
  return Boolean(content)
}
