import { spawnSync } from "node:child_process"
import { describe, expect, test } from "vitest"
import { change, publicName, setting, works } from "../support/kit.js"
import { containersOf } from "../support/machine.js"

/** The client's own tests in Chromium, with users of both clients. */
function usersOfBothClients(): void {
  const url = (port: string) => `http://${publicName}:${setting(port)}`
  const ran = spawnSync("node", ["--test", "browser/page.test.ts"], {
    cwd: "tests/deploy/examples/im-app/client",
    env: { ...process.env, CLIENT_URL: url("CLIENT_PORT"), OTHER_CLIENT_URL: url("CLIENT_NEXT_PORT") },
    encoding: "utf8",
    timeout: 280_000,
  })
  expect(ran.status, `${ran.stdout}\n${ran.stderr}`).toBe(0)
  expect(ran.stdout).toMatch(/\bpass [1-9]/)
}

export function imAppCases(): void {
  describe("the IM application as its users have it", () => {
    test("two users of both clients: live messages, a picture, 500 messages of history", () => {
      // A page that sends 500 messages one after the other is no usual client.
      change("RATE_LIMIT", "0")
      works("deploy", "--ignore=disk")
      usersOfBothClients()
    })

    test("the same with two instances of the API", () => {
      works("scale", "backend=2")
      expect(containersOf("backend")).toHaveLength(2)
      usersOfBothClients()
      works("scale", "backend=1")
    })
  })
}
