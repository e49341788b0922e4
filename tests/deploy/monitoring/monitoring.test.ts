// The profile monitoring on a machine with a real Docker daemon: everything is watched, and alerts reach a webhook when what they are
// about really happens, and again when it is over.

import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { keepFigure } from "../../stacks/openim/support/results.js"
import { openBrowser } from "../support/browser.js"
import { change, home, openimctl, publicName, works } from "../support/kit.js"
import { docker, stopDaemon } from "../support/machine.js"
import { prepareMachine } from "../support/prepared.js"
import { client, exchange, newPair, newUsers } from "../support/users.js"
import { askSlowly, hang, shortCertificate, until } from "./causes.js"
import { arrives, closeHook, openHook } from "./hook.js"
import { logCases } from "./logs.js"
import { placeCases } from "./places.js"

beforeAll(async () => {
  await prepareMachine()
  await openHook()
})

afterAll(async () => {
  await closeHook()
  await stopDaemon()
})

const container = (service: string) => docker("ps", "-a", "-q", "--filter", `label=com.docker.compose.service=${service}`)
const inServer = (...words: string[]) => docker("exec", container("server"), "pebble", ...words)
const ask = (query: string) =>
  JSON.parse(docker("exec", container("monitoring"), "start-monitoring", "ask", query)) as {
    metric: Record<string, string>
    value: string[]
  }[]
const firing = () => ask('ALERTS{alertstate="firing"}').map(({ metric }) => metric["alertname"]!)

/** What a machine of tests may lack. */
const ofMachine = ["MemoryHigh", "DiskLow", "DiskFullTomorrow"]

async function reported(state: string, name: string, since: number, within: number): Promise<string[]> {
  const notice = await arrives(state, name, since, within, () => firing().join(", "))
  expect(notice.project).toBe("openim")
  expect(notice.lines.length).toBeGreaterThan(0)
  const words = state === "firing" ? "from the cause to the webhook" : "from its end to the webhook"
  keepFigure({ name: `${name}: ${words}`, value: Math.round((notice.at - since) / 1000), unit: "s" })
  return notice.lines
}

describe("the profile monitoring", () => {
  test("is deployed with the others, and users reach each other", { timeout: 600_000 }, async () => {
    // The machine, as containers see it.
    change("NOTIFY_WEBHOOK_URL", "http://172.17.0.1:9099/hook")
    works("deploy", "--ignore=disk", "--profiles=frontend,monitoring,logs")
    await exchange(await newPair())
  })

  test("asks every target", async () => {
    const began = Date.now()
    await eventually(
      "every target answers",
      () => {
        expect(ask("up == 0").map(({ metric }) => `${metric["job"]} ${metric["instance"]}`)).toEqual([])
        const jobs = new Set(ask("up == 1").map(({ metric }) => metric["job"]))
        expect([...jobs].sort()).toEqual(["alertmanager", "edge", "etcd", "host", "processes", "prometheus", "redis", "server", "stores"])
        expect(ask('up{job="server"}')).toHaveLength(11)
      },
      { within: 120, every: 2000 },
    )
    keepFigure({ name: "until every target answers", value: Math.round((Date.now() - began) / 1000), unit: "s" })
    const used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container("monitoring")).split(" /")[0]!
    keepFigure({ name: "memory of monitoring", value: Math.round(Number.parseFloat(used)), unit: "MiB" })
  })

  test.each([
    'monitor_up{store="mongodb"} == 1',
    'monitor_up{store="kafka"} == 1',
    "redis_up == 1",
    "kafka_consumer_lag",
    "certificate_end_timestamp_seconds > 0",
    'haproxy_backend_active_servers{proxy="api"} == 1',
    'namedprocess_namegroup_num_procs{groupname="openim-crontask"} == 1',
    'node_filesystem_size_bytes{mountpoint="/"}',
    "node_memory_MemAvailable_bytes",
    "haproxy_backend_response_time_average_seconds",
    "msg_insert_mongo_failed_total or msg_insert_mongo_success_total",
    "openimctl_release",
  ])("knows %s", async (query) => {
    await eventually(query, () => expect(ask(query)).not.toEqual([]), { within: 45, every: 2000 })
  })

  test("nothing fires while nothing is wrong, but what the machine of this test lacks", async () => {
    // Its start may have been slow.
    const quiet = () => expect(firing().filter((name) => !ofMachine.includes(name))).toEqual([])
    await eventually("nothing fires", quiet, { within: 240, every: 5000 })
  })
})

logCases()

describe("alerts", () => {
  test("each reaches the webhook after its real cause, and its end, too", { timeout: 900_000 }, async () => {
    const causes: Record<string, number> = {}
    const caused = (...names: string[]) => {
      for (const name of names) causes[name] = Date.now()
    }
    const record = join(home, ".openimctl/backup.json")
    const [from, to] = await newUsers(2)
    const { Admin } = await client()
    const admin = await Admin.login()
    const send = (text: string) => admin.sendText({ userID: from!.userID, nickname: "load" }, to!.userID, text, { limit: 15_000 })
    await send("before")
    // A backup that is too old, as the file says that openimctl keeps.
    const old = Date.now() - 27 * 3_600_000
    writeFileSync(record, JSON.stringify({ run: "backup_20200101_020000", time: old, failed: {}, good: { local: old } }))
    works("start")
    caused("BackupOld")
    // A certificate of ten days.
    shortCertificate()
    docker("restart", container("edge"))
    caused("CertificateEnds")
    await eventually("the edge answers again", async () => expect((await fetch(`https://${publicName}/healthz`)).status).toBe(200))
    // Nobody removes what is old, and messages are taken but not stored.
    inServer("stop", "openim-crontask")
    caused("CrontaskCount")
    inServer("stop", "openim-msgtransfer")
    caused("MessagesWaiting")
    // An exporter that hangs.
    const exporter = hang("prometheus-redis-exporter")
    caused("NotWatched")
    // Clients whose lines are slow.
    // HAProxy's average is about its last 512 answers.
    const slow = until(() => askSlowly(10_009, "/account/login", 6000), 24)
    caused("SlowAnswers")
    const sending = until((number) => send(`waits ${number}`), 1, 400)
    const restarting = until(() => inServer("restart", "openim-push"), 1, 16_000)
    caused("RestartLoop")
    try {
      // It needs the admin's port, so it comes before chat is stopped.
      await reported("firing", "SlowAnswers", causes["SlowAnswers"]!, 240)
      await slow.stop()
      // A service that is down, and its clients, who get errors.
      docker("stop", container("chat"))
      caused("NotHealthy", "ServerErrors")
      const clients = until(() => fetch(`https://${publicName}:10008/client_config/get`, { method: "POST" }), 1, 200)
      try {
        const names = Object.keys(causes).filter((name) => name !== "SlowAnswers")
        const done = await Promise.allSettled(names.map((name) => reported("firing", name, causes[name]!, 300)))
        expect(done.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []))).toEqual([])
      } finally {
        await clients.stop()
      }
    } finally {
      await Promise.all([slow, sending, restarting].map((one) => one.stop()))
      exporter.goOn()
    }
    const over = Date.now()
    writeFileSync(record, JSON.stringify({ run: "backup_20200101_020000", time: over, failed: {}, good: { local: over } }))
    inServer("start", "openim-crontask", "openim-msgtransfer")
    works("certificate", "renew", "--force")
    works("start")
    // A restart loop is over after ten minutes, and slow answers when others were quick.
    const names = Object.keys(causes).filter((name) => !["RestartLoop", "SlowAnswers"].includes(name))
    const done = await Promise.allSettled(names.map((name) => reported("resolved", name, over, 300)))
    expect(done.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []))).toEqual([])
  })

  test("a store that is down is named, and messages that are lost by it", { timeout: 600_000 }, async () => {
    const [from, to] = await newUsers(2)
    const { Admin } = await client()
    const admin = await Admin.login()
    const sender = { userID: from!.userID, nickname: "lost" }
    // Of a conversation that has numbers left, which come from MongoDB.
    await admin.sendText(sender, to!.userID, "stored")
    await eventually("it is stored", async () => expect(await admin.search({ sendID: sender.userID })).toHaveLength(1), { within: 30 })
    const transfer = hang("[^ ]*/openim-msgtransfer ")
    // No message is accepted without MongoDB: this one is on its way when it stops.
    const since = Date.now()
    try {
      await admin.sendText(sender, to!.userID, "lost")
      docker("stop", container("mongodb"))
    } finally {
      transfer.goOn()
    }
    try {
      const [store] = await Promise.all([reported("firing", "StoreDown", since, 240), reported("firing", "MessagesNotStored", since, 240)])
      expect(store.join()).toContain("mongodb did not answer")
    } finally {
      works("start")
    }
  })

  test("notify test reaches the same channel from outside", async () => {
    const since = Date.now()
    const before = change("NOTIFY_WEBHOOK_URL", "http://127.0.0.1:9099/hook")
    expect(works("notify", "test")).toMatch(/webhook +sent/)
    await arrives("ok", "test", since, 10)
    change("NOTIFY_WEBHOOK_URL", before)
  })
})

describe("a machine that stood still", () => {
  test("programs that etcd has forgotten meanwhile are started again, and users reach each other", { timeout: 600_000 }, async () => {
    const pair = await newPair()
    // Their leases are 30 seconds long.
    const programs = hang("[^ ]*/(openim|chat|admin)-[a-z-]+ ")
    await sleep(60_000)
    const since = Date.now()
    programs.goOn()
    await eventually("a message arrives", async () => void (await exchange(pair)), { within: 300, every: 3000 })
    keepFigure({ name: "from the end of a minute's standstill to a message", value: Math.round((Date.now() - since) / 1000), unit: "s" })
    const log = execFileSync("sh", ["-c", 'docker logs "$1" 2>&1', "logs", container("server")], { encoding: "utf8", maxBuffer: 64 << 20 })
    expect(log).toContain('on-check-failure action is "restart"')
    await eventually("everything is healthy", () => works("health"), { within: 120, every: 3000 })
  })
})

placeCases({
  image: () => docker("inspect", "-f", "{{.Config.Image}}", container("minio")),
  failedArrives: (since) => reported("firing", "BackupFailed", since, 180),
})

describe("what it keeps", () => {
  test("a report is made of it, and each of its charts is drawn in a browser", async () => {
    const file = "/tmp/report.html"
    const { code, err } = openimctl(["report", `--html=${file}`, "--hours=1"])
    expect(err).not.toContain("not available")
    expect(code).toBe(0)
    const { monitoring } = JSON.parse(readFileSync(join(home, "deployment.json"), "utf8")) as {
      monitoring: { charts: { title: string }[] }
    }
    const browser = await openBrowser()
    try {
      const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
      const asked: string[] = []
      page.on("request", (request) => asked.push(request.url()))
      await page.goto(`file://${file}`)
      expect(asked).toEqual([`file://${file}`])
      const seen = await page.evaluate(() => ({
        titles: [...document.querySelectorAll("figcaption")].map((one) => one.textContent ?? ""),
        empty: [...document.querySelectorAll("figure")].filter((one) => one.querySelector("svg") === null).map((one) => one.textContent),
        flat: [...document.querySelectorAll("svg")].filter((one) => one.querySelector("path[d], circle") === null).length,
        wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
      }))
      expect(seen.titles).toHaveLength(monitoring.charts.length)
      expect(seen.empty).toEqual([])
      expect(seen.flat).toBe(0)
      expect(seen.wide).toBe(false)
    } finally {
      await browser.close()
    }
  })
})
