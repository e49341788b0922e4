// The service as its clients see it. With API_URL the same tests ask a service that runs elsewhere.

import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { addresses, adminPassword, Client, picture, run } from "./client.ts"

const [url, other] = await addresses()
const client = () => new Client(url)
const user = (name: string) => client().register(`${name}-${run}`)

async function admin(): Promise<Client> {
  const found = client()
  // The account is made once the database is there.
  for (let left = 50; (await found.login("admin", adminPassword)) !== 200 && left > 0; left--) await setTimeout(200)
  return found
}

test("the service is alive, and ready with every store", async () => {
  // The pages' server passes /api/ on, and nothing else.
  const direct = new Client(other)
  assert.deepEqual((await direct.ask("GET", "/healthz")).body, { status: "ok" })
  assert.deepEqual((await direct.ask("GET", "/readyz")).body, { status: "ok", store: "ok", sessions: "ok", files: "ok" })
})

test("an account is registered once, and logs in with its password alone", async () => {
  const name = `ann-${run}`
  const first = await client().ask("POST", "/api/register", { name, password: "correct horse" })
  assert.equal(first.status, 201)
  assert.equal(first.body.role, "user")
  assert.equal((await client().ask("POST", "/api/register", { name, password: "another one" })).status, 409)
  const found = client()
  assert.equal(await found.login(name, "wrong password"), 401)
  assert.equal(await found.login(`nobody-${run}`, "correct horse"), 401)
  assert.equal(await found.login(name, "correct horse"), 200)
  assert.deepEqual((await found.ask("GET", "/api/me")).body, { name, role: "user" })
})

test("names and passwords that cannot be used are refused with the rule", async () => {
  for (const [name, password, words] of [
    ["A", "correct horse", /a name has 2 to 32/],
    ["../ann", "correct horse", /a name has/],
    [`short-${run}`, "1234567", /a password has 8/],
  ] as const) {
    const { status, body } = await client().ask("POST", "/api/register", { name, password })
    assert.equal(status, 400)
    assert.match(body.error, words)
  }
  assert.equal((await client().ask("POST", "/api/register", { name: 1 })).status, 400)
  assert.equal((await client().ask("POST", "/api/register", "text")).status, 400)
})

test("whoever guesses passwords has to wait", async () => {
  const name = `eve-${run}`
  await client().register(name)
  // At the same time: the minute must not be over before the last one.
  const found = await Promise.all(Array.from({ length: 12 }, () => client().login(name, "guessed wrong")))
  assert.deepEqual(found.sort(), [...Array(10).fill(401), 429, 429])
})

test("a token ends with its login, and a forged one is nothing", async () => {
  const ann = await user("end")
  assert.equal((await ann.ask("GET", "/api/me")).status, 200)
  const forged = client()
  const [head, body] = ann.token.split(".")
  for (const token of ["", "x", `${head}.${body}.${Buffer.from("signature").toString("base64url")}`]) {
    forged.token = token
    assert.equal((await forged.ask("GET", "/api/me")).status, 401)
  }
  assert.equal((await ann.ask("POST", "/api/logout")).status, 204)
  assert.equal((await ann.ask("GET", "/api/me")).status, 401)
})

test("a message arrives live at both instances, and only with a ticket", { timeout: 120_000 }, async () => {
  const room = `live-${run}`
  const ann = await user("live-ann")
  const bob = new Client(other)
  assert.equal(await bob.login(`live-ann-${run}`, "correct horse"), 200)
  const [here, there] = [await ann.live(), await bob.live()]
  const sent = (await ann.send(room, "hello")).body
  for (const connection of [here, there]) {
    let event = await connection.next()
    while (event.message?.room !== room) event = await connection.next()
    assert.deepEqual(event, { type: "message", message: sent })
    connection.close()
  }
  const nobody = client()
  await assert.rejects(nobody.live(), /401/)
})

test("a ticket opens one connection", async () => {
  const ann = await user("once")
  const { ticket } = (await ann.ask("POST", "/api/tickets")).body
  const connect = async () => {
    const { WebSocket } = await import("ws")
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/live?ticket=${ticket}`)
    return new Promise<string>((resolve) => {
      socket.on("open", () => {
        socket.close()
        resolve("open")
      })
      socket.on("error", (error) => resolve(error.message))
    })
  }
  assert.equal(await connect(), "open")
  assert.match(await connect(), /401/)
})

test("history comes in pages, the newest first, and each message once", async () => {
  const room = `pages-${run}`
  const ann = await user("pages")
  for (let count = 1; count <= 7; count++) await ann.send(room, `message ${count}`)
  const page = async (query: string) => (await ann.ask("GET", `/api/rooms/${room}/messages?${query}`)).body
  const texts = ({ messages }: { messages: { text: string }[] }) => messages.map(({ text }) => text)
  const last = await page("limit=3")
  assert.deepEqual([texts(last), last.more], [["message 5", "message 6", "message 7"], true])
  const middle = await page(`limit=3&before=${last.messages[0].id}`)
  assert.deepEqual([texts(middle), middle.more], [["message 2", "message 3", "message 4"], true])
  const first = await page(`limit=3&before=${middle.messages[0].id}`)
  assert.deepEqual([texts(first), first.more], [["message 1"], false])
  assert.equal((await ann.ask("GET", `/api/rooms/${room}/messages?before=x`)).status, 400)
})

test("a message needs a text or a picture, and a room that can be named", async () => {
  const ann = await user("empty")
  assert.equal((await ann.send(`room-${run}`, "  ")).status, 400)
  assert.equal((await ann.send(`room-${run}`, "x".repeat(4001))).status, 400)
  assert.equal((await ann.send(`room-${run}`, "", "../../secret")).status, 400)
  assert.equal((await ann.send("No_Room", "text")).status, 400)
  assert.equal((await client().send(`room-${run}`, "text")).status, 401)
})

test("a picture is uploaded, and is the same when it is fetched", async () => {
  const ann = await user("picture")
  const uploaded = await ann.ask("POST", "/api/files", picture)
  assert.deepEqual([uploaded.status, uploaded.body.type], [201, "image/png"])
  const fetched = await new Client(other).ask("GET", `/api/files/${uploaded.body.name}`)
  assert.deepEqual(fetched.body, picture)
  assert.equal(fetched.headers.get("content-type"), "image/png")
  assert.equal(fetched.headers.get("x-content-type-options"), "nosniff")
  const sent = await ann.send(`pictures-${run}`, "", uploaded.body.name)
  assert.equal(sent.body.picture, uploaded.body.name)
})

test("a file that is not a picture, or too large, is refused", async () => {
  const ann = await user("files")
  assert.equal((await ann.ask("POST", "/api/files", new TextEncoder().encode("<script>"))).status, 415)
  assert.equal((await ann.ask("POST", "/api/files", new Uint8Array((10 << 20) + 1))).status, 413)
  assert.equal((await client().ask("POST", "/api/files", picture)).status, 401)
  assert.equal((await client().ask("GET", "/api/files/..%2fmessages.json")).status, 404)
  assert.equal((await client().ask("GET", "/api/files/00000000-0000-4000-8000-000000000000")).status, 404)
})

test("authors remove their own messages, administrators any", async () => {
  const room = `roles-${run}`
  const [ann, bob, boss] = [await user("roles-ann"), await user("roles-bob"), await admin()]
  const id = async (who: Client) => (await who.send(room, "text")).body.id
  const [first, second] = [await id(ann), await id(ann)]
  assert.equal((await bob.ask("DELETE", `/api/messages/${first}`)).status, 403)
  assert.equal((await ann.ask("DELETE", `/api/messages/${first}`)).status, 204)
  assert.equal((await boss.ask("DELETE", `/api/messages/${second}`)).status, 204)
  assert.equal((await ann.ask("DELETE", `/api/messages/${second}`)).status, 404)
  assert.deepEqual((await ann.ask("GET", `/api/rooms/${room}/messages`)).body, { messages: [], more: false })
})

test("only administrators see accounts and change roles, and a role holds at once", async () => {
  const [ann, boss] = [await user("role"), await admin()]
  const name = `role-${run}`
  assert.equal((await ann.ask("GET", "/api/users")).status, 403)
  assert.equal((await ann.ask("PUT", `/api/users/${name}/role`, { role: "admin" })).status, 403)
  assert.equal((await boss.ask("PUT", `/api/users/${name}/role`, { role: "king" })).status, 400)
  assert.equal((await boss.ask("PUT", `/api/users/nobody-${run}/role`, { role: "admin" })).status, 404)
  assert.equal((await boss.ask("PUT", `/api/users/${name}/role`, { role: "admin" })).status, 204)
  const { users } = (await ann.ask("GET", "/api/users")).body
  assert.deepEqual(
    users.find((one: { name: string }) => one.name === name),
    { name, role: "admin" },
  )
})
