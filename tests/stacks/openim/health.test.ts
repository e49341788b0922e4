// Every checker turns bad when its program is stopped, and good when it returns. One at a time; the others go on.

import { beforeAll, describe, expect, test } from "vitest"
import { checkerOf } from "./support/checkers.js"
import { runIn } from "./support/commands.js"
import { eventually, eventuallyFails, type Patience } from "./support/eventually.js"
import { concerns } from "./support/failedLogs.js"
import { deliver } from "./support/flow.js"
import { Admin, newName, type User } from "./support/im.js"
import { start, stop } from "./support/pebble.js"
import { registeredNames, registrationOf } from "./support/registry.js"
import { say } from "./support/say.js"
import { chatPrograms, dependencies, healthCommands, type Program, programs, serverPrograms, titleOf } from "./support/stack.js"

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
    // OpenIM's first write over each connection that the store has lost fails, and is not tried again: that message is lost.
    if (name === "mongodb-stand-in") await eventually("OpenIM writes over new connections", () => worksAgain({ within: 8 }), { within: 80 })
    else await worksAgain(untilGood)
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

describe("the images' own health checks", () => {
  // What an image's users reach; the programs behind it are judged above.
  const fronts = { server: ["openim-api", "openim-msggateway"], chat: ["chat-api", "admin-api"] }
  for (const [host, names] of Object.entries(fronts)) {
    test.skipIf(!(host in healthCommands)).each(names)(`${host} is unhealthy while %s is stopped`, async (name) => {
      concerns(name)
      const program = { host, name }
      const check = async () => {
        const { code, output } = await runIn(host, ["sh", "-c", healthCommands[host]])
        if (code !== 0) throw new Error(`exit code ${code}: ${output.split("\n").at(-1)}`)
      }
      await eventually(`at first: ${host} is healthy`, check, untilGood)
      await stop(program)
      try {
        say(`${titleOf(program)} is stopped: ${await eventuallyFails(`the health check of ${host}`, check, untilBad)}`)
      } finally {
        await start(program)
      }
      await eventually(`afterwards: ${host} is healthy`, check, untilGood)
    })
  }
})

test("all are good, and a message goes through them", async () => {
  await Promise.all(programs().map((program) => eventually(`${titleOf(program)} is good`, checkerOf(program).check, untilGood)))
  await worksAgain(untilGood)
})

/** Registered again, where it registers: what is left of the run before ends after 30 seconds. */
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
    await eventually(
      `${titleOf(program)} is registered again`,
      async () => {
        expect((await registrationOf(program.name)).lease).not.toBe(before.lease)
      },
      untilGood,
    )
  }
}

/** Their tokens may have been lost with Redis, so they log in again. */
async function worksAgain(patience: Patience): Promise<void> {
  const admin = await eventually("the administrator logs in", () => Admin.login(), untilGood)
  const from = await eventually("a user logs in", () => admin.loginUser(one.account), untilGood)
  const to = await eventually("another user logs in", () => admin.loginUser(other.account), untilGood)
  await deliver(from, to, newName("well"), patience)
}
