// Parts that need no service.

import assert from "node:assert/strict"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { configOf } from "../src/config.ts"
import { fits, hashed } from "../src/passwords.ts"
import { pictureType } from "../src/pictures.ts"
import { localSessions, localStore } from "../src/stores/local.ts"
import { picture } from "./client.ts"

const folder = await mkdtemp(join(tmpdir(), "im-app-parts-"))
after(() => rm(folder, { recursive: true }))

test("a password is kept as a hash with its own salt", async () => {
  const [first, second] = await Promise.all([hashed("correct horse"), hashed("correct horse")])
  assert.notEqual(first, second)
  assert.doesNotMatch(first, /horse/)
  assert.deepEqual(
    [await fits("correct horse", first), await fits("correct house", first), await fits("", undefined)],
    [true, false, false],
  )
})

test("settings come from the environment, secrets from files as well", async () => {
  const file = join(folder, "secret")
  await writeFile(file, "from a file\n")
  const config = configOf({ JWT_SECRET_FILE: file, DATABASE_HOST: "postgresql", FILES_URL: "http://minio:9000/" })
  assert.deepEqual(
    [config.secret, config.port, config.database?.host, config.redis, config.files?.url],
    ["from a file", 4000, "postgresql", undefined, "http://minio:9000"],
  )
})

test("without a secret, or with a wrong setting, it does not start", () => {
  assert.throws(() => configOf({}), /no JWT_SECRET: set JWT_SECRET or JWT_SECRET_FILE/)
  assert.throws(() => configOf({ JWT_SECRET: "x", PORT: "high" }), /PORT is "high": expected a whole number/)
  assert.throws(() => configOf({ JWT_SECRET_FILE: join(folder, "missing") }), /JWT_SECRET_FILE cannot be read/)
  assert.notEqual(configOf({ NODE_ENV: "development" }).secret, configOf({ NODE_ENV: "development" }).secret)
})

test("pictures are known by their bytes", () => {
  assert.equal(pictureType(picture), "image/png")
  assert.equal(pictureType(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])), "image/jpeg")
  assert.equal(pictureType(new TextEncoder().encode("GIF89a")), "image/gif")
  assert.equal(pictureType(new TextEncoder().encode("RIFF1234WEBPVP8 ")), "image/webp")
  for (const text of ["", "RIFF1234WAVE", "<svg>", " \x89PNG"]) assert.equal(pictureType(new TextEncoder().encode(text)), undefined, text)
})

test("messages.json has what was kept, after a restart as well", async () => {
  const store = await localStore(folder)
  const message = { room: "lobby", author: "ann", text: "hello" }
  const added = await Promise.all([store.addMessage(message), store.addMessage(message)])
  assert.deepEqual(
    added.map(({ id }) => id),
    [1, 2],
  )
  await store.removeMessage(2)
  await store.close()
  const again = await localStore(folder)
  assert.deepEqual(await again.history("lobby", 9, 9), [added[0]])
  assert.equal((await again.addMessage(message)).id, 3)
  assert.equal(JSON.parse(await readFile(join(folder, "messages.json"), "utf8")).messages.length, 2)
})

test("what a session keeps ends with its time", async () => {
  let now = 0
  const sessions = localSessions(() => now)
  await sessions.keep("a", "ann", 10)
  assert.deepEqual([await sessions.count("b", 60), await sessions.count("b", 60)], [1, 2])
  now = 9_999
  assert.equal(await sessions.find("a"), "ann")
  now = 60_000
  assert.equal(await sessions.find("a"), undefined)
  assert.equal(await sessions.count("b", 60), 1)
})
