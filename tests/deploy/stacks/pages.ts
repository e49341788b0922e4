// Pages of a product in Chromium. No certificate is needed: the kit has TLS=off.

import { type Browser, chromium, type Page } from "playwright-core"
import { publicName } from "../support/kit.js"

/** The browser ends with the work; each page of it has its own storage. */
export async function inBrowser(work: (open: (port: string) => Promise<Page>) => Promise<void>): Promise<void> {
  const browser: Browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  })
  try {
    await work(async (port) => {
      const page = await (await browser.newContext()).newPage()
      page.setDefaultTimeout(60_000)
      await page.goto(`http://${publicName}:${port}`)
      return page
    })
  } finally {
    await browser.close()
  }
}
