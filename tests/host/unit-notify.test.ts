// openimctl notify test, and the notices of update and backup, with real servers for HTTP and SMTP on this machine.
import { createServer as httpServer, type IncomingMessage, type Server } from "node:http"
import { type AddressInfo, createServer, type Server as NetServer } from "node:net"
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest"
import { backupImage as image, ordersPart, shopWithBackups } from "./backupFixture"
import { IMAGES, Kit } from "./kit"

const secret = ["NOTIFY_WEBHOOK_URL", "NOTIFY_DINGTALK_URL", "NOTIFY_DINGTALK_SECRET", "NOTIFY_FEISHU_URL", "NOTIFY_FEISHU_SECRET"]
const names = [...secret, "NOTIFY_WHEN", "NOTIFY_MAIL_TO", "NOTIFY_SMTP_URL", "NOTIFY_SMTP_USER", "NOTIFY_SMTP_PASSWORD"]
const deployment = shopWithBackups(names, [ordersPart], secret)

interface Posted {
  path: string
  body: Record<string, unknown>
}

let ready: Kit | undefined
let kit: Kit
let servers: (Server | NetServer)[] = []
let posted: Posted[] = []

beforeEach(async () => {
  posted = []
  if (!ready) {
    ready = new Kit({ images: [...IMAGES, image] })
    ready.write("deployment.json", JSON.stringify(deployment))
    expect((await ready.run(["deploy", "--address=http://shop.test:18080"])).code).toBe(0)
  }
  kit = ready.copy()
  kit.write("deployment.json", JSON.stringify(deployment))
})
afterEach(() => {
  for (const server of servers) server.close()
  servers = []
  kit.remove()
})
afterAll(() => ready?.remove())

const set = (lines: Record<string, string>) =>
  kit.write(
    ".env",
    `${kit.read(".env")}${Object.entries(lines)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join("")}`,
  )

async function listening(server: Server | NetServer): Promise<number> {
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  return (server.address() as AddressInfo).port
}

/** Notes what is posted, and answers with this text. */
async function http(answer: string, status = 200): Promise<string> {
  const server = httpServer(async (request: IncomingMessage, response) => {
    let text = ""
    for await (const chunk of request) text += chunk
    posted.push({ path: request.url ?? "", body: JSON.parse(text) as Record<string, unknown> })
    response.writeHead(status).end(answer)
  })
  return `http://127.0.0.1:${await listening(server)}`
}

/** As far as a client needs it; it keeps all lines that it got. */
async function smtp(): Promise<{ port: number; lines: string[] }> {
  const lines: string[] = []
  const server = createServer((socket) => {
    let data = false
    let rest = ""
    socket.on("error", () => {})
    socket.write("220 mail.test ESMTP\r\n")
    socket.on("data", (chunk) => {
      rest += chunk
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        lines.push(line)
        if (data) {
          if (line !== ".") continue
          data = false
          socket.write("250 taken\r\n")
        } else if (/^EHLO/i.test(line)) socket.write("250-mail.test\r\n250 AUTH PLAIN\r\n")
        else if (/^DATA/i.test(line)) {
          data = true
          socket.write("354 go on\r\n")
        } else if (/^STARTTLS/i.test(line)) socket.write("502 not here\r\n")
        else socket.write(/^QUIT/i.test(line) ? "221 bye\r\n" : "250 fine\r\n")
      }
    })
  })
  return { port: await listening(server), lines }
}

describe("notify test", () => {
  test("sends to every channel that .env names, signed where it has a secret, and prints the result of each", async () => {
    const mail = await smtp()
    const base = await http('{"errcode":0,"code":0}')
    set({
      NOTIFY_MAIL_TO: "admin@example.org",
      NOTIFY_SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      NOTIFY_WEBHOOK_URL: `${base}/hook`,
      NOTIFY_DINGTALK_URL: `${base}/ding?access_token=t`,
      NOTIFY_DINGTALK_SECRET: "SECding",
      NOTIFY_FEISHU_URL: `${base}/feishu`,
      NOTIFY_FEISHU_SECRET: "SECfeishu",
    })
    const done = await kit.run(["notify", "test"])
    expect(done.stderr).toBe("")
    expect(done.code).toBe(0)
    for (const kind of ["mail", "webhook", "dingtalk", "feishu"]) expect(done.stdout).toMatch(new RegExp(`${kind} +sent`))
    const [ding, feishu, hook] = [...posted].sort((one, other) => one.path.localeCompare(other.path))
    expect(ding?.path).toMatch(/^\/ding\?access_token=t&timestamp=\d{13}&sign=[\w%]+$/)
    expect(feishu?.body).toMatchObject({ msg_type: "text", sign: expect.any(String), timestamp: expect.stringMatching(/^\d{10}$/) })
    expect(hook).toMatchObject({ path: "/hook", body: { state: "ok", title: "test", project: "shop" } })
    expect(mail.lines).toContain("RCPT TO:<admin@example.org>")
    expect(mail.lines).toContain("Subject: [shop] OK: test")
    expect(mail.lines).toContain("This is a test: notices of this installation arrive here.")
  })

  test("a refusal, a server that does not answer and a password without TLS are named; exit code 1", async () => {
    const mail = await smtp()
    set({
      NOTIFY_DINGTALK_URL: `${await http('{"errcode":310000,"errmsg":"sign not match"}')}/`,
      NOTIFY_WEBHOOK_URL: "http://127.0.0.1:9/hook-with-a-token",
      NOTIFY_MAIL_TO: "admin@example.org",
      NOTIFY_SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      NOTIFY_SMTP_USER: "im",
      NOTIFY_SMTP_PASSWORD: "sesame-open",
    })
    const done = await kit.run(["notify", "test"])
    expect(done.stdout).toMatch(/dingtalk +it refused: 310000 sign not match/)
    expect(done.stdout).toMatch(/webhook +(connect ECONNREFUSED|bad port)/)
    expect(done.stdout).toMatch(/mail +.*STARTTLS/)
    expect(mail.lines.filter((line) => /^AUTH/i.test(line))).toEqual([])
    expect(done.stderr).toContain("not sent by mail, webhook, dingtalk")
    expect(done.stdout + done.stderr).not.toContain("hook-with-a-token")
    expect(done.code).toBe(1)
  })

  test("without a channel it says which settings make one; an unknown one is answered with the nearest name", async () => {
    const none = await kit.run(["notify", "test"])
    expect(none.stderr).toContain("set NOTIFY_MAIL_TO with NOTIFY_SMTP_URL, NOTIFY_WEBHOOK_URL")
    expect(none.code).toBe(4)
    set({ NOTIFY_WEBHOOK_URL: `${await http("")}/` })
    const odd = await kit.run(["notify", "test", "webhok"])
    expect(odd.stderr).toContain("webhook")
    expect(odd.code).toBe(2)
    expect((await kit.run(["notify", "tset"])).stderr).toContain("test")
  })
})

describe("notices", () => {
  const states = () => posted.map(({ body }) => [body["state"], body["title"]])

  test("a backup reports its end, a failed one why; a secret is not in it", async () => {
    set({ NOTIFY_WEBHOOK_URL: `${await http("")}/` })
    expect((await kit.run(["backup"])).code).toBe(0)
    kit.fakeDocker({ dumpFails: "orders" })
    expect((await kit.run(["backup"])).code).toBe(1)
    expect(states()).toEqual([
      ["ok", "backup full"],
      ["failed", "backup full"],
    ])
    expect(JSON.stringify(posted[0]?.body["lines"])).toMatch(/backup_\d{8}_\d{6} in/)
    expect(JSON.stringify(posted[1]?.body["lines"])).toContain("orders could not be saved")
    expect(JSON.stringify(posted)).not.toContain(kit.value("DATABASE_PASSWORD"))
  })

  test("NOTIFY_WHEN=failed leaves out good news, and a channel that fails changes nothing of the result", async () => {
    set({ NOTIFY_WEBHOOK_URL: `${await http("", 503)}/`, NOTIFY_WHEN: "failed" })
    expect((await kit.run(["backup"])).code).toBe(0)
    expect(states()).toEqual([])
    kit.fakeDocker({ dumpFails: "orders" })
    const done = await kit.run(["backup"])
    expect(done.stderr).toContain("the notice by webhook was not taken: it answered 503")
    expect(done.stderr).toContain("orders could not be saved")
    expect(done.code).toBe(1)
  })

  test("a call that is refused before it touches anything is not news", async () => {
    set({ NOTIFY_WEBHOOK_URL: `${await http("")}/` })
    expect((await kit.run(["rollback"])).code).toBe(4)
    expect((await kit.run(["update", `--kit=${kit.folder}`])).code).toBe(4)
    expect(states()).toEqual([])
  })
})
