// The profile monitoring on a machine with a real Docker daemon: everything is watched, and alerts reach a webhook when what they are
// about really happens, and again when it is over.

import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { keepFigure } from "../../stacks/openim/support/results.js"
import { change, home, openimctl, publicName, works } from "../support/kit.js"
import { answerTo, docker, startDaemon, stopDaemon } from "../support/machine.js"
import { exchange, newPair } from "../support/users.js"

interface Notice {
  state: string
  title: string
  lines: string[]
  project: string
  at: number
}

const notices: Notice[] = []
const hook = createServer(async (request, response) => {
  let text = ""
  for await (const chunk of request) text += chunk
  notices.push({ ...(JSON.parse(text) as Notice), at: Date.now() })
  response.end()
})

beforeAll(async () => {
  cpSync("/kit", home, { recursive: true, verbatimSymlinks: true })
  answerTo(publicName)
  await startDaemon()
  await new Promise<void>((done) => hook.listen(9099, "0.0.0.0", done))
})

afterAll(async () => {
  hook.close()
  await stopDaemon()
})

const container = (service: string) => docker("ps", "-q", "--filter", `label=com.docker.compose.service=${service}`)
const ask = (query: string) =>
  JSON.parse(docker("exec", container("monitoring"), "start-monitoring", "ask", query)) as {
    metric: Record<string, string>
    value: string[]
  }[]
const firing = () => ask('ALERTS{alertstate="firing"}').map(({ metric }) => metric["alertname"]!)

/** Seconds from a cause until the notice of it arrived. */
async function arrives(state: string, title: string, since: number, within: number): Promise<Notice> {
  return eventually(
    `${state} ${title} arrives`,
    () => {
      const found = notices.find((one) => one.state === state && one.title === title && one.at >= since)
      if (found === undefined)
        throw new Error(`${notices.map((one) => `${one.state} ${one.title}`).join(", ") || "none"}; firing: ${firing().join(", ")}`)
      return found
    },
    { within, every: 1000 },
  )
}

describe("the profile monitoring", () => {
  test("is deployed with the others, and users reach each other", async () => {
    works("deploy", "--ignore=disk", `--address=${publicName}`, "--build-only")
    change("MONGODB_URI", "'mongodb://mongodb:27017/openim_v3?maxPoolSize=100'")
    // The machine, as containers see it.
    change("NOTIFY_WEBHOOK_URL", "http://172.17.0.1:9099/hook")
    works("deploy", "--ignore=disk", "--profiles=frontend,monitoring")
    await exchange(await newPair())
  })

  test("asks every target, and gets what the rules are about", async () => {
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
    for (const query of [
      "monitor_up == 1",
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
    ])
      expect(ask(query), query).not.toEqual([])
    const used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container("monitoring")).split(" /")[0]!
    keepFigure({ name: "memory of monitoring", value: Math.round(Number.parseFloat(used)), unit: "MiB" })
  })

  test("nothing fires while nothing is wrong, but what the machine of this test lacks", () => {
    const ofMachine = ["MemoryHigh", "DiskLow", "DiskFullTomorrow"]
    expect(firing().filter((name) => !ofMachine.includes(name))).toEqual([])
  })
})

describe("alerts", () => {
  test("each reaches the webhook after its real cause, and its end, too", async () => {
    const causes: Record<string, number> = {}
    const caused = (name: string) => {
      causes[name] = Date.now()
    }
    // A backup that is too old.
    const record = join(home, ".openimctl/backup.json")
    const old = Date.now() - 27 * 3_600_000
    writeFileSync(record, JSON.stringify({ run: "backup_20200101_020000", time: old, failed: {}, good: { local: old } }))
    works("start")
    caused("BackupOld")
    // Nobody removes what is old.
    docker("exec", container("server"), "pebble", "stop", "openim-crontask")
    caused("CrontaskCount")
    // A service that is down, and its clients, who get errors.
    docker("stop", container("chat"))
    caused("NotHealthy")
    caused("ServerErrors")
    const clients = setInterval(() => {
      fetch(`https://${publicName}:10008/client_config/get`, { method: "POST" }).catch(() => undefined)
    }, 200)
    try {
      for (const [name, since] of Object.entries(causes)) {
        const notice = await arrives("firing", name, since, 240)
        expect(notice.project).toBe("openim")
        expect(notice.lines.length).toBeGreaterThan(0)
        keepFigure({ name: `${name}: from the cause to the webhook`, value: Math.round((notice.at - since) / 1000), unit: "s" })
      }
    } finally {
      clearInterval(clients)
    }
    const over = Date.now()
    writeFileSync(record, JSON.stringify({ run: "backup_20200101_020000", time: over, failed: {}, good: { local: over } }))
    docker("exec", container("server"), "pebble", "start", "openim-crontask")
    works("start")
    for (const name of Object.keys(causes)) {
      const notice = await arrives("resolved", name, over, 300)
      keepFigure({ name: `${name}: from its end to the webhook`, value: Math.round((notice.at - over) / 1000), unit: "s" })
    }
  })

  test("a store that is down is named", async () => {
    const since = Date.now()
    docker("stop", container("redis"))
    const notice = await arrives("firing", "StoreDown", since, 240)
    expect(notice.lines.join()).toContain("redis did not answer")
    keepFigure({ name: "StoreDown: from the cause to the webhook", value: Math.round((notice.at - since) / 1000), unit: "s" })
    works("start")
  })

  test("notify test reaches the same channel from outside", async () => {
    const since = Date.now()
    change("NOTIFY_WEBHOOK_URL", "http://127.0.0.1:9099/hook")
    expect(works("notify", "test")).toMatch(/webhook +sent/)
    await arrives("ok", "test", since, 10)
  })
})

describe("what it keeps", () => {
  test("its data survives, and the report is made of it", () => {
    const { code, err } = openimctl(["report", "--html=/tmp/report.html"])
    expect(err).not.toContain("not available")
    expect(code).toBe(0)
    const html = readFileSync("/tmp/report.html", "utf8")
    expect(html.match(/<svg/g)?.length).toBeGreaterThan(4)
    expect(html).not.toContain("<script")
  })
})
