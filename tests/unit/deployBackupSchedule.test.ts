// What makes a backup each night, as systemd and cron read it.
import { describe, expect, test } from "vitest"
import { hasCron, timerUnits, withCron, withoutCron } from "../../src/plan/deploy/backupSchedule.js"

const nightly = {
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
