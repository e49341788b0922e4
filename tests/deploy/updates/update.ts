// Updates while users are connected: to a newer server, to one that does not start, and back.

import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { keepFigure } from "../../stacks/openim/support/results.js"
import { BrowserUser, openBrowser } from "../support/browser.js"
import { begin, openimctl, works, worksMeanwhile } from "../support/kit.js"
import { type Login, underLoad } from "../support/load.js"
import { containersOf } from "../support/machine.js"
import { answers500, imageOf, newerKit } from "../support/newerKit.js"
import { unharmed } from "../support/unharmed.js"

/** The machine has no disk for what the daemon keeps. */
const quick = ["--ignore=disk", "--drain=5"]

const servers = () => containersOf("server", { stopped: true })

export function updateCases(): void {
  describe("updates while users are connected", () => {
    let browser: Browser
    let first: string
    const inBrowser: Login = (user) => BrowserUser.login(browser, user)
    beforeAll(async () => {
      browser = await openBrowser()
      first = imageOf("server")
    })
    afterAll(() => browser?.close())

    test("--plan says what would happen", () => {
      const kit = newerKit("newer", "server v99.0.0, newer", "LABEL kit=newer")
      const before = servers()
      expect(works("update", `--kit=${kit}`, "--plan", "--ignore=disk")).toContain(
        "will start new containers of server beside the old ones",
      )
      expect(servers()).toEqual(before)
    })

    test("a newer server takes over: nothing fails and nothing is lost", async () => {
      const began = Date.now()
      const measured = await underLoad(inBrowser, async () => {
        await worksMeanwhile("update", "--kit=/srv/newer", ...quick)
        keepFigure({ name: "update of the server", value: Math.round((Date.now() - began) / 1000), unit: "s" })
      })
      expect([imageOf("server"), servers().length]).toEqual([`${first}-newer`, 1])
      unharmed("update", measured)
      expect(works("deploy", "--ignore=disk")).toContain("nothing to change")
    })

    test("one that does not start is taken back, and nothing was lost", async () => {
      newerKit("broken", "server v99.1.0, broken", 'ENTRYPOINT ["false"]')
      const [image, before] = [imageOf("server"), servers()]
      const measured = await underLoad(inBrowser, async () => {
        const done = await begin("update", "--kit=/srv/broken", ...quick, "--timeout=30").ended
        expect(done.code).toBe(1)
        expect(done.err).toContain("server did not start")
        expect(done.err).toContain("the deployment is back at server v99.0.0, newer")
      })
      expect([imageOf("server"), servers()]).toEqual([image, before])
      unharmed("failed update", measured)
    })

    test("one that is healthy and answers 500 gets no connection, and is taken back", async () => {
      newerKit("failing", "server v99.2.0, failing", "LABEL kit=failing", { edit: answers500 })
      const [image, before] = [imageOf("server"), servers()]
      const measured = await underLoad(inBrowser, async () => {
        const done = await begin("update", "--kit=/srv/failing", ...quick).ended
        expect(done.code).toBe(1)
        expect(done.err).toContain("the new containers are healthy, but a client cannot use them")
        expect(done.err).toContain("the deployment is back at server v99.0.0, newer")
      })
      expect([imageOf("server"), servers()]).toEqual([image, before])
      unharmed("update to one that answers 500", measured)
    })

    test("rollback goes back to the first one, share by share", async () => {
      const measured = await underLoad(inBrowser, async () => {
        const { err } = await worksMeanwhile("rollback", "--strategy=canary", "--steps=10,50", "--watch=5", ...quick)
        for (const share of [10, 50, 100]) expect(err).toContain(`${share} % of new connections go to the new containers`)
      })
      expect([imageOf("server"), servers().length]).toEqual([first, 1])
      unharmed("rollback", measured)
      expect(openimctl(["history"]).out).toContain("rollback")
    })
  })
}
