// openimctl report with a fake docker: what is there without monitoring, as text, JSON and a page.
import { afterEach, expect, test } from "vitest"
import { Kit } from "./kit"

let kit: Kit
afterEach(() => kit.remove())

test("without monitoring the report has what runs and what happened, and says what is missing", async () => {
  kit = new Kit()
  expect((await kit.run(["deploy", "--address=http://shop.test:18080"])).code).toBe(0)
  const text = await kit.run(["report"])
  expect(text.code).toBe(0)
  expect(text.stdout).toMatch(/4 of 4 services are healthy, no alert/)
  expect(text.stdout).toContain("this kit has no profile monitoring")
  const page = await kit.run(["report", "--html=report.html"])
  expect(page.code).toBe(0)
  expect(page.stderr).toContain(`the report is ${kit.folder}/report.html`)
  const html = kit.read("report.html")
  for (const part of ["<h1>Shop", "docker.io/shop/api:1.0", "deploy", "this kit has no profile monitoring"]) expect(html).toContain(part)
  expect(html).not.toContain(kit.value("DATABASE_PASSWORD"))
  const bad = await kit.run(["report", "--hours=none"])
  expect(bad.stderr).toContain("--hours=none is not a number of hours")
  expect(bad.code).toBe(2)
  const closed = await kit.run(["report", "--html=openimctl.mjs/report.html"])
  expect(closed.stderr).toContain("cannot be written")
  expect(closed.code).toBe(1)
})
