// Two users of the page in Chromium. CLIENT_URL is where the page is; OTHER_CLIENT_URL another client of the same API, where the second user
// is; CHROMIUM the browser (/usr/bin/chromium).

import assert from "node:assert/strict"
import { after, test } from "node:test"
import { type Browser, chromium, type Page } from "playwright-core"

const { CLIENT_URL = "http://127.0.0.1:5173", CHROMIUM = "/usr/bin/chromium" } = process.env
const { OTHER_CLIENT_URL = CLIENT_URL } = process.env
const run = Date.now().toString(36)
const password = "correct horse"
const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] })
after(() => browser.close())

/** Each has its own storage, as on a separate machine. */
async function open(url = CLIENT_URL): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 800, height: 600 } })).newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(url)
  return page
}

async function enter(page: Page, name: string, button: "Log in" | "Register"): Promise<void> {
  await page.fill("[name=name]", name)
  await page.fill("[name=password]", password)
  await page.click(`text=${button}`)
  await page.waitForSelector("#state:text('live')")
}

async function send(page: Page, text: string): Promise<void> {
  await page.fill("[name=text]", text)
  await page.press("[name=text]", "Enter")
}

const shown = (page: Page, text: string) => page.waitForSelector(`#messages li:has-text("${text}")`)

/** A message, and how far below the top of the list it is. */
const placeOf = (page: Page, id: string) =>
  page.$eval(`#messages li[data-id="${id}"]`, (element) => {
    return element.getBoundingClientRect().top - element.parentElement!.getBoundingClientRect().top
  })

const count = (page: Page) => page.$$eval("#messages li", (elements) => elements.length)

test("a wrong password is refused in words, and a right one lets in", async () => {
  const page = await open()
  await enter(page, `ann-${run}`, "Register")
  await page.click("#logout")
  await page.waitForSelector("#entrance:not([hidden])")
  await page.fill("[name=name]", `ann-${run}`)
  await page.fill("[name=password]", "wrong password")
  await page.click("text=Log in")
  await page.waitForSelector("#entrance .problem:text('the name or the password is wrong')")
  await enter(page, `ann-${run}`, "Log in")
  await page.reload()
  await page.waitForSelector("#state:text('live')")
  await page.context().close()
})

test("a text and a picture arrive live at the other user", async () => {
  const [ann, bob] = [await open(), await open(OTHER_CLIENT_URL)]
  await enter(ann, `live-ann-${run}`, "Register")
  await enter(bob, `live-bob-${run}`, "Register")
  await send(ann, `hello <b>bob</b> ${run}`)
  await shown(bob, `hello <b>bob</b> ${run}`)
  await send(bob, `hello ann ${run}`)
  await shown(ann, `hello ann ${run}`)
  const bytes = await ann.evaluate(async () => {
    const canvas = new OffscreenCanvas(40, 30)
    canvas.getContext("2d")!.fillRect(0, 0, 20, 30)
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer())]
  })
  await ann.setInputFiles("[name=picture]", { name: "picture.png", mimeType: "image/png", buffer: Buffer.from(bytes) })
  await send(ann, `a picture ${run}`)
  const image = await bob.waitForSelector(`#messages li:has-text("a picture ${run}") img`)
  await bob.waitForFunction((element) => (element as HTMLImageElement).naturalWidth === 40, image)
  await Promise.all([ann, bob].map((page) => page.context().close()))
})

test("an account of one client logs in at the other, and reads what it has sent", async () => {
  const first = await open()
  await enter(first, `both-${run}`, "Register")
  await send(first, `from one client ${run}`)
  await shown(first, `from one client ${run}`)
  const second = await open(OTHER_CLIENT_URL)
  await enter(second, `both-${run}`, "Log in")
  await shown(second, `from one client ${run}`)
  await Promise.all([first, second].map((page) => page.context().close()))
})

test("history loads at the top, and the view stays where it was", { timeout: 300_000 }, async () => {
  const page = await open()
  await enter(page, `history-${run}`, "Register")
  const sent = 500
  await page.evaluate(
    async ([wanted, name]) => {
      const { token } = JSON.parse(sessionStorage.getItem("login")!)
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
      for (let number = 1; number <= wanted; number++)
        await fetch("/api/rooms/lobby/messages", {
          method: "POST",
          headers,
          body: JSON.stringify({ text: `message ${number} of ${name}` }),
        })
    },
    [sent, run] as const,
  )
  await page.reload()
  await shown(page, `message ${sent} of ${run}`)
  // At the end, as long as nobody has scrolled.
  assert.ok(await page.$eval("#messages", (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 2))
  let before = await count(page)
  assert.ok(before < sent)
  while ((await page.$(`#messages li:has-text("message 1 of ${run}")`)) === null) {
    const first = await page.$eval("#messages li", (element) => (element as HTMLElement).dataset.id!)
    await page.$eval("#messages", (list) => {
      list.scrollTop = 0
    })
    await page.waitForFunction((old) => document.querySelectorAll("#messages li").length > old, before)
    const place = await placeOf(page, first)
    assert.ok(Math.abs(place) <= 2, `the first message of before is ${place} points below the top`)
    before = await count(page)
  }
  const ids = await page.$$eval("#messages li", (elements) => elements.map((element) => Number((element as HTMLElement).dataset.id)))
  assert.deepEqual(
    ids,
    [...new Set(ids)].sort((one, other) => one - other),
  )
  // Somebody who reads old messages is not moved by a new one.
  await page.$eval("#messages", (list) => {
    list.scrollTop = 900
  })
  const middle = await page.$eval("#messages", (list) => list.scrollTop)
  const other = await open()
  await enter(other, `other-${run}`, "Register")
  await send(other, `while reading ${run}`)
  await page.waitForSelector(`#messages li:has-text("while reading ${run}")`, { state: "attached" })
  assert.equal(await page.$eval("#messages", (list) => list.scrollTop), middle)
  await Promise.all([page, other].map((one) => one.context().close()))
})
