import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, test } from "vitest"
import { GrpcClient, textField } from "../support/grpc.js"
import { begin, home, publicName, setting, works } from "../support/kit.js"
import { containersOf } from "../support/machine.js"
import { imageOf, newerKit } from "../support/newerKit.js"
import { inBrowser } from "./pages.js"

const quick = ["--ignore=disk", "--drain=5"]
const services = () => containersOf("app", { stopped: true })

interface Measured {
  code: number
  text: string
  requests: number
  failed: string[]
}

/** How openimctl ended, and what became of the requests that four clients sent meanwhile by HTTP, and one by gRPC. */
async function underLoad(...words: string[]): Promise<Measured> {
  const url = `http://${publicName}:${setting("API_PORT")}/v1/check`
  const measured = { requests: 0, failed: [] as string[] }
  let ended = false
  const client = async (number: number) => {
    while (!ended) {
      measured.requests += 1
      try {
        const body = JSON.stringify({ text: `text ${measured.requests} of ${number}` })
        const answer = await fetch(url, { method: "POST", body, headers: { "Content-Type": "application/json" } })
        if (!answer.ok) measured.failed.push(`${answer.status} ${await answer.text()}`)
      } catch (error) {
        measured.failed.push(String((error as Error).cause ?? error))
      }
      // The edge has a limit for each address.
      await sleep(100)
    }
  }
  // One connection for all of its requests: it stays with no container.
  const grpc = new GrpcClient(`http://${publicName}:${setting("GRPC_PORT")}`)
  const grpcClient = async () => {
    while (!ended) {
      measured.requests += 1
      const answer = await grpc
        .call("/xredline.v1.Redline/Check", textField(1, `text ${measured.requests}`))
        .catch((error: Error) => ({ status: undefined, words: error.message }))
      if (answer.status !== 0) measured.failed.push(`gRPC ${answer.status} ${answer.words}`)
      await sleep(100)
    }
  }
  const clients = [...[1, 2, 3, 4].map(client), grpcClient()]
  const { code, out, err } = await begin(...words, ...quick).ended
  ended = true
  await Promise.all(clients)
  grpc.close()
  expect(measured.requests).toBeGreaterThan(50)
  return { code, text: `${out}\n${err}`, ...measured }
}

export function kratosCases(): void {
  describe("Kratos as its users have it", () => {
    test("a rule is made in a browser, and a text that crosses it is named", () =>
      inBrowser(async (open) => {
        const page = await open(setting("WEB_PORT"))
        await page.fill("[name=name]", "browser")
        await page.fill("[name=pattern]", "br.wser")
        await page.fill("[name=token]", "wrong")
        await page.click("text=Save")
        await page.waitForSelector("#message:text('Authorization')")
        await page.fill("[name=token]", readFileSync(join(home, "secrets/auth_token"), "utf8").trim())
        await page.click("text=Save")
        await page.waitForSelector("#rules tr:has-text('br.wser')")
        await page.fill("[name=text]", "a line for the browser")
        await page.click("button:text('Check')")
        await page.waitForSelector("#result:text('crosses a red line: browser')")
      }))

    test("a client of gRPC has a text checked through the edge, and is asked for the token", async () => {
      const client = new GrpcClient(`http://${publicName}:${setting("GRPC_PORT")}`)
      const redline = (method: string, message: Buffer, headers = {}) => client.call(`/xredline.v1.Redline/${method}`, message, headers)
      const rule = Buffer.concat([textField(1, "grpc"), textField(2, "gr.c")])
      expect(await redline("PutRule", rule)).toMatchObject({ status: 16 })
      const authorization = `Bearer ${readFileSync(join(home, "secrets/auth_token"), "utf8").trim()}`
      expect(await redline("PutRule", rule, { authorization })).toMatchObject({ status: 0 })
      const { message } = await redline("Check", textField(1, "a line by grpc"))
      expect(message.includes("grpc")).toBe(true)
      client.close()
    })

    test("a newer service takes over while requests go on", async () => {
      const first = imageOf("app")
      newerKit("newer", "app v99.0.0, newer", "LABEL kit=newer", { service: "app" })
      const { code, text, failed } = await underLoad("update", "--kit=/srv/newer")
      expect(code, text).toBe(0)
      expect([imageOf("app"), services().length]).toEqual([`${first}-newer`, 1])
      expect(failed).toEqual([])
    })

    test("one that does not start is taken back, and no request fails", async () => {
      newerKit("broken", "app v99.1.0, broken", 'ENTRYPOINT ["false"]', { service: "app" })
      const before = [imageOf("app"), ...services()]
      const { code, text, failed } = await underLoad("update", "--kit=/srv/broken", "--timeout=30")
      expect(code, text).toBe(1)
      expect(text).toContain("app did not start")
      expect([imageOf("app"), ...services()]).toEqual(before)
      expect(failed).toEqual([])
      works("health")
    })

    test("rollback goes back to the first one", async () => {
      const { code, text, failed } = await underLoad("rollback")
      expect(code, text).toBe(0)
      expect([imageOf("app").endsWith("-newer"), services().length]).toEqual([false, 1])
      expect(failed).toEqual([])
    })
  })
}
