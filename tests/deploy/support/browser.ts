// Two users in a real browser: Chromium, with OpenIM's own SDK for browsers, on a page that the deployment serves.

import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { type Browser, chromium, type Page } from "playwright-core"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { home, publicName } from "./kit.js"

export interface Message {
  textElem?: { content: string }
  pictureElem?: { sourcePicture: { url: string; size: number } }
}

/** What the page offers. */
interface Im {
  login(user: { userID: string; token: string }): Promise<unknown>
  connected(): boolean
  received(): Message[]
  text(recvID: string, groupID: string, text: string): Promise<Message>
  picture(recvID: string, bytes: readonly number[]): Promise<Message>
  group(memberUserIDs: string[], groupName: string): Promise<string>
  history(conversationID: string): Promise<Message[]>
}

declare global {
  var im: Im
}

/** With the root of the installation's authority among its certificates, as a user would import it. */
export async function openBrowser(more: string[] = []): Promise<Browser> {
  const database = `${process.env.HOME ?? "/root"}/.pki/nssdb`
  mkdirSync(database, { recursive: true })
  if (!existsSync(`${database}/cert9.db`)) execFileSync("certutil", ["-d", `sql:${database}`, "-N", "--empty-password"])
  execFileSync("certutil", ["-d", `sql:${database}`, "-A", "-t", "C,,", "-n", "installation", "-i", `${home}/ca/ca.pem`])
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", ...more] })
}

export class BrowserUser {
  private constructor(
    readonly page: Page,
    readonly userID: string,
  ) {}

  static async login(browser: Browser, user: { userID: string; token: string }): Promise<BrowserUser> {
    // Each has its own storage, as on a separate machine.
    const page = await (await browser.newContext()).newPage()
    const faults: string[] = []
    page.on("pageerror", (error) => faults.push(error.message))
    await page.goto(`https://${publicName}/`)
    await eventually("the page is loaded", async () => {
      if (!(await page.evaluate(() => typeof globalThis.im === "object"))) throw new Error(faults.join("; ") || "no SDK yet")
    })
    await page.evaluate(({ userID, token }) => globalThis.im.login({ userID, token }), user)
    const found = new BrowserUser(page, user.userID)
    await found.connected()
    return found
  }

  async connected(within = 60): Promise<void> {
    await eventually(
      `${this.userID} is connected`,
      async () => {
        if (!(await this.page.evaluate(() => globalThis.im.connected()))) throw new Error("not yet")
      },
      { within },
    )
  }

  text(to: { recvID?: string; groupID?: string }, text: string): Promise<Message> {
    return this.page.evaluate(([recvID, groupID, words]) => globalThis.im.text(recvID, groupID, words), [
      to.recvID ?? "",
      to.groupID ?? "",
      text,
    ] as const)
  }

  picture(recvID: string, bytes: Buffer): Promise<Message> {
    return this.page.evaluate(([user, content]) => globalThis.im.picture(user, content), [recvID, [...bytes]] as const)
  }

  group(members: string[], name: string): Promise<string> {
    return this.page.evaluate(([users, title]) => globalThis.im.group(users, title), [members, name] as const)
  }

  history(conversation: string): Promise<Message[]> {
    return this.page.evaluate((name) => globalThis.im.history(name), conversation)
  }

  async texts(): Promise<string[]> {
    return (await this.page.evaluate(() => globalThis.im.received())).map(({ textElem }) => textElem?.content ?? "")
  }

  /** Waits for a message that was pushed to this user. */
  gets(what: string, wanted: (message: Message) => boolean): Promise<Message> {
    return eventually(`${this.userID} gets ${what}`, async () => {
      const received = await this.page.evaluate(() => globalThis.im.received())
      const found = received.find(wanted)
      if (found === undefined) throw new Error(`${received.length} messages`)
      return found
    })
  }
}
