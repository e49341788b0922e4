// The profile calls on a machine with a real Docker daemon: a token from chat, a room, and video that arrives, in a real browser.

import { execFileSync } from "node:child_process"
import { createHash, createHmac, randomBytes } from "node:crypto"
import { createSocket, type Socket } from "node:dgram"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { openBrowser } from "../support/browser.js"
import { change, publicName, refuses, setting, works } from "../support/kit.js"
import { stopDaemon } from "../support/machine.js"
import { prepareMachine } from "../support/prepared.js"
import { client } from "../support/users.js"

/** What the page call.html offers. */
interface Call {
  join(url: string, token: string): Promise<void>
  seen(): { frames: number; width: number }
  way(): Promise<{ address?: string; port?: number; protocol?: string }>
  leave(): Promise<void>
}

declare global {
  var call: Call
}

interface Ticket {
  serverUrl: string
  token: string
}

const deploy = ["deploy", "--ignore=disk", "--profiles=frontend,calls"]
/** Of the machine, as its containers and its browser reach it. */
const address = "172.17.0.1"
const publicPair = { LIVEKIT_KEY: "APIGPW3gnFTzqHH", LIVEKIT_SECRET: "23ztfSqsfQ8hKkHzHTl3Z4bvaxro0snjk5jwbp5p6Q3" }

let browser: Browser

beforeAll(async () => {
  await prepareMachine()
})

afterAll(async () => {
  await browser?.close()
  await stopDaemon()
})

const bound = (port: number) =>
  new Promise<Socket>((done, failed) => {
    const socket = createSocket("udp4")
    socket.once("error", failed).bind(port, () => done(socket))
  })

/** A new account of chat, and what chat gives it for a room. */
async function ticket(room: string): Promise<Ticket> {
  const { call } = await client()
  const base = `https://${publicName}/chat`
  const user = {
    nickname: "caller",
    areaCode: "+86",
    phoneNumber: `1${String(Math.floor(Math.random() * 1e10)).padStart(10, "0")}`,
    password: createHash("md5").update(randomBytes(8)).digest("hex"),
  }
  const request = { verifyCode: setting("VERIFICATION_CODE"), platform: 5, autoLogin: true, user }
  const { userID, chatToken } = await call<{ userID: string; chatToken: string }>("/account/register", request, { base })
  return call<Ticket>("/user/rtc/get_token", { room, identity: userID }, { base, token: chatToken })
}

async function joined(room: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`https://${publicName}/call.html`)
  const { serverUrl, token } = await ticket(room)
  await page.evaluate(([url, words]) => globalThis.call.join(url, words), [serverUrl, token] as const)
  return page
}

/** Two users in a room see each other: by which way. */
async function seeEachOther(room: string) {
  const pages = [await joined(room), await joined(room)]
  const first = await eventually("the video of both arrives", async () => {
    const seen = await Promise.all(pages.map((page) => page.evaluate(() => globalThis.call.seen())))
    for (const { frames, width } of seen) if (frames < 10 || width < 100) throw new Error(JSON.stringify(seen))
    return seen
  })
  await eventually("it goes on", async () => {
    const seen = await Promise.all(pages.map((page) => page.evaluate(() => globalThis.call.seen())))
    for (const [index, { frames }] of seen.entries()) if (frames < first[index]!.frames + 10) throw new Error(JSON.stringify(seen))
  })
  const ways = await Promise.all(pages.map((page) => page.evaluate(() => globalThis.call.way())))
  for (const page of pages) await page.close()
  return ways
}

/** What the edge answers to a token that is signed with this pair. */
async function signedWith(key: string, secret: string): Promise<string> {
  const words = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url")
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: key, sub: "mallory", nbf: now - 60, exp: now + 600, video: { room: "one", roomJoin: true } }
  const text = `${words({ alg: "HS256", typ: "JWT" })}.${words(claims)}`
  const token = `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`
  const response = await fetch(`https://${publicName}/livekit/rtc/validate?protocol=9&access_token=${token}`)
  return `${response.status} ${await response.text()}`
}

describe("before anything runs", () => {
  test("the pair that everybody knows is refused", () => {
    const own = Object.entries(publicPair).map(([name, value]) => [name, change(name, value)] as const)
    refuses(deploy, "LIVEKIT_KEY has a value that everybody knows", "LIVEKIT_SECRET has a value that everybody knows")
    for (const [name, value] of own) change(name, value)
  })

  test("a port of UDP that is taken is named", async () => {
    const socket = await bound(7882)
    try {
      refuses(deploy, "port 7882 (UDP) is taken by", "CALLS_UDP_PORT")
    } finally {
      socket.close()
    }
  })
})

describe("calls", () => {
  test("an address that LiveKit cannot find is named, and the setting for it", () => {
    refuses(deploy, "livekit did not start", `${publicName} is not known here`, "CALLS_IP")
  })

  test("start with an address, and the ports of media are printed", async () => {
    change("CALLS_IP", address)
    expect(works(...deploy)).toMatch(/open in the firewall: .*\b7881\b.*\(TCP\), 7882 \(UDP\)/)
    await client()
    browser = await openBrowser(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"])
  })

  test("chat gives out the public address, and tokens of the installation's own pair", async () => {
    const { serverUrl, token } = await ticket("one")
    expect(serverUrl).toBe(`https://${publicName}/livekit`)
    const { iss } = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { iss: string }
    expect(iss).toBe(setting("LIVEKIT_KEY"))
    expect(await signedWith(setting("LIVEKIT_KEY"), setting("LIVEKIT_SECRET"))).toBe("200 success")
  })

  test("tokens of another pair and its API are refused at the edge", async () => {
    expect(await signedWith(publicPair.LIVEKIT_KEY, publicPair.LIVEKIT_SECRET)).toContain("401 invalid API key")
    expect(await signedWith(setting("LIVEKIT_KEY"), publicPair.LIVEKIT_SECRET)).toContain("401 invalid token")
    const api = await fetch(`https://${publicName}/livekit/twirp/livekit.RoomService/ListRooms`, { method: "POST" })
    expect(api.status).toBe(404)
  })

  test("two users see each other's video, by UDP", async () => {
    for (const way of await seeEachOther("one")) expect(way).toEqual({ address, port: 7882, protocol: "udp" })
  })

  test("where UDP is closed, by TCP", async () => {
    const rule = ["OUTPUT", "-p", "udp", "--dport", "7882", "-j", "DROP"]
    execFileSync("iptables", ["-I", ...rule])
    try {
      for (const way of await seeEachOther("two")) expect(way).toEqual({ address, port: 7881, protocol: "tcp" })
    } finally {
      execFileSync("iptables", ["-D", ...rule])
    }
  })
})
