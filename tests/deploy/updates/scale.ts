// Two containers of the server: each has its own users, and they reach each other.

import { describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { refuses, works } from "../support/kit.js"
import { containerOf, containersOf, docker } from "../support/machine.js"
import { client } from "../support/users.js"

const servers = () => containersOf("server")

/** Connections of the gateway's backend at the edge, for each container that it finds well. */
function sessions(): number[] {
  const ask = "exec 3<>/dev/tcp/127.0.0.1/8407; echo 'show stat' >&3; cat <&3"
  const [heading = "", ...rows] = docker("exec", containerOf("edge"), "bash", "-c", ask).split("\n")
  const names = heading.replace(/^# /, "").split(",")
  return rows
    .map((row) => row.split(","))
    .filter(([backend, name]) => backend === "gateway" && /^server\d/.test(name ?? ""))
    .filter((fields) => fields[names.indexOf("status")]?.startsWith("UP"))
    .map((fields) => Number(fields[names.indexOf("scur")]))
}

export function scaleCases(): void {
  describe("two containers of the server", () => {
    test("what must not run twice is refused, with the reason", () => {
      const before = servers()
      refuses(["scale", "crontask=2"], "crontask must not run twice: it removes old messages and files, and OpenIM has no lock for it")
      refuses(["scale", "redis=2"], "redis cannot run more than once: it keeps data or a port of this machine")
      refuses(["scale", "edge=2"], "these can: server, chat")
      refuses(["scale", "server=9"], "the edge finds at most 4")
      expect(servers()).toEqual(before)
    })

    test("users on two gateways reach each other, and one container runs crontask", async () => {
      const { Admin, SdkUser } = await client()
      works("scale", "api=2", "msggateway=2")
      expect(servers()).toHaveLength(2)
      const tasks = servers().map((id) => docker("exec", id, "pebble", "services", "openim-crontask").split("\n").at(-1) ?? "")
      expect(tasks.filter((line) => /\bactive\b/.test(line))).toHaveLength(1)
      await eventually("the edge knows both", () => expect(sessions()).toEqual([0, 0]))
      const admin = await Admin.login()
      const accounts = (await admin.newUsers("scale", 2)).map(({ account }) => account)
      const users: Awaited<ReturnType<typeof SdkUser.login>>[] = []
      try {
        // The edge gives a new connection to the container that has fewer.
        for (const account of accounts)
          users.push(
            await eventually("a user is logged in", async () => SdkUser.login(await (await Admin.login()).loginUser(account)), {
              within: 60,
            }),
          )
        expect(sessions()).toEqual([1, 1])
        const texts = Array.from({ length: 10 }, (_, number) => `hello ${number}`)
        for (const text of texts)
          for (const [at, user] of users.entries()) await user.sendText(accounts[1 - at]!.userID, `${text} from ${at}`)
        for (const [at, user] of users.entries())
          await eventually("all texts of the other arrive", () => {
            const received = user.received.map(({ textElem }) => textElem?.content ?? "")
            expect(received.sort()).toEqual(texts.map((text) => `${text} from ${1 - at}`).sort())
          })
        expect(sessions()).toEqual([1, 1])
      } finally {
        await Promise.allSettled(users.map((user) => user.logout()))
      }
    })

    test("back to one", () => {
      works("scale", "server=1")
      expect(servers()).toHaveLength(1)
      expect(docker("exec", servers()[0]!, "pebble", "services", "openim-crontask")).toMatch(/\bactive\b/)
      works("health")
    })
  })
}
