// Failures that users of compose kits report, by the numbers of docs/operate.md: what is printed for those that no other case provokes.

import { execFileSync } from "node:child_process"
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { eventually } from "../stacks/openim/support/eventually.js"
import { begin, home, openimctl, refuses, setting, works } from "./support/kit.js"
import { allContainers, containerOf, docker } from "./support/machine.js"

const deploy = ["deploy", "--ignore=disk"]
const env = join(home, ".env")

/** With other lines at the end of .env, and then without them; nothing may have been started or stopped. */
async function withLines(lines: string, work: () => unknown): Promise<void> {
  const [text, before] = [readFileSync(env, "utf8"), allContainers()]
  appendFileSync(env, lines)
  try {
    await work()
  } finally {
    writeFileSync(env, text)
  }
  expect(allContainers()).toEqual(before)
}

export function failureCases(): void {
  describe("failures that users report", () => {
    test("1: a store that does not come up is named, with its last lines; what runs goes on", () => {
      const text = readFileSync(env, "utf8")
      // Something that is not Kafka.
      appendFileSync(env, "OPENIM_KAFKA_IMAGE=openim/stand-in-web:test\n")
      const before = containerOf("server")
      refuses([...deploy, "--timeout=8"], "kafka did not start: ", "What is healthy stays running; run the same command again")
      writeFileSync(env, text)
      expect(containerOf("server")).toBe(before)
      works(...deploy)
    })

    test("6: a program that is dead in a container that is up", async () => {
      docker("exec", containerOf("server"), "pebble", "stop", "openim-api")
      const { code, out } = openimctl(["health"])
      expect(out).toContain("not healthy: ")
      expect(code).toBe(3)
      docker("exec", containerOf("server"), "pebble", "start", "openim-api")
      await eventually("it is healthy again", () => works("health"), { within: 60, every: 2000 })
    })

    test("7, 14: an image that the registry does not have, and one of another kit", async () => {
      const registry = createServer((asked, answer) => {
        const found = asked.url === "/v2/"
        answer.writeHead(found ? 200 : 404, { "content-type": "application/json" })
        answer.end(found ? "{}" : JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] }))
      })
      await new Promise<void>((resolve) => registry.listen(5999, "127.0.0.1", resolve))
      try {
        await withLines("OPENIM_CHAT_IMAGE=127.0.0.1:5999/openim/openim-chat:v1.0.0\n", async () => {
          const { code, err } = await begin(...deploy).ended
          expect(err).toContain("openim-chat:v1.0.0 (chat) is not available: the registry says:")
          expect(err).toContain("chat is 1.0.0, but this kit was tested with")
          expect(code).toBe(4)
        })
      } finally {
        await new Promise((resolve) => registry.close(resolve))
      }
    })

    test("8: a registry that cannot be reached", () =>
      withLines("OPENIM_CHAT_IMAGE=127.0.0.1:1/openim/openim-chat:v99.0.0\n", () =>
        refuses(deploy, "the registry cannot be reached", "images/"),
      ))

    test("11, 13: a version that the data does not allow", () =>
      withLines("OPENIM_SERVER_IMAGE=127.0.0.1:1/openim/openim-server:v3.4.0\n", () =>
        refuses(deploy, "→ 3.4.0 goes back over 3.", "nothing was started or stopped"),
      ))

    test("20: an image for another architecture", () => {
      execFileSync("tar", ["-cf", "/tmp/image.tar", "-C", home, "env.template"])
      docker("import", "--platform", "linux/arm64", "/tmp/image.tar", "openim/other-machine:1")
      return withLines("OPENIM_CHAT_IMAGE=openim/other-machine:1\n", () =>
        refuses(deploy, "openim/other-machine:1 is for arm64, this machine is amd64"),
      )
    })

    test("23: a page and an API of two origins", () =>
      withLines(`PUBLIC_URL=${setting("PUBLIC_URL").replace("https:", "http:")}\n`, () => refuses(deploy, "but TLS is internal")))

    test("24: a setting without an effect", () =>
      withLines("REDIS_PASWORD=x\n", () => {
        const { out, err } = openimctl(["env", "check"])
        expect(out + err).toContain("did you mean REDIS_PASSWORD?")
        expect(works("env", "show", "REDIS_PASSWORD")).toContain("redis")
      }))
  })
}
