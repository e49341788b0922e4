// An update and the way back while many requests come: on a machine with a real Docker daemon, at night.

import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { BrowserUser, openBrowser } from "../support/browser.js"
import { change, works, worksMeanwhile } from "../support/kit.js"
import { type Login, underLoad } from "../support/load.js"
import { stopDaemon } from "../support/machine.js"
import { newerKit } from "../support/newerKit.js"
import { prepareMachine } from "../support/prepared.js"
import { unharmed } from "../support/unharmed.js"

const REQUESTS = 10_000
const load = { requesters: 16, groups: true }

let browser: Browser

beforeAll(async () => {
  await prepareMachine()
  // All of them come from one address.
  change("RATE_LIMIT", "0")
  works("deploy", "--ignore=disk")
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await stopDaemon()
})

describe(`an update among ${REQUESTS} requests`, () => {
  const inBrowser: Login = (user) => BrowserUser.login(browser, user)
  const ended = async (...words: string[]) => void (await worksMeanwhile(...words, "--ignore=disk", "--drain=5"))

  test("there and back: no request fails, and no message to a user or a group is lost", { timeout: 900_000 }, async () => {
    newerKit("newer", "server v99.0.0, newer", "LABEL kit=newer")
    const there = await underLoad(inBrowser, () => ended("update", "--kit=/srv/newer"), load)
    unharmed("update of a busy server", there)
    const back = await underLoad(inBrowser, () => ended("rollback"), load)
    unharmed("rollback of a busy server", back)
    const seen = there.requests + back.requests
    expect(seen, "so few show nothing: give it more requesters").toBeGreaterThan(REQUESTS)
  })
})
