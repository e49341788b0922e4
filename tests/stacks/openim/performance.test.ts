// How fast and how heavy the stack is. What must hold: no errors, nothing acknowledged is missing, and no ratio is far below what it
// was (load/baseline.ts). Times are figures for the report, never a reason to fail.

import { beforeAll, expect, it } from "vitest"
import { baseline, keepRatios, laterHalf, type Ratios, slowIn, slowing, storeKind } from "./load/baseline.js"
import { type Conversation, openConversations, storedEntries } from "./load/conversations.js"
import { type AcknowledgedMessage, type Measured, runK6 } from "./load/k6.js"
import { checkerOf } from "./support/checkers.js"
import { eventually } from "./support/eventually.js"
import { concerns } from "./support/failedLogs.js"
import { deliver } from "./support/flow.js"
import { Admin } from "./support/im.js"
import { textOf } from "./support/messages.js"
import { start, stop } from "./support/pebble.js"
import { allProcesses } from "./support/processes.js"
import { registeredNames, registrationOf } from "./support/registry.js"
import { keepFigure } from "./support/results.js"
import { say } from "./support/say.js"
import { Connection } from "./support/socket.js"
import { type Program, programs, titleOf } from "./support/stack.js"
import { textIn } from "./support/store.js"

/** Enough conversations that no hundred messages of one can come to msgtransfer together, which would drop them (load/whereabouts.ts). */
const conversationCount = 40
const request = { reference: { clients: 10, seconds: 5 }, messages: { clients: 10, count: 2000, seconds: 15 } }

/** Something else may keep the machine busy just then: only what is slow each time is slow. */
const runs = 3

const pushes = 30

let admin: Admin

beforeAll(async () => {
  admin = await Admin.login()
})

it("takes messages and stores every one that it acknowledged, not much slower than the baseline", async () => {
  concerns("openim-rpc-msg", "openim-msgtransfer")
  const conversations = await openConversations(admin, "load", conversationCount)
  const usual = baseline()
  for (let run = 1; ; run++) {
    const measured = await runK6(admin, conversations, request)
    expect(measured.problems.slice(0, 10), `${measured.problems.length} requests failed`).toEqual([])
    const through = await allStored(measured.acknowledged)
    const ratios = keepFigures(measured, through, usual)
    keepRatios(ratios)
    const later = laterHalf(measured.begun, measured.answered)
    keepFigure({
      name: "the second half of the messages to the first",
      value: rounded(later),
      unit: "ratio",
      note: "how fast they were taken",
    })
    if (usual === undefined) say(`there is no baseline for ${storeKind}: only what one run shows is compared`)
    const slow = [...slowIn(ratios, usual), ...slowing(later)]
    if (slow.length === 0) return
    say(`run ${run} of ${runs} is slow: ${slow.join("; ")}`)
    if (run === runs) expect(slow, `in ${runs} runs`).toEqual([])
  }
})

it("pushes a message to its receiver while it is connected", async () => {
  const [from, to] = await admin.newUsers("load", 2)
  const receiver = await Connection.open(to)
  try {
    const times: number[] = []
    for (let number = 0; number < pushes; number++) {
      const text = `push ${number}`
      const begun = performance.now()
      await admin.sendText(from.account, to.userID, text)
      await eventually(
        `${text} is pushed`,
        () => {
          if (!receiver.pushed.some((message) => message.contentType === 101 && textOf(message) === text)) throw new Error("not yet")
        },
        { every: 2 },
      )
      times.push(performance.now() - begun)
    }
    times.sort((one, other) => one - other)
    const note = `${pushes} messages one after the other`
    keepFigure({ name: "from sending to the push, median", value: Math.round(times[pushes / 2]), unit: "ms", note })
    keepFigure({ name: "from sending to the push, slowest", value: Math.round(times[pushes - 1]), unit: "ms" })
  } finally {
    receiver.close()
  }
})

it("has every program in memory", async () => {
  const found = await allProcesses()
  expect(found.map(titleOf).sort()).toEqual(programs().map(titleOf).sort())
  for (const program of found) {
    const value = Math.round(program.peakMemory / 1e6)
    keepFigure({ name: `memory of ${titleOf(program)}`, value, unit: "MB", note: "the most since it started" })
  }
})

it("starts every program of OpenIM again", async () => {
  for (const program of programs().filter(({ host }) => host === "server" || host === "chat")) {
    const { registered, good } = await startTimes(program)
    const note = `${registered === undefined ? "" : "until it is registered; "}${checkerOf(program).what} after ${good} s`
    keepFigure({ name: `start of ${titleOf(program)}`, value: registered ?? good, unit: "s", note })
  }
  const [one, other] = await admin.newUsers("load", 2)
  await deliver(one, other, "after all were started again")
})

/** Waits until the store has each message under its ID with its text; gives the time when it had. */
async function allStored(acknowledged: AcknowledgedMessage[]): Promise<number> {
  let waiting = acknowledged
  await eventually(
    `all ${acknowledged.length} acknowledged messages are stored`,
    async () => {
      const stored = await storedEntries([...new Set<Conversation>(waiting.map(({ conversation }) => conversation))])
      const texts = new Map([...stored.values()].flat().map((entry) => [entry.msg.server_msg_id, textIn(entry)]))
      waiting = waiting.filter(({ serverMsgID, text }) => texts.get(serverMsgID) !== text)
      if (waiting.length > 0) throw new Error(`${waiting.length} are not, the first: ${waiting[0].text} in ${waiting[0].conversation.id}`)
    },
    { within: 90 },
  )
  return Date.now()
}

function keepFigures(measured: Measured, through: number, usual: Ratios | undefined): Ratios {
  const { acknowledged, latency, messageRate, referenceRate, begun, ended } = measured
  const storedRate = acknowledged.length / ((through - begun) / 1000)
  const ratios = { taken: rounded(messageRate / referenceRate), stored: rounded(storedRate / referenceRate) }
  const { clients } = request.messages
  const note = `${acknowledged.length} messages by ${clients} clients`
  keepFigure({ name: "messages taken", value: Math.round(messageRate), unit: "1/s", note })
  keepFigure({ name: "messages stored", value: Math.round(storedRate), unit: "1/s", note: "until the last of them was in the store" })
  keepFigure({ name: "the store had all after the last answer", value: Math.round((through - ended) / 10) / 100, unit: "s" })
  keepFigure({ name: "taking a message, median", value: Math.round(latency.med), unit: "ms", note: `${clients} clients at a time` })
  keepFigure({ name: "taking a message, p95", value: Math.round(latency["p(95)"]), unit: "ms" })
  keepFigure({ name: "taking a message, p99", value: Math.round(latency["p(99)"]), unit: "ms" })
  keepFigure({ name: "reference requests", value: Math.round(referenceRate), unit: "1/s", note: "/user/get_users_info, just before" })
  keepFigure({ name: "messages taken for each reference request", value: ratios.taken, unit: "ratio", baseline: usual?.taken })
  keepFigure({ name: "messages stored for each reference request", value: ratios.stored, unit: "ratio", baseline: usual?.stored })
  return ratios
}

interface StartTimes {
  /** Undefined for a program that does not register itself. OpenIM's programs do when all else is done. */
  registered?: number
  /** Includes until others have connected to it again. */
  good: number
}

/** Seconds from the supervisor's start. */
async function startTimes(program: Program): Promise<StartTimes> {
  const registers = program.name in registeredNames
  const before = registers ? (await registrationOf(program.name)).lease : ""
  await stop(program)
  const begun = performance.now()
  const passed = () => Math.round(performance.now() - begun) / 1000
  // The supervisor looks on for a second before it says that it has started.
  const started = start(program)
  const patience = { within: 60, every: 20 }
  let registered: number | undefined
  if (registers) {
    await eventually(
      `${titleOf(program)} is registered again`,
      async () => {
        if ((await registrationOf(program.name)).lease === before) throw new Error("what is registered is still the one before")
      },
      patience,
    )
    registered = passed()
  }
  await eventually(`${titleOf(program)} is good`, checkerOf(program).check, patience)
  const good = passed()
  await started
  return { registered, good }
}

function rounded(ratio: number): number {
  return Number(ratio.toPrecision(3))
}
