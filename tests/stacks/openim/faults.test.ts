// Programs are killed while messages are sent: what was acknowledged is there afterwards, and all goes on without help.

import { afterEach, beforeAll, describe, expect, it } from "vitest"
import { openConversations } from "./load/conversations.js"
import { Load } from "./load/sender.js"
import { failedBatches, type Step, type Whereabouts, whereabouts } from "./load/whereabouts.js"
import { checkerOf } from "./support/checkers.js"
import { eventually } from "./support/eventually.js"
import { concerns } from "./support/failedLogs.js"
import { deliver } from "./support/flow.js"
import { Admin } from "./support/im.js"
import { kill, stateOf } from "./support/pebble.js"
import { groupConsumes, lagOf, topics } from "./support/queue.js"
import { keepFigure } from "./support/results.js"
import { say } from "./support/say.js"
import { type Program, programNamed, programs, titleOf } from "./support/stack.js"

interface Fault {
  killed: string
  /** At which steps OpenIM itself may give messages up, see load/whereabouts.ts. They are counted in the figures. */
  mayGiveUp?: Step[]
  conversations?: number
  perSecond?: number
  /** Messages after the program is good again. */
  after?: number
  /** In the figures. */
  name?: string
}

/** Messages before the kill. */
const before = 60

let admin: Admin

beforeAll(async () => {
  admin = await Admin.login()
})

afterEach(async () => {
  await Promise.all(programs().map((program) => eventually(`${titleOf(program)} is good`, checkerOf(program).check, { within: 40 })))
  await messagesPass()
})

describe("when a program of OpenIM is killed, no acknowledged message is lost", () => {
  it("openim-rpc-msg, which takes messages", async () => {
    await survives({ killed: "openim-rpc-msg" })
  })

  it("openim-push, which brings messages to their receivers", async () => {
    await survives({ killed: "openim-push" })
  })

  it("openim-msgtransfer, which stores messages", async () => {
    await survives({ killed: "openim-msgtransfer" })
  })
})

describe("when what OpenIM needs is killed, no acknowledged message is lost but those that OpenIM itself gives up", () => {
  it("Redis: every message is stored, unless Redis comes back later than OpenIM tries", async () => {
    await survives({ killed: "redis", mayGiveUp: ["cache"] })
  })

  it("Kafka: every message can be read; those that were on their way may be in the cache only", async () => {
    await survives({ killed: "kafka", mayGiveUp: ["queue"] })
  })

  it("the store: every message can be read; those that were being written may be in the cache only", async () => {
    const failedBefore = await failedBatches()
    const { batchesGivenUp } = await survives({ killed: "mongodb-stand-in", mayGiveUp: ["store"] })
    // What is missing for another reason than a write that failed, the store had confirmed and then forgot.
    const failed = (await failedBatches()) - failedBefore
    expect(batchesGivenUp, `batches missing in the store, of which ${failed} at most are writes that failed`).toBeLessThanOrEqual(failed)
  })
})

// What OpenIM does not survive, so that nobody takes the tests above for more than they are: msgtransfer drops all that waits for it
// of a conversation once that is more than 100 messages, for instance what a large group says while it starts again. Those that it
// had in the cache, but not yet in topic toMongo when it was killed, come again with the others and are dropped with them.
describe("when more than 100 messages of one conversation wait for msgtransfer", () => {
  it("they are given up by OpenIM, and nothing else is lost", async () => {
    const name = "openim-msgtransfer, with one busy conversation"
    await survives({ killed: "openim-msgtransfer", name, conversations: 1, perSecond: 60, after: 200, mayGiveUp: ["cache", "queue"] })
  })
})

/**
 * msgtransfer takes up to 500 messages at once (size in online_history_msg_handler.go), so at most 25 of each of 20 conversations that
 * take turns: far from the 100 of the last test, however long it was away.
 */
async function survives(fault: Fault): Promise<Whereabouts> {
  const { killed, mayGiveUp = [], conversations: count = 20, perSecond = 40, after = 60, name = killed } = fault
  const program = programNamed(killed)
  concerns(killed, "openim-msgtransfer", "openim-rpc-msg")
  const conversations = await openConversations(admin, "faults", count)
  const load = new Load(admin, conversations, perSecond)
  let at: number
  try {
    await load.acknowledges(before, 0)
    const running = await stateOf(program)
    at = Date.now()
    await kill(program)
    say(`killed ${killed} after ${load.attempts.length} messages`)
    await startsAgain(program, running["current-since"])
    say(`${killed} is good again after ${seconds(Date.now() - at)} s`)
    await load.acknowledges(after, Date.now())
  } finally {
    await load.end()
  }
  expect(
    load.refused.filter(({ answered }) => answered < at).map(({ problem }) => problem),
    "refused before the kill",
  ).toEqual([])
  await workedOff()
  const throughAfter = Date.now() - at

  const { acknowledged, refused } = load
  const found = await whereabouts(acknowledged, conversations)
  const { cache, queue, store } = found.givenUp
  const sum = `${acknowledged.length} messages acknowledged, ${refused.length} not`
  const note = `${sum}; ${found.whole.length} of those acknowledged are stored and can be read`
  keepFigure({ name: `${name} killed: messages are taken again after`, value: seconds(takenAgain(load, at) - at), unit: "s", note })
  keepFigure({
    name: `${name} killed: all are through after`,
    value: seconds(throughAfter),
    unit: "s",
    note: `${found.twice} are stored twice`,
  })
  keepFigure({ name: `${name} killed: given up by OpenIM, in the cache only`, value: queue.length + store.length, unit: "messages" })
  keepFigure({ name: `${name} killed: given up by OpenIM, nobody can read them`, value: cache.length, unit: "messages" })

  const lost = found.lost.map(({ message, why }) => `${message.text} in ${message.conversation.id}: ${why}`)
  expect(lost.slice(0, 10), `${lost.length} lost`).toEqual([])
  for (const step of ["cache", "queue", "store"] as const) {
    if (!mayGiveUp.includes(step))
      expect(
        found.givenUp[step].map(({ text }) => text),
        `given up at the step ${step}`,
      ).toEqual([])
  }
  return found
}

async function startsAgain(program: Program, since: string | undefined): Promise<void> {
  await eventually(
    `the supervisor starts ${titleOf(program)} again`,
    async () => {
      const { current, "current-since": now } = await stateOf(program)
      if (current !== "active" || now === since) throw new Error(`it is ${current} since ${now}`)
    },
    { within: 60, every: 50 },
  )
  await eventually(`${titleOf(program)} is good`, checkerOf(program).check, { within: 60 })
}

/** The answer to the first message that was acknowledged after the last refusal, if there was any. */
function takenAgain({ acknowledged, refused }: Load, at: number): number {
  const since = Math.max(at, ...refused.map(({ begun }) => begun))
  return Math.min(...acknowledged.filter(({ begun }) => begun >= since).map(({ answered }) => answered))
}

/** Nothing waits for msgtransfer: first what comes in, then what that has become. */
async function workedOff(): Promise<void> {
  for (const [group, topic] of [
    ["redis", topics.toRedis],
    ["mongo", topics.toMongo],
  ]) {
    await eventually(
      `topic ${topic} is worked off`,
      async () => {
        const lag = lagOf(await groupConsumes(group), topic)
        if (lag > 0) throw new Error(`${lag} records wait`)
      },
      { within: 90 },
    )
  }
}

/**
 * Through every program that a message passes. Tried again, because each program's first write over a connection to a store that
 * is gone fails (the driver tries again only where the store is a replica set).
 */
async function messagesPass(): Promise<void> {
  await eventually(
    "new users become friends, found a group and send a message",
    async () => {
      const [one, other] = await admin.newUsers("faults", 2)
      await admin.importFriends(one.userID, [other.userID])
      await one.createGroup("after the fault", [other.userID])
      await deliver(one, other, "after the fault", { within: 10 })
    },
    { within: 40 },
  )
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 10) / 100
}
