// What makes a backup each night, as systemd and cron read it.
import { describe, expect, test } from "vitest"
import { hasCron, hourLater, timerUnits, withCron, withoutCron } from "../../src/plan/deploy/backupSchedule.js"

const nightly = {
  kind: "backup" as const,
  project: "shop",
  folder: "/srv/100% shop",
  command: ["/usr/bin/node", "/srv/100% shop/openimctl.mjs", "backup"],
  at: "02:05",
}

describe("a timer of systemd", () => {
  const units = timerUnits(nightly)
  test("runs at that time of the machine, and after a night that it was off", () => {
    expect(units["shop-backup.timer"]).toContain("OnCalendar=*-*-* 02:05:00\nPersistent=true\n")
  })
  test("takes a dollar as it is", () => {
    expect(timerUnits({ ...nightly, command: ["/bin/a$b"] })["shop-backup.service"]).toContain('ExecStart="/bin/a$$b"\n')
  })
  test("takes folders with spaces and percent signs as they are", () => {
    expect(units["shop-backup.service"]).toContain("WorkingDirectory=/srv/100%% shop\n")
    expect(units["shop-backup.service"]).toContain('ExecStart=/usr/bin/node "/srv/100%% shop/openimctl.mjs" backup\n')
  })
})

test("a restore is tested each Sunday, an hour later", () => {
  const weekly = { ...nightly, kind: "restore-test" as const, at: hourLater(nightly.at) }
  expect(timerUnits(weekly)["shop-restore-test.timer"]).toContain("OnCalendar=Sun *-*-* 03:05:00\n")
  expect(timerUnits(weekly)["shop-restore-test.service"]).toContain("Description=Test of a restore of shop\n")
  expect(withCron(withCron("", nightly), weekly)).toMatch(/^5 2 \* \* \* .*\n5 3 \* \* 0 .* # openimctl restore-test of shop\n$/)
  expect(withoutCron(withCron(withCron("", nightly), weekly), "shop").trim()).toBe("")
  expect(hourLater("23:59")).toBe("00:59")
})

describe("a line for cron", () => {
  const other = "MAILTO=root\n0 1 * * * /usr/bin/true\n"
  const made = withCron(other, nightly)
  test("is added to those of others, once", () => {
    expect(made).toBe(
      `${other}5 2 * * * cd "/srv/100\\% shop" && /usr/bin/node "/srv/100\\% shop/openimctl.mjs" backup >>.openimctl/backup.log 2>&1 # openimctl backup of shop\n`,
    )
    expect(withCron(made, nightly)).toBe(made)
    expect(withCron("", nightly)).toMatch(/^5 2/)
  })
  test("is removed without a change to the others, and not for a project of a similar name", () => {
    expect(withoutCron(made, "shop")).toBe(other)
    expect(withoutCron(made, "shop2")).toBe(made)
    expect([hasCron(made, "shop"), hasCron(made, "shop2"), hasCron(other, "shop")]).toEqual([true, false, false])
  })
})
