// Every checker turns bad when its program is stopped, and good when it returns. One at a time; the others go on.

import { beforeAll, describe, expect, test } from "vitest"
import { checkerOf } from "./support/checkers.js"
import { eventually, eventuallyFails } from "./support/eventually.js"
import { concerns } from "./support/failedLogs.js"
import { deliver } from "./support/flow.js"
import { Admin, newName, type User } from "./support/im.js"
import { start, stop } from "./support/pebble.js"
import { registeredNames, registrationOf } from "./support/registry.js"
import { say } from "./support/say.js"
import { chatPrograms, dependencies, type Program, programs, serverPrograms, titleOf } from "./support/stack.js"

const untilBad = { within: 45 }
// A consumer that left without a word is missed after 10 seconds only.
const untilGood = { within: 60 }

let one: User
let other: User

beforeAll(async () => {
  ;[one, other] = await (await Admin.login()).newUsers("he", 2)
})

describe("what OpenIM needs", () => {
  test.each(dependencies)("%s: bad when it is stopped, good when it returns, and OpenIM works again", async (name) => {
    await turns({ host: name, name })
    concerns("openim-msgtransfer", "openim-rpc-msg", "openim-push")
    await worksAgain()
  })
})

describe("the programs of the server", () => {
  test.each(serverPrograms)("%s: bad when it is stopped, good when it returns", async (name) => {
    await turns({ host: "server", name })
  })
})

describe.skipIf(chatPrograms.length === 0)("the programs of chat", () => {
  test.each(chatPrograms)("%s: bad when it is stopped, good when it returns", async (name) => {
    await turns({ host: "chat", name })
  })
})

test("all are good, and a message goes through them", async () => {
  await Promise.all(programs().map((program) => eventually(`${titleOf(program)} is good`, checkerOf(program).check, untilGood)))
  await worksAgain()
})

/** Registered anew, where it registers: what is left of the run before ends after 30 seconds. */
async function turns(program: Program): Promise<void> {
  concerns(program.name)
  const { what, check } = checkerOf(program)
  const registers = program.name in registeredNames
  await eventually(`at first: ${what}`, check, untilGood)
  const before = registers ? await registrationOf(program.name) : undefined
  await stop(program)
  try {
    const reason = await eventuallyFails(what, check, untilBad)
    say(`${titleOf(program)} is stopped: ${reason}`)
    expect(reason).not.toBe("")
  } finally {
    await start(program)
  }
  await eventually(`afterwards: ${what}`, check, untilGood)
  if (before) {
    await eventually(`${titleOf(program)} is registered anew`, async () => {
      expect((await registrationOf(program.name)).lease).not.toBe(before.lease)
    }, untilGood)
  }
}

/** Their tokens may have been lost with Redis, so they log in anew. */
async function worksAgain(): Promise<void> {
  const admin = await eventually("the administrator logs in", () => Admin.login(), untilGood)
  const from = await eventually("a user logs in", () => admin.loginUser(one.account), untilGood)
  const to = await eventually("another user logs in", () => admin.loginUser(other.account), untilGood)
  await deliver(from, to, newName("well"))
}
