// What the kit does on a machine with a real Docker daemon, as a story: each case goes on where the one before ended.

import { execFileSync } from "node:child_process"
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../stacks/openim/support/eventually.js"
import { keepFigure } from "../stacks/openim/support/results.js"
import { failureCases } from "./failures.js"
import { type Authority, holdSocket, servedCertificate, startAuthority } from "./support/authority.js"
import { BrowserUser, openBrowser } from "./support/browser.js"
import { begin, change, healthy, home, openimctl, publicName, refuses, setting, works } from "./support/kit.js"
import { allContainers, answerTo, containerOf, docker, losePower, startDaemon, stopDaemon } from "./support/machine.js"
import { exchange, newPair, newUsers, type Pair } from "./support/users.js"

/** What the daemon keeps is in memory here, and less than a server needs. */
const deploy = ["deploy", "--ignore=disk"]

let users: Pair
let texts: string[]
let pictureAddress: string

beforeAll(() => {
  cpSync("/kit", home, { recursive: true, verbatimSymlinks: true })
  answerTo(publicName)
})

afterAll(async () => {
  await stopDaemon()
})

const statusOf = () => JSON.parse(works("status", "--format=json")) as { ok: boolean; services: { service: string; state: string }[] }

/** Connections from before a break may still be tried once. */
const sameMessages = () => eventually("all messages are there", async () => expect(await users.history()).toEqual(texts))

describe("before anything runs", () => {
  test("without a daemon nothing is changed, and the next step is named", () => {
    const text = refuses([...deploy, `--address=${publicName}`], "its daemon does not run")
    expect(text).not.toContain("    at ")
    expect(existsSync(join(home, "secrets"))).toBe(false)
  })

  test("unknown verbs, profiles and services are answered with the nearest name", async () => {
    await startDaemon()
    refuses(["deplyo"], "deploy")
    refuses([...deploy, "--profiles=cor"], "core")
    refuses(["logs", "servr"], "server")
    expect(allContainers()).toEqual([])
  })

  test("a kit with a damaged archive is refused", () => {
    const file = join(home, "images/server.tar")
    const { size } = statSync(file)
    appendFileSync(file, "damage")
    try {
      refuses([...deploy, `--address=${publicName}`], "images/server.tar is damaged")
      expect(allContainers()).toEqual([])
    } finally {
      truncateSync(file, size)
    }
  })

  test("--build-only makes .env with secrets that only its owner reads, and loads the images", () => {
    works(...deploy, `--address=${publicName}`, "--build-only")
    expect(allContainers()).toEqual([])
    expect(statSync(join(home, ".env")).mode & 0o777).toBe(0o600)
    expect(setting("OPENIM_SECRET")).toMatch(/^[A-Za-z0-9]{24,}$/)
    // The stand-in knows no users.
    change("MONGODB_URI", "'mongodb://mongodb:27017/openim_v3?maxPoolSize=100'")
  })

  test("a port that is taken is named with the setting to change, and nothing is started", async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(10001, "0.0.0.0", resolve))
    try {
      refuses([...deploy, `--address=${publicName}`], "10001", "GATEWAY_PORT")
      expect(allContainers()).toEqual([])
    } finally {
      await new Promise((resolve) => taken.close(resolve))
    }
  })

  test("placeholders and secrets that everybody knows are refused", () => {
    works("env", "check")
    const secret = change("OPENIM_SECRET", "openIM123")
    refuses(["env", "check"], "OPENIM_SECRET")
    refuses(deploy, "OPENIM_SECRET")
    change("OPENIM_SECRET", secret)
    const address = change("PUBLIC_URL", "http://external_ip")
    refuses(deploy, "PUBLIC_URL")
    change("PUBLIC_URL", address)
    expect(allContainers()).toEqual([])
  })
})

describe("the first deployment", () => {
  test("deploy starts everything, and two users reach each other", async () => {
    const began = Date.now()
    expect(works(...deploy)).toContain("open in the firewall: 80, 443, 10001")
    expect(statSync(join(home, "secrets")).mode & 0o777).toBe(0o700)
    for (const { service, state } of statusOf().services) expect(`${service}: ${state}`).toBe(`${service}: healthy`)
    users = await newPair()
    texts = [await exchange(users)]
    keepFigure({ name: "from the kit to a message delivered", value: Math.round((Date.now() - began) / 1000), unit: "s", note: "goal: 90" })
  })

  test("health asks everything through the public address", () => {
    const report = JSON.parse(works("health", "--format=json")) as { ok: boolean }
    expect(report.ok).toBe(true)
  })

  test("status is quick, and the whole is small", () => {
    const began = Date.now()
    statusOf()
    keepFigure({ name: "status", value: Date.now() - began, unit: "ms", note: "goal: 1000" })
    const used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}")
      .split("\n")
      .map((line) => mib(line.split(" /")[0] ?? ""))
    keepFigure({
      name: "memory of all containers",
      value: Math.round(used.reduce((sum, one) => sum + one, 0)),
      unit: "MiB",
      note: "goal: 2048",
    })
    keepFigure({
      name: "size of the kit",
      value: Number(execFileSync("du", ["-sm", "/kit"], { encoding: "utf8" }).split("\t")[0]),
      unit: "MB",
    })
  })

  test("only the edge is reachable from outside, and no secret stands in a container's settings", () => {
    const secrets = readFileSync(join(home, ".env"), "utf8")
      .split("\n")
      .filter((line) => /^[A-Z_]*(PASSWORD|SECRET)=./.test(line))
    const values = secrets.map((line) => line.slice(line.indexOf("=") + 1).replace(/^'(.*)'$/, "$1"))
    expect(values.length).toBeGreaterThan(3)
    const text = docker("inspect", ...allContainers())
    for (const value of values) expect(text.includes(value)).toBe(false)
    const inspected = JSON.parse(text) as {
      Name: string
      HostConfig: { PortBindings: object | null; ReadonlyRootfs: boolean; Memory: number }
    }[]
    for (const { Name, HostConfig } of inspected) {
      const published = Object.keys(HostConfig.PortBindings ?? {}).length
      if (!/edge/.test(Name)) expect(`${Name} publishes ${published}`).toBe(`${Name} publishes 0`)
      expect(`${Name} ${HostConfig.ReadonlyRootfs} ${HostConfig.Memory > 0}`).toBe(`${Name} true true`)
    }
  })

  test("a second deploy changes nothing", async () => {
    const before = { containers: allContainers(), env: readFileSync(join(home, ".env"), "utf8") }
    works(...deploy)
    expect({ containers: allContainers(), env: readFileSync(join(home, ".env"), "utf8") }).toEqual(before)
    texts.push(await exchange(users))
  })

  test("two deploys at once: one waits or is refused by name", async () => {
    const [one, other] = await Promise.all([begin(...deploy).ended, begin(...deploy).ended])
    const codes = [one.code, other.code].sort()
    expect(codes[0], `${one.err}\n${other.err}`).toBe(0)
    if (codes[1] !== 0) expect(`${one.err}${other.err}`).toContain("another call is changing this deployment")
  })
})

describe("two users in a real browser, through https and wss", () => {
  let browser: Browser
  let ann: BrowserUser
  let bob: BrowserUser

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  test("they log in on the page that the edge serves", async () => {
    const [one, other] = await newUsers(2)
    ann = await BrowserUser.login(browser, one!)
    bob = await BrowserUser.login(browser, other!)
  })

  test("a text arrives, in a group as well", async () => {
    await ann.text({ recvID: bob.userID }, "hello from a browser")
    await bob.gets("the text", ({ textElem }) => textElem?.content === "hello from a browser")
    const groupID = await bob.group([ann.userID], "both of us")
    await bob.text({ groupID }, "hello to the group")
    await ann.gets("the text in the group", ({ textElem }) => textElem?.content === "hello to the group")
  })

  test("a picture arrives, and its address gives the same bytes", async () => {
    await ann.picture(bob.userID, picture)
    const { pictureElem } = await bob.gets("the picture", (message) => message.pictureElem !== undefined)
    const url = pictureElem!.sourcePicture.url
    expect(url).toContain(`https://${publicName}`)
    pictureAddress = url
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(picture)
  })

  test("after the connection was lost they are connected again, and the history is whole", async () => {
    docker("restart", containerOf("edge"))
    await healthy()
    await Promise.all([ann.connected(), bob.connected()])
    await ann.text({ recvID: bob.userID }, "hello again")
    await bob.gets("the text", ({ textElem }) => textElem?.content === "hello again")
    const history = await bob.history(`si_${[ann.userID, bob.userID].sort().join("_")}`)
    expect(history.map(({ textElem, pictureElem }) => textElem?.content ?? (pictureElem ? "a picture" : "other"))).toEqual(
      expect.arrayContaining(["hello from a browser", "a picture", "hello again"]),
    )
  })
})

describe("what happens to machines", () => {
  test("a power cut: everything comes back, with its messages", async () => {
    await losePower()
    await startDaemon()
    await healthy()
    await sameMessages()
    texts.push(await exchange(users))
  })

  test("a program that ends is reported and comes back", async () => {
    docker("kill", "-s", "SIGKILL", containerOf("redis"))
    const broken = openimctl(["health"])
    expect(broken.code).not.toBe(0)
    expect(broken.out + broken.err).toContain("redis")
    works("start")
    await healthy()
    texts.push(await exchange(users))
  })

  test("a password that changed in .env alone is refused, and the volume is named", () => {
    const password = change("MONGODB_PASSWORD", "AnotherPassword0123456789AnotherPassword")
    const before = allContainers()
    refuses(deploy, "MONGODB_PASSWORD")
    expect(allContainers()).toEqual(before)
    change("MONGODB_PASSWORD", password)
  })
})

failureCases()

describe("secrets", () => {
  test("a password of a store without a client in its image is not changed, and the reason is said", () => {
    const [password, before] = [setting("MONGODB_PASSWORD"), allContainers()]
    refuses(["secrets", "rotate", "MONGODB_PASSWORD"], "mongodb refused the change of MONGODB_PASSWORD", "has no client of MongoDB")
    expect(setting("MONGODB_PASSWORD")).toBe(password)
    expect(allContainers()).toEqual(before)
  })

  test("a new password of Redis reaches the store and those that use it", async () => {
    const password = setting("REDIS_PASSWORD")
    works("secrets", "rotate", "REDIS_PASSWORD")
    expect(setting("REDIS_PASSWORD")).not.toBe(password)
    await healthy()
    texts.push(await exchange(users))
  })
})

describe("stopping and removing", () => {
  test("stop and start", async () => {
    works("stop")
    expect(docker("ps", "-q")).toBe("")
    works("start")
    await healthy()
    await sameMessages()
  })

  test("clean keeps .env and data: the next deploy has the same messages", async () => {
    works("clean")
    expect(allContainers()).toEqual([])
    works(...deploy)
    await sameMessages()
    texts.push(await exchange(users))
  })

  test("destroy asks for the project's name", () => {
    refuses(["destroy", "--data"], "name")
    expect(allContainers().length).toBeGreaterThan(5)
  })

  test("history says what was done, and a support bundle holds no secret", () => {
    expect(works("history")).toContain("deploy")
    works("support-bundle", "--output=/tmp/support.tar.gz")
    const text = execFileSync("tar", ["-xzOf", "/tmp/support.tar.gz"], { encoding: "utf8", maxBuffer: 64 << 20 })
    for (const name of ["OPENIM_SECRET", "REDIS_PASSWORD"]) expect(text.includes(setting(name))).toBe(false)
  })
})

describe("backup and restore", () => {
  const key = join(home, "backup.key")
  /** The names of the backups that hold a part. */
  const holding = (part: string) =>
    (JSON.parse(openimctl(["backup", "list", "--format=json"]).out) as { run: string; parts: string[]; place: string }[])
      .filter(({ parts, place }) => parts.includes(part) && place === "local")
      .map(({ run }) => run)

  test("a backup holds every store, and its key is printed once", () => {
    const began = Date.now()
    const text = works("backup")
    keepFigure({ name: "backup of a new installation", value: Math.round((Date.now() - began) / 1000), unit: "s" })
    expect(text).toContain(readFileSync(key, "utf8").trim())
    expect(statSync(key).mode & 0o777).toBe(0o600)
    expect(holding("mongodb")).toEqual(holding("config"))
    expect(holding("minio")).toHaveLength(1)
    expect(openimctl(["status"]).err).toContain("last good backup: local less than an hour ago")
  })

  test("a dump that fails leaves no snapshot", () => {
    const file = join(home, "secrets/mongodb_uri")
    const right = readFileSync(file)
    rmSync(file)
    writeFileSync(file, "mongodb://mongodb:27017/another")
    refuses(["backup", "mongodb"], "mongodb could not be saved")
    writeFileSync(file, right)
    expect(holding("mongodb")).toHaveLength(1)
  })

  test("a backup that is killed is repeated by the next call, and one place is enough when the other does not answer", async () => {
    const killed = begin("backup", "redis")
    await eventually("restic runs", () => expect(docker("ps", "-q", "--filter", "name=-backup")).not.toBe(""), { within: 30, every: 50 })
    killed.kill("SIGKILL")
    await killed.ended
    appendFileSync(join(home, ".env"), "BACKUP_REMOTE=rest:http://127.0.0.1:1/\n")
    const { code, err } = openimctl(["backup", "redis"], { OPENIMCTL_PROBE_SECONDS: "5" })
    expect(err).toContain("was killed: what it left is removed")
    expect(err).toContain("is in the place local only")
    expect(code).toBe(1)
    writeFileSync(join(home, ".env"), readFileSync(join(home, ".env"), "utf8").replace(/^BACKUP_REMOTE=rest.*\n/m, ""))
    expect(holding("redis")).toHaveLength(2)
  })

  test("all of it is read again, and a restore is tested beside what runs", () => {
    works("backup", "verify")
    const before = allContainers()
    const began = Date.now()
    expect(works("restore", "--test")).toContain("can be restored: mongodb, redis, minio")
    keepFigure({ name: "test of a restore", value: Math.round((Date.now() - began) / 1000), unit: "s" })
    expect(allContainers()).toEqual(before)
    expect(docker("volume", "ls", "-q")).not.toContain("restore-test")
    expect(openimctl(["status"]).err).toContain("last restore test: backup_")
  })

  test("all data and backups are lost, then restored on the empty machine from a file: the same messages and picture", async () => {
    const [name] = holding("minio")
    works("backup", "export", name!, "/srv/saved.age")
    expect(readFileSync("/srv/saved.age", "utf8")).toMatch(/^age-encryption\.org/)
    rmSync(join(home, "backup"), { recursive: true })
    works("destroy", "--data", "--no-backup", "--confirm=openim")
    works(...deploy, `--address=${publicName}`, "--build-only")
    works("restore", "/srv/saved.age", "--only=config")
    cpSync(join(home, `restored-${name}/.env`), join(home, ".env"))
    const right = readFileSync(key)
    writeFileSync(key, "AGE-SECRET-KEY-1WRONG")
    refuses(["restore", name!, "--force"], "is not the one of the backups")
    writeFileSync(key, right)
    refuses(["restore", name!], "replaces mongodb", "nothing was changed")
    const began = Date.now()
    works("restore", name!, "--force")
    keepFigure({ name: "restore on an empty machine", value: Math.round((Date.now() - began) / 1000), unit: "s" })
    await healthy()
    await sameMessages()
    expect(Buffer.from(await (await fetch(pictureAddress)).arrayBuffer())).toEqual(picture)
    texts.push(await exchange(users))
    await sameMessages()
  })
})

describe("a certificate of an authority", () => {
  let authority: Authority
  let user: { userID: string; token: string }
  beforeAll(async () => {
    ;[user] = (await newUsers(1)) as [typeof user]
  })
  afterAll(() => authority?.stop())

  test("what is missing for it is named before anything is touched", () => {
    const before = allContainers()
    change("TLS", "acme")
    refuses(deploy, "TLS=acme needs ACME_EMAIL")
    change("ACME_EMAIL", "admin@example.org")
    change("ACME_CA_FILE", "root.pem")
    refuses(deploy, "acme/root.pem is missing")
    expect(allContainers()).toEqual(before)
  })

  test("an authority that cannot be reached is named, and everything runs with a certificate made here", () => {
    mkdirSync(join(home, "acme"), { recursive: true })
    change("ACME_CA_FILE", "")
    change("ACME_SERVER", "https://127.0.0.1:1/dir")
    refuses(deploy, "no certificate for", "the authority cannot be reached", "openimctl certificate renew")
    for (const { service, state } of statusOf().services) expect(`${service}: ${state}`).toBe(`${service}: healthy`)
    refuses(["certificate", "status"], "the authority has given none yet")
  })

  test("the edge gets one, and a second deploy changes nothing", async () => {
    authority = await startAuthority()
    cpSync(authority.rootFile, join(home, "acme/root.pem"))
    change("ACME_CA_FILE", "root.pem")
    change("ACME_SERVER", authority.directory)
    const before = allContainers()
    works("certificate", "renew")
    expect((await servedCertificate(authority.root)).subjectaltname).toBe(`DNS:${publicName}`)
    expect(works("certificate", "status")).toContain("Pebble")
    expect(works("certificate", "renew")).toContain("nothing to do")
    works(...deploy)
    expect(allContainers()).toEqual(before)
  })

  test("a renewal ends no WebSocket, and new connections have the new certificate", async () => {
    const held = await holdSocket(authority.root, user)
    await held.alive()
    const { serialNumber } = await servedCertificate(authority.root)
    works("certificate", "renew", "--force")
    expect((await servedCertificate(authority.root)).serialNumber).not.toBe(serialNumber)
    await held.alive()
    held.close()
  })
})

/** One red pixel. */
const picture = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64")

function mib(text: string): number {
  const [, number, unit] = /^([\d.]+)(\w+)$/.exec(text.trim()) ?? []
  return Number(number) * ({ KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit ?? ""] ?? 0)
}
