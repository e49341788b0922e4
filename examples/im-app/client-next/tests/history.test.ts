import assert from "node:assert/strict"
import { test } from "node:test"
import { History } from "../lib/history.ts"

const message = (id: number) => ({ id, room: "lobby", author: "ann", text: `message ${id}`, sent: "2026-01-01T00:00:00Z" })
const ids = (history: History) => history.messages.map(({ id }) => id)

test("older pages come in front, live messages behind, and each once", () => {
  const history = new History()
  history.add(message(7))
  history.addOlder({ messages: [5, 6, 7].map(message), more: true })
  history.add(message(9), message(8))
  history.addOlder({ messages: [3, 4].map(message), more: true })
  assert.deepEqual(ids(history), [3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual([history.oldest, history.newest, history.more], [3, 9, true])
})

test("the first page of all is the last one that is loaded", () => {
  const history = new History()
  history.addOlder({ messages: [1, 2].map(message), more: false })
  assert.equal(history.more, false)
})

test("a removed message is gone, and an unknown one does not matter", () => {
  const history = new History()
  history.add(...[1, 2, 3].map(message))
  history.remove(2)
  history.remove(9)
  assert.deepEqual(ids(history), [1, 3])
})
