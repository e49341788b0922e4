// Backups as data: what is kept for seven days, what a restore replaces, and what is refused.
import { describe, expect, test } from "vitest"
import {
  backupNote,
  expiredRuns,
  isComplete,
  jobWords,
  namedRun,
  otherRelease,
  type Run,
  restoreCommand,
  restoreSteps,
  runName,
  runsOf,
  saveWords,
} from "../../src/plan/deploy/backup.js"
import type { Backup } from "../../src/plan/deploy/model.js"

const backup: Backup = {
  component: "backup",
  imageSetting: "SHOP_BACKUP_IMAGE",
  network: "data",
  parts: [
    {
      name: "orders",
      purpose: "orders",
      service: "database",
      file: "orders.dump",
      dump: ["dump-orders", "--all"],
      restore: ["load-orders"],
      environment: {},
      secrets: [],
    },
    { name: "pictures", purpose: "pictures", service: "files", volume: "files", environment: {}, secrets: [] },
  ],
}
const [orders, pictures] = [backup.parts[0]!, backup.parts[1]!]
const facts = { run: "backup_20260102_020000", kind: "full", release: "api 1.0, page 2.0" }

const snapshot = (run: string, part: string, kind = "full", release = "api 1.0; page 2.0") => ({
  id: `${part}-${run}`,
  time: `${run.slice(7, 11)}-${run.slice(11, 13)}-${run.slice(13, 15)}T${run.slice(16, 18)}:00:00Z`,
  tags: [`run=${run}`, `kind=${kind}`, `part=${part}`, `release=${release}`],
  summary: { total_bytes_processed: 10 },
})
const full = (run: string) => ["orders", "pictures", "config"].map((part) => snapshot(run, part))
const name = (day: number, hour = 2) => `backup_202601${String(day).padStart(2, "0")}_${String(hour).padStart(2, "0")}0000`
const names = (runs: Run[]) => runs.map(({ run }) => run)

describe("what is saved", () => {
  test("a dump is run by restic itself, so that one that fails leaves no snapshot; a tag has no comma", () => {
    expect(saveWords(orders, facts).slice(-6)).toEqual([
      "--stdin-filename",
      "orders.dump",
      "--stdin-from-command",
      "--",
      "dump-orders",
      "--all",
    ])
    expect(saveWords(orders, facts)).toContain("release=api 1.0; page 2.0")
    expect(saveWords(pictures, facts).at(-1)).toBe("/volumes/files")
  })

  test("the container reads volumes, and writes what it was given for that", () => {
    const words = jobWords({
      name: "shop-backup",
      image: "backup:1",
      network: "shop_data",
      environment: { A: "1" },
      mounts: [
        { from: "shop_files", to: "/volumes/files" },
        { from: "/srv/backup", to: "/repository", write: true },
      ],
      command: ["restic", "check"],
    }).join(" ")
    expect(words).toContain("--read-only")
    expect(words).toContain("--cap-drop ALL")
    expect(words).toContain("-v shop_files:/volumes/files:ro -v /srv/backup:/repository backup:1 restic check")
  })

  test("a backup is called by the time of the machine", () => {
    expect(runName(new Date(2026, 0, 2, 3, 4, 5))).toBe("backup_20260102_030405")
  })
})

describe("which backups there are", () => {
  test("snapshots of a run belong together; others in the repository are left alone", () => {
    const runs = runsOf([...full(name(2)), { id: "x", time: "2026-01-01T00:00:00Z", tags: null }, snapshot(name(1), "orders", "orders")])
    expect(names(runs)).toEqual([name(1), name(2)])
    expect(runs[1]).toMatchObject({ kind: "full", release: "api 1.0; page 2.0", bytes: 30, parts: { orders: `orders-${name(2)}` } })
    expect(runs.map((run) => isComplete(backup, run))).toEqual([true, true])
    expect(isComplete(backup, runsOf(full(name(3)).slice(1))[0]!)).toBe(false)
  })

  test("ten days: the last one of each of seven is kept, and all of the newest day", () => {
    const days = Array.from({ length: 10 }, (_, index) => index + 1)
    const runs = runsOf(days.flatMap((day) => [...full(name(day, 1)), ...full(name(day, 2))]))
    const expired = names(expiredRuns(backup, runs, 7))
    expect(names(runs).filter((run) => !expired.includes(run))).toEqual([
      ...days
        .slice(3)
        .map((day) => name(day, 2))
        .slice(0, -1),
      name(10, 1),
      name(10, 2),
    ])
  })

  test("what is not complete never takes the place of a good one, and goes once a good one followed", () => {
    const runs = runsOf([...full(name(1)), ...full(name(2)).slice(0, 1), ...full(name(3)), ...full(name(4)).slice(0, 1)])
    expect(names(expiredRuns(backup, runs, 1))).toEqual([name(1), name(2)])
    const broken = runsOf(full(name(1)).slice(0, 1))
    expect(expiredRuns(backup, broken, 7)).toEqual([])
  })

  test("backups of one store expire separately", () => {
    const runs = runsOf([...full(name(1)), snapshot(name(2), "orders", "orders"), snapshot(name(3), "orders", "orders")])
    expect(names(expiredRuns(backup, runs, 1))).toEqual([name(2)])
  })

  test("a name that is not there is answered with the nearest, and nothing is restored by mistake", () => {
    const runs = runsOf(full(name(1)))
    expect(namedRun(backup, runs, "latest").run).toBe(name(1))
    expect(() => namedRun(backup, runs, "")).toThrow("unknown backup")
    expect(() => namedRun(backup, runs, name(2))).toThrow(name(1))
    expect(() => namedRun(backup, [], "latest")).toThrow("there is no backup")
  })
})

test("the latest backup is the last complete one that has what is wanted", () => {
  const runs = runsOf([...full(name(1)), ...full(name(2)), snapshot(name(3), "orders", "orders"), ...full(name(4)).slice(0, 1)])
  expect(namedRun(backup, runs, "latest").run).toBe(name(2))
  expect(namedRun(backup, runs, "latest", ["orders"]).run).toBe(name(3))
  expect(namedRun(backup, runs.slice(2, 3), "latest").run).toBe(name(3))
})

describe("a restore", () => {
  const [run] = runsOf(full(name(1))) as [Run]

  test("replaces the stores in their order; the configuration replaces nothing", () => {
    expect(restoreSteps(backup, run, []).map(({ part }) => part.name)).toEqual(["orders", "pictures"])
    expect(restoreSteps(backup, run, ["pictures"]).map(({ snapshot }) => snapshot)).toEqual([`pictures-${name(1)}`])
    expect(restoreSteps(backup, run, ["config"])).toEqual([])
    expect(() => restoreSteps(backup, run, ["picturs"])).toThrow("pictures")
  })

  test("a backup that is not complete is refused with the parts that it has", () => {
    const [broken] = runsOf(full(name(1)).slice(0, 1)) as [Run]
    expect(() => restoreSteps(backup, broken, [])).toThrow("is not complete: it has orders")
    expect(restoreSteps(backup, broken, ["orders"])).toHaveLength(1)
  })

  test("a dump is read to its end before the command gets it; a volume becomes what it was", () => {
    expect(restoreCommand(orders, "abc")).toEqual(["start-backup", "load", "abc", "/orders.dump", "load-orders"])
    expect(restoreCommand(pictures, "abc").join(" ")).toContain("restore abc:/volumes/files --target /volumes/files --delete")
  })

  test("data of another version is refused with the way", () => {
    expect(otherRelease(run, "api 1.0, page 2.0")).toBeUndefined()
    const refused = otherRelease(run, "api 1.1, page 2.0")
    expect(refused?.what).toContain("is of api 1.0; page 2.0, and this kit is api 1.1, page 2.0")
    expect(refused?.next).toContain("deploy the kit of api 1.0; page 2.0")
  })
})

describe("status", () => {
  const now = 1_000_000_000_000
  const hours = (count: number) => now - count * 3_600_000

  test("says when the last good backup was made, and warns after 26 hours", () => {
    expect(backupNote(undefined, ["local"], now)).toEqual({ text: "no backup yet: openimctl backup", warning: true })
    const record = { run: "r", time: now, failed: {}, good: { local: hours(25) } }
    expect(backupNote(record, ["local"], now)).toEqual({ text: "last good backup: local 25 h ago", warning: false })
    expect(backupNote({ ...record, good: { local: hours(27) } }, ["local"], now).warning).toBe(true)
  })

  test("a second place without a backup, or whose last one failed, is a warning", () => {
    const record = { run: "r", time: now, failed: { remote: "no route" }, good: { local: hours(1), remote: hours(2) } }
    expect(backupNote(record, ["local", "remote"], now)).toEqual({
      text: "last good backup: local 1 h ago; remote 2 h ago (the last one failed: no route)",
      warning: true,
    })
    expect(backupNote({ ...record, failed: {}, good: { local: hours(1) } }, ["local", "remote"], now).text).toContain("remote none")
  })
})
