// Services and the order in which a stack starts; what a run of its tests left behind.

import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { readStack } from "../../src/catalogue/stack.js"
import type { Catalogue, InstalledEntry } from "../../src/catalogue/types.js"
import { stackOutcome } from "../../src/plan/stack/results.js"
import {
  frontConfig,
  groupControlLayer,
  hostsOf,
  runnableGroups,
  serviceLayer,
  serviceOf,
  startOrder,
} from "../../src/plan/stack/services.js"

const catalogue = await loadCatalogue("openim")
const stackText = readFileSync("stacks/openim/stack.yaml", "utf8")

describe("services", () => {
  it("are found by name, with the nearest one for a slip", () => {
    expect(serviceOf(catalogue, "redis").ports).toEqual([6379])
    expect(() => serviceOf(catalogue, "reds")).toThrow('Did you mean "redis"?')
  })

  it("take from their component what they do not say themselves", () => {
    const own = { ...catalogue.services.redis!, ports: [], purpose: undefined, command: undefined, user: undefined, data: undefined }
    const changed = (entry: object) => ({ ...catalogue, services: { redis: { ...own, ...entry } } }) as Catalogue
    const { purpose, ports, start, data } = catalogue.components.redis as InstalledEntry
    expect(serviceOf(changed({}), "redis")).toMatchObject({ purpose, ports, command: [start], user: catalogue.user.name, data })
    const said = { purpose: "Other", ports: [1], command: ["sh"], user: "redis", data: "/own" }
    expect(serviceOf(changed(said), "redis")).toMatchObject(said)
  })

  it("run under a supervisor that starts them again, as their user and in the folder of their data", () => {
    const layer = JSON.parse(serviceLayer(serviceOf(catalogue, "postgres"), ["start-postgresql"])) as { services: Record<string, object> }
    expect(layer.services.postgres).toMatchObject({
      command: "start-postgresql",
      user: catalogue.user.name,
      "working-dir": "/data",
      "on-failure": "restart",
    })
    expect(layer.services.control).toMatchObject({ command: "/usr/local/bin/stackctl relay :4000 /control/.pebble.socket" })
    expect(groupControlLayer()).toContain("/var/lib/pebble/default/.pebble.socket")
  })

  it("keep the words of a command together", () => {
    const nginx = serviceOf(catalogue, "nginx")
    expect(serviceLayer(nginx, ["nginx", "-g", "daemon off;"])).toContain("nginx -g 'daemon off;'")
    expect(JSON.parse(serviceLayer(nginx, ["echo", "it's"])).services.nginx.command).toBe("echo 'it'\\''s'")
  })

  it("say in the catalogue what is wrong with them", () => {
    const changed = (from: string, to: string) => () => readStack("stack.yaml", stackText.replace(from, to))
    expect(changed("    component: redis\n", "    component: server\n")).toThrow(
      /services\.redis\.component: expected the name of a component that is installed/,
    )
    expect(changed("    image: mongo\n", "    image: mongo\n    component: redis\n")).toThrow("no image next to component")
    expect(changed("    needs: [etcd, redis, kafka, minio, mongodb-stand-in]", "    needs: [etcd, redys]")).toThrow(
      "the name of a service or of another group",
    )
    expect(changed('    ready: [stackctl, probe, "kafka://127.0.0.1:9092"]', "    ready: []")).toThrow(
      "services.kafka.ready: expected a command as a list of words",
    )
    expect(changed("  service: nginx\n  ports:", "  service: nginks\n  ports:")).toThrow("front.service: expected the name of a service")
  })
})

describe("a stack", () => {
  it("starts what a group needs before it", () => {
    expect(runnableGroups(catalogue).map(({ name }) => name)).toEqual(["server", "chat"])
    const { services, groups } = startOrder(catalogue, ["chat"])
    expect(services).toEqual(["etcd", "redis", "mongodb-stand-in", "kafka", "minio"])
    expect(groups.map(({ name }) => name)).toEqual(["server", "chat"])
  })

  it("finds a service under its name and under its second host name", () => {
    const named = { ...catalogue, services: { store: { ...catalogue.services.redis, host: "db" } } } as Catalogue
    expect(hostsOf(named, "store")).toEqual(["store", "db"])
    expect(hostsOf(named, "server")).toEqual(["server"])
    // Each address that a group connects to is the name of something in the stack.
    const hosts = [...Object.keys(catalogue.services), ...Object.keys(catalogue.components)].flatMap((name) => hostsOf(catalogue, name))
    for (const { connect } of runnableGroups(catalogue))
      for (const value of Object.values(connect))
        for (const [, host] of value.matchAll(/(?:^|\/\/)([a-z][a-z0-9-]*):\d+/g)) expect(hosts).toContain(host)
  })

  it("refuses circles, and what is not a group", () => {
    const { server } = catalogue.components
    const circle = { ...catalogue, components: { ...catalogue.components, server: { ...server, needs: ["chat"] } } } as Catalogue
    expect(() => startOrder(circle, ["chat"])).toThrow("chat needs server needs chat: a circle")
    expect(() => startOrder(catalogue, ["server-api"])).toThrow("server-api is not a group of programs")
  })

  it("shows its ports through one proxy", () => {
    expect(frontConfig({ service: "nginx", ports: { "10002": "server:10002" }, connect: {} })).toContain(
      "server { listen 10002; proxy_pass server:10002; }",
    )
  })
})

describe("what a run against a stack left", () => {
  const tests = JSON.stringify({
    testResults: [
      {
        name: "a.test.ts",
        status: "passed",
        message: "",
        assertionResults: [{ fullName: "works", status: "passed", failureMessages: [] }],
      },
    ],
  })

  it("is its cases, figures and logs", () => {
    const outcome = stackOutcome({
      exitCode: 0,
      begun: 0,
      output: "",
      tests,
      figures: '[{"name":"a","value":1,"unit":"s"}]',
      logs: '{"redis":"last"}',
    })
    expect(outcome.cases).toMatchObject([{ name: "works", ok: true }])
    expect(outcome.figures).toEqual([{ name: "a", value: 1, unit: "s" }])
    expect(outcome.logs).toEqual({ redis: "last" })
  })

  it("is a failed case with the reason, where the stack did not get ready", () => {
    const output = "some progress\nError: after 45 s the stack is not ready.\nredis is not ready:\n  its last lines:\n    WRONGPASS"
    const { cases } = stackOutcome({ exitCode: 1, begun: 0, output })
    expect(cases).toHaveLength(1)
    expect(cases[0]).toMatchObject({ ok: false })
    expect(cases[0].detail).toMatch(/^Error: after 45 s[\s\S]*WRONGPASS$/)
  })

  it("is never green by not running", () => {
    expect(stackOutcome({ exitCode: 1, begun: 0, output: "", tests }).cases.some(({ ok }) => !ok)).toBe(true)
  })
})
