import { describe, expect, test } from "vitest"
import { doublesField, GrpcClient, textField } from "../support/grpc.js"
import { publicName, setting } from "../support/kit.js"
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

    test("a client of gRPC adds numbers through the edge, and has a formula over them evaluated", async () => {
      const client = new GrpcClient(`http://${publicName}:${setting("GRPC_PORT")}`)
      const name = textField(1, "grpc")
      const call = (method: string, ...fields: Buffer[]) => client.call(`/v7.series.v1.Series/${method}`, Buffer.concat([name, ...fields]))
      const added = await call("Add", doublesField(2, [1, 2, 6]))
      expect([added.status, [...added.message]], added.words).toEqual([0, [8, 3]])
      const evaluated = await call("Evaluate", textField(2, "percentile(values, 75) + count"))
      expect([evaluated.status, evaluated.message.readDoubleLE(1)], evaluated.words).toEqual([0, 7])
      const refused = await call("Evaluate", textField(2, "mean("))
      expect([refused.status, refused.words]).toEqual([3, expect.stringContaining("formula")])
      client.close()
    })
  })
}
