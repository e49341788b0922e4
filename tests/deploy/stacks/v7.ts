import { describe, test } from "vitest"
import { setting } from "../support/kit.js"
import { inBrowser } from "./pages.js"

export function v7Cases(): void {
  describe("V7 as its users have it", () => {
    test("numbers that are added in a browser are in the table, and what is no number is refused in words", () =>
      inBrowser(async (open) => {
        const page = await open(setting("WEB_PORT"))
        await page.fill("[name=name]", "browser")
        await page.fill("[name=numbers]", "1, two")
        await page.click("text=Add")
        await page.waitForSelector("#message:text('Expected numbers')")
        await page.fill("[name=numbers]", "1, 2.5, 4")
        await page.click("text=Add")
        await page.waitForSelector("#series tr:has-text('browser'):has-text('2.5')")
      }))
  })
}
