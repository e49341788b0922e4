// openimctl backup and restore with a fake docker: what is saved where, and what is left where something fails or is killed.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, describe, expect, test } from "vitest"
import { backupPart, backupImage as image, ordersPart, shopWithBackups } from "./backupFixture"
import { IMAGES, Kit } from "./kit"

const deployment = shopWithBackups(
  ["BACKUP_REMOTE", "BACKUP_REMOTE_PASSWORD"],
  [
    { ...ordersPart, secrets: ["database_password"] },
    { ...backupPart, name: "pictures", purpose: "pictures", volume: "database" },
  ],
)

let kit: Kit
let ready: Kit | undefined
afterEach(() => kit.remove())
afterAll(() => ready?.remove())

/** A kit that runs: deployed once, then copies of it. */
async function running(): Promise<void> {
  if (!ready) {
    ready = new Kit({ images: [...IMAGES, image] })
    ready.write("deployment.json", JSON.stringify(deployment))
    expect((await ready.run(["deploy", "--address=http://shop.test:18080"])).code).toBe(0)
  }
  kit = ready.copy()
  kit.write("deployment.json", JSON.stringify(deployment))
}

const setting = (line: string) => kit.write(".env", `${kit.read(".env")}${line}\n`)
interface Faked {
  repositories?: Record<string, { id: string; tags: string[] }[]>
  task?: string[]
}
const docker = () => kit.docker() as Faked
const parts = (repository: string) =>
  (docker().repositories?.[repository] ?? []).map(({ tags }) => tags.find((tag) => tag.startsWith("part="))?.slice(5))
const jobs = () => kit.calls().filter((call) => call.startsWith("create "))

describe("before an update", () => {
  const newer = () => {
    const folder = join(kit.root, "newer")
    mkdirSync(folder)
    writeFileSync(join(folder, "deployment.json"), JSON.stringify({ ...deployment, release: "2.0" }))
    for (const name of ["env.template", "docker-compose.prod.yml", "edge.cfg"]) writeFileSync(join(folder, name), kit.read(name))
    writeFileSync(join(folder, "docker-compose.prod.yml"), "services: {}\n# newer\n")
    return ["update", `--kit=${folder}`, "--watch=1", "--drain=1"]
  }

  test("there is a backup where there have been some, or where it is wanted", async () => {
    await running()
    const none = await kit.run(newer())
    expect([none.code, parts("/repository")]).toEqual([0, []])
    await running()
    const wanted = await kit.run([...newer(), "--backup", "--format=json"])
    expect(wanted.stderr).toContain("making a backup before the update")
    expect([wanted.code, parts("/repository")]).toEqual([0, ["orders", "pictures", "config"]])
    await running()
    await kit.run(["backup"])
    await kit.run(newer())
    expect(parts("/repository")).toHaveLength(6)
    await running()
    await kit.run(["backup"])
    await kit.run([...newer(), "--no-backup"])
    expect(parts("/repository")).toHaveLength(3)
  })

  test("one that fails stops the update, and nothing has changed", async () => {
    await running()
    await kit.run(["backup"])
    kit.fakeDocker({ dumpFails: "orders" })
    const before = kit.docker().containers
    const done = await kit.run(newer())
    expect(done.stderr).toContain("the backup before the update failed")
    expect(done.stderr).toContain("--no-backup")
    expect([done.code, (JSON.parse(kit.read("deployment.json")) as { release: string }).release]).toEqual([4, "1.0"])
    expect(kit.docker().containers).toEqual(before)
  })
})

describe("backup", () => {
  test("saves the database first, makes a key that only its owner reads, prints it once and never as an argument", async () => {
    await running()
    const first = await kit.run(["backup"])
    expect(first.stderr).toContain("the key of all backups is made")
    expect(first.code).toBe(0)
    const key = kit.read("backup.key").trim()
    expect(first.stdout).toContain(key)
    expect(statSync(join(kit.folder, "backup.key")).mode & 0o777).toBe(0o600)
    expect(parts("/repository")).toEqual(["orders", "pictures", "config"])
    const second = await kit.run(["backup"])
    expect(second.stdout).toMatch(/^backup_\d{8}_\d{6}\n$/)
    expect(second.stderr).not.toContain(key)
    for (const call of kit.calls()) {
      expect(call).not.toContain(key)
      expect(call).not.toContain(kit.value("DATABASE_PASSWORD"))
    }
    // The dump reaches the stores, and the volume is read only; each of both alone.
    const [dump, volume] = ["part=orders", "part=pictures"].map((tag) => jobs().find((job) => job.includes(tag))!)
    expect(dump).toContain("--network shop_data")
    expect(dump).toContain("secrets/database_password:/run/secrets/database_password:ro")
    expect(dump).not.toContain("shop_database:")
    expect(volume).toContain("--network none")
    expect(volume).toContain("-v shop_database:/volumes/database:ro")
    expect((await kit.run(["status"])).stderr).toContain("last good backup: local less than an hour ago")
  })

  test("a dump that fails leaves no backup: exit code 1, the good one stays and status warns", async () => {
    await running()
    expect((await kit.run(["backup"])).code).toBe(0)
    kit.fakeDocker({ dumpFails: "orders" })
    const done = await kit.run(["backup"])
    expect(done.stderr).toContain("orders could not be saved: Fatal: unable to save snapshot")
    expect(done.code).toBe(1)
    expect(parts("/repository")).toEqual(["orders", "pictures", "config"])
    expect((await kit.run(["status"])).stderr).toContain("the last one failed")
    expect((await kit.run(["history"])).stdout).toMatch(/backup full +failed/)
  })

  test("the second place gets a copy; it is written when the first fails, and the other way round", async () => {
    await running()
    setting(`BACKUP_REMOTE=${kit.root}/disk`)
    expect((await kit.run(["backup"])).code).toBe(0)
    expect(parts("/remote")).toEqual(["orders", "pictures", "config"])
    kit.fakeDocker({ place: { "/repository": 1 } })
    const first = await kit.run(["backup"])
    expect(first.code).toBe(1)
    expect(first.stderr).toContain("is in the place remote only")
    expect(parts("/remote")).toHaveLength(6)
    expect(parts("/repository")).toHaveLength(3)
    kit.fakeDocker({ place: { "/remote": 1 } })
    const second = await kit.run(["backup"])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain("is in the place local only")
    expect(second.stderr).toContain("disk cannot be used: Fatal: a fault")
    expect(parts("/repository")).toHaveLength(6)
  })

  test("a key that is lost is not replaced, and a wrong one is named", async () => {
    await running()
    expect((await kit.run(["backup"])).code).toBe(0)
    const calls = jobs().length
    kit.fakeDocker({ place: { "/repository": 12 } })
    expect((await kit.run(["backup"])).stderr).toContain("backup.key is not the one of the backups in")
    rmSync(join(kit.folder, "backup.key"))
    const lost = await kit.run(["backup"])
    expect(lost.stderr).toContain("there are backups that only this key opens")
    expect(lost.code).toBe(1)
    expect(kit.has("backup.key")).toBe(false)
    expect(jobs().length).toBe(calls + 1)
  })

  test("after a kill in the middle the next call removes what is left, its locks, too", async () => {
    await running()
    expect((await kit.run(["backup"])).code).toBe(0)
    kit.fakeDocker({ killTask: true })
    await kit.run(["backup"])
    expect(docker().task).toBeDefined()
    kit.fakeDocker({ killTask: false })
    const done = await kit.run(["backup"])
    expect(done.stderr).toContain("an earlier backup or restore was killed")
    expect(jobs().some((job) => job.includes("unlock --remove-all"))).toBe(true)
    expect(done.code).toBe(0)
  })

  test("unknown kinds are answered with the nearest name; a kit that is not deployed with the way", async () => {
    await running()
    const done = await kit.run(["backup", "picture"])
    expect(done.stderr).toContain("pictures")
    expect(done.code).toBe(2)
    kit.fakeDocker({ volumes: {} })
    expect((await kit.run(["backup"])).stderr).toContain("the volume of pictures is missing")
  })
})

describe("restore", () => {
  const saved = async (): Promise<string> => {
    await running()
    return (await kit.run(["backup"])).stdout.trim().split("\n").at(-1)!
  }

  test("says what it replaces and changes nothing without an answer; --dry-run is that alone", async () => {
    const name = await saved()
    const before = kit.docker().containers
    const done = await kit.run(["restore", name])
    expect(done.stderr).toContain("replaces orders (orders) of the project shop: what database holds")
    expect(done.stderr).toContain("the volume shop_database")
    expect(done.stderr).toContain("next: nothing was changed; without a terminal: --confirm=shop")
    expect(done.code).toBe(4)
    expect((await kit.run(["restore", name, "--dry-run"])).code).toBe(0)
    expect((await kit.run(["restore", name, "--confirm=other"])).code).toBe(4)
    expect(kit.docker().containers).toEqual(before)
  })

  test("stops everything, restores in order, and starts again", async () => {
    const name = await saved()
    const from = kit.calls().length
    const done = await kit.run(["restore", "latest", "--force"])
    expect(done.stderr).toContain(`${name} is restored: orders, pictures`)
    expect(done.code).toBe(0)
    const calls = kit
      .calls()
      .slice(from)
      .filter((call) => / stop | up |load |restore /.test(call))
      .map((call) => /(stop .*|--no-deps .*|load-orders|restore id\d+:\/volumes\/database)/.exec(call)?.[1])
    expect(calls.slice(-7)).toEqual([
      "stop database",
      expect.stringContaining("restore id"),
      "--no-deps database",
      "load-orders",
      "--no-deps database",
      "--no-deps api",
      "--no-deps page edge",
    ])
    expect(kit.has(".openimctl/restore.json")).toBe(false)
  })

  test("a backup of another version is refused with the way; an unknown name with the nearest", async () => {
    const name = await saved()
    kit.write("deployment.json", JSON.stringify({ ...deployment, release: "2.0" }))
    const done = await kit.run(["restore", name, "--force"])
    expect(done.stderr).toContain(`${name} is of 1.0, and this kit is 2.0`)
    expect(done.stderr).toContain("deploy the kit of 1.0")
    expect(done.code).toBe(4)
    expect((await kit.run(["restore", name.replace("backup", "backups"), "--force"])).stderr).toContain(name)
    expect((await kit.run(["restore"])).code).toBe(2)
  })

  test("--PART-only is --only=PART, and an unknown part is refused with the nearest", async () => {
    const name = await saved()
    const { stderr } = await kit.run(["restore", name, "--orders-only", "--dry-run"])
    expect(stderr).toContain("replaces orders")
    expect(stderr).not.toContain("replaces pictures")
    const both = await kit.run(["restore", name, "--orders-only", "--pictures-only", "--dry-run"])
    expect(both.stderr).toContain("replaces pictures")
    const unknown = await kit.run(["restore", name, "--order-only", "--dry-run"])
    expect(unknown.stderr).toContain('unknown kind of backup "order"')
    expect(unknown.code).not.toBe(0)
    expect((await kit.run(["backup", "--orders-only"])).code).toBe(2)
  })

  test("the configuration is written beside what is there", async () => {
    const name = await saved()
    const env = kit.read(".env")
    expect((await kit.run(["restore", name, "--only=config"])).stderr).toContain(`restored-${name}`)
    expect(kit.read(".env")).toBe(env)
    expect(readdirSync(kit.folder)).toContain(`restored-${name}`)
  })
})

describe("a test of a restore", () => {
  test("restores beside what runs, reads it again, and leaves nothing", async () => {
    await running()
    expect((await kit.run(["backup"])).code).toBe(0)
    const { containers, volumes } = kit.docker()
    const done = await kit.run(["restore", "--test"])
    expect(done.stderr).toContain("into the scratch project shop-restore-test; what runs is not touched")
    expect(done.stderr).toContain("can be restored: orders, pictures")
    expect(done.code).toBe(0)
    expect([kit.docker().containers, kit.docker().volumes]).toEqual([containers, volumes])
    const loaded = jobs().filter((job) => job.includes("load-orders") || job.includes("--delete"))
    expect(loaded.map((job) => job.includes("shop-restore-test_"))).toEqual([true, true])
    expect((await kit.run(["status"])).stderr).toContain("last restore test: backup_")
    expect((await kit.run(["history"])).stdout).toContain("--test")
  })

  test.each<[string, Record<string, unknown>, string]>([
    ["lacks something", { restoredBytes: 10 }, "orders holds 0.0 kB after the restore, and the backup 1.0 kB"],
    ["does not start", { fail: { database: "exit" } }, "database did not start"],
  ])("one that %s fails, is shown, and leaves nothing", async (_, fake, expected) => {
    await running()
    expect((await kit.run(["backup"])).code).toBe(0)
    const { containers, volumes } = kit.docker()
    kit.fakeDocker(fake)
    const done = await kit.run(["restore", "latest", "--test"])
    expect(done.stderr).toContain("cannot be restored: ")
    expect(done.stderr).toContain(expected)
    expect(done.code).toBe(1)
    expect([kit.docker().containers, kit.docker().volumes]).toEqual([containers, volumes])
    expect((await kit.run(["status"])).stderr).toContain("the last restore test failed")
  })
})

test("what is restored from a second place has its password", async () => {
  await running()
  setting("BACKUP_REMOTE=rest:http://backup.test/im\nBACKUP_REMOTE_PASSWORD=aVerySecretPassword")
  expect((await kit.run(["backup"])).code).toBe(0)
  rmSync(join(kit.folder, "backup"), { recursive: true })
  kit.fakeDocker({ repositories: { ...docker().repositories, "/repository": undefined } })
  const done = await kit.run(["restore", "latest", "--force"])
  expect(done.stderr).toContain("is restored: orders, pictures")
  const load = jobs().find((job) => job.includes("load-orders"))
  expect(load).toContain("RESTIC_REMOTE_PASSWORD_FILE=/run/secrets/backup_remote")
  expect(load).not.toContain("aVerySecretPassword")
})

describe("a second place", () => {
  const at = "s3:http://files.test/new"
  const second = () => setting(`BACKUP_REMOTE=${at}\nBACKUP_REMOTE_USER=im\nBACKUP_REMOTE_PASSWORD=aVerySecretPassword`)

  test("whose bucket is missing gets it with the first backup", async () => {
    await running()
    second()
    kit.fakeDocker({ noBucket: at })
    expect(await kit.run(["backup"])).toMatchObject({ code: 0 })
    expect(docker().repositories?.[at]).toHaveLength(docker().repositories!["/repository"]!.length)
  })

  test.each<[string, unknown, string, string]>([
    [
      "does not answer",
      [124, 'Get "http://files.test/new/": dial tcp 10.0.0.9:9000: i/o timeout'],
      "it cannot be reached over the network",
      "firewalls",
    ],
    ["says something unknown", [124, "Stat: slow down"], "no answer within 30 s: Stat: slow down", "BACKUP_REMOTE"],
    [
      "refuses the password",
      [1, "Fatal: Stat: The Access Key Id you provided does not exist"],
      "it refuses the user or the password",
      "BACKUP_REMOTE_USER",
    ],
  ])("that %s is named, with the reason and the next step, and the first one is written", async (_, says, why, next) => {
    await running()
    second()
    kit.fakeDocker({ place: { [at]: says } })
    const done = await kit.run(["backup"])
    expect(done.stderr).toContain(`is in the place local only. remote: ${at} cannot be used: ${why}`)
    expect(done.stderr).toMatch(new RegExp(`next: .*${next}.*then the same command again`))
    expect(done.code).toBe(1)
    expect(docker().repositories?.["/repository"]?.length).toBeGreaterThan(0)
  })

  test("without what it needs is refused before restic waits for it", async () => {
    await running()
    setting(`BACKUP_REMOTE=${at}`)
    const done = await kit.run(["backup"])
    expect(done.stderr).toContain(`remote: ${at} cannot be used: it needs an access key and a secret key`)
    expect(done.stderr).toContain("next: set BACKUP_REMOTE_USER and BACKUP_REMOTE_PASSWORD")
    expect(docker().repositories?.[at]).toBeUndefined()
    expect(done.code).toBe(1)
  })
})

test("list shows what is where, for programs as well", async () => {
  await running()
  expect((await kit.run(["backup", "list"])).stderr).toContain("without the key no backup can be read")
  expect((await kit.run(["backup"])).code).toBe(0)
  expect((await kit.run(["backup", "orders"])).code).toBe(0)
  const rows = JSON.parse((await kit.run(["backup", "list", "--format=json"])).stdout) as {
    kind: string
    complete: boolean
    parts: string[]
  }[]
  expect(rows.map(({ kind, complete }) => `${kind} ${complete}`)).toEqual(["full true", "orders true"])
  expect((await kit.run(["backup", "list"])).stdout).toContain("orders,pictures,config")
})

describe("a backup as a file", () => {
  test("is written with what says which one it is, and restored by a machine that does not have it", async () => {
    await running()
    const run = (await kit.run(["backup"])).stdout.trim().split("\n").at(-1)!
    const exported = await kit.run(["backup", "export", "latest", "mine.age"])
    expect(exported.stdout.trim()).toBe(join(kit.folder, "mine.age"))
    const about = { stack: "shop", run, kind: "full", release: "1.0", parts: ["orders", "pictures", "config"] }
    expect(jobs().at(-1)).toContain(`start-backup pack /out/mine.age ${JSON.stringify(about)} id`)
    kit.write("mine.age", "")
    expect((await kit.run(["backup", "export", run, "mine.age"])).stderr).toContain("mine.age is there already")
    kit.fakeDocker({ repositories: { "/repository": [] }, about })
    const done = await kit.run(["restore", "mine.age", "--force"])
    expect(done.stderr).toContain(`${run} is restored: orders, pictures`)
    expect(parts("/repository")).toEqual(["orders", "pictures", "config"])
    const [orders, pictures] = ["part=orders", "part=pictures"].map(
      (tag) =>
        jobs()
          .reverse()
          .find((job) => job.includes(tag))!,
    )
    expect(orders).toContain("--stdin-from-command -- cat /work/orders.dump")
    expect(pictures).toContain("import/volumes/database:/volumes/database:ro")
    expect(kit.has("backup/import")).toBe(false)
  })

  test("of another product, or made with another key, is refused", async () => {
    await running()
    expect((await kit.run(["backup"])).code).toBe(0)
    kit.write("mine.age", "")
    expect((await kit.run(["restore", "mine.age", "--force"])).stderr).toContain("is not an export of openimctl with this key")
    kit.fakeDocker({ about: { stack: "blog", run: "backup_1", parts: [] } })
    expect((await kit.run(["restore", "mine.age", "--force"])).stderr).toContain("is a backup of blog, and this kit is shop")
  })
})

describe("schedule", () => {
  test("is a line of cron where there is no systemd: once, and removed without a change to the lines of others", async () => {
    await running()
    const crontab = join(kit.bin, "crontab")
    writeFileSync(crontab, `#!/bin/sh\nif [ "$1" = -l ]; then exec cat '${kit.root}/crontab'; fi\nexec cat >'${kit.root}/crontab'\n`)
    chmodSync(crontab, 0o755)
    symlinkSync("/bin/cat", join(kit.bin, "cat"))
    const lines = () => readFileSync(join(kit.root, "crontab"), "utf8")
    expect((await kit.run(["schedule"])).code).toBe(3)
    writeFileSync(join(kit.root, "crontab"), "0 1 * * * /usr/bin/true\n")
    expect((await kit.run(["schedule", "install"])).stderr).toContain(
      "a backup is made each night at 02:00, and a restore is tested each Sunday at 03:00, by cron",
    )
    expect(lines()).toMatch(/^0 3 \* \* 0 cd .*openimctl\.mjs restore latest --test --folder=.* # openimctl restore-test of shop$/m)
    await kit.run(["schedule", "install", "--at=03:30", "--no-test"])
    expect(lines()).toMatch(
      /^0 1 \* \* \* \/usr\/bin\/true\n30 3 \* \* \* cd .*openimctl\.mjs backup --folder=.* # openimctl backup of shop\n$/,
    )
    expect((await kit.run(["schedule", "status"])).stdout).toContain("30 3 * * *")
    await kit.run(["schedule", "remove"])
    expect(lines()).toBe("0 1 * * * /usr/bin/true\n")
  })

  test("a machine without both, a wrong time and a wrong word are one message", async () => {
    await running()
    expect((await kit.run(["schedule", "install"])).stderr).toContain("this machine has neither systemd nor cron")
    expect((await kit.run(["schedule", "install", "--at=25:00"])).stderr).toContain("--at=25:00 is not a time of day")
    expect((await kit.run(["schedule", "instal"])).stderr).toContain('Did you mean "install"')
  })
})
