// How new containers take over behind the edge: what is read from HAProxy's answers, and what is decided from it.

import { describe, expect, test } from "vitest"
import {
  backendsOf,
  directAddresses,
  handovers,
  readShares,
  readStrategy,
  readsAny,
  sessionsOf,
  slotsOf,
  stateCommand,
  trafficFault,
  trafficOf,
  weightCommand,
} from "../../src/plan/deploy/handover.js"
import type { Deployment, Route } from "../../src/plan/deploy/model.js"
import { shopDeployment } from "./deployment.fixture.js"

// As HAProxy 3.0 answers.
const states = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
15 api 1 server1 172.20.0.7 2 0 100 1 30 6 3 4 6 0 0 0 server 10002 - 0 0 - - 0
15 api 2 server2 172.20.0.9 2 8 0 1 30 6 3 4 6 0 0 0 server 10002 - 0 0 - - 0
15 api 3 server3 - 0 32 1 1 30 1 0 2 14 0 0 0 server 10002 - 0 0 - - 0
`

const stat = `# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,hrsp_1xx,hrsp_5xx,
main,FRONTEND,,,3,9,8000,100,1,1,0,0,0,,,0,1,
api,server1,0,0,3,9,,90,1,1,,0,,1,2,0,4,
api,server2,0,0,0,0,,0,1,1,,0,,0,0,0,0,
api,BACKEND,0,0,3,9,800,90,1,1,0,0,,1,2,0,4,
`

const sessions = `0x7f1: proto=tcpv4 src=192.0.2.1:4711 fe=port-10001 be=gateway srv=server1 ts=00 epoch=0x2 age=3s calls=2
0x7f2: proto=tcpv4 src=192.0.2.2:4711 fe=port-10001 be=gateway srv=server2 ts=00 epoch=0x2 age=3s calls=2
0x7f3: proto=tcpv4 src=192.0.2.2:4712 fe=main be=<NONE> srv=<none> ts=00 epoch=0x2 age=3s calls=2
0x7f4: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00 age=0s calls=1
`

const route = (name: string, service: string, target: number, more: Partial<Route>): Route => ({
  name,
  service,
  target,
  strip: false,
  websocket: false,
  unlimited: false,
  closed: [],
  headers: {},
  ...more,
})

const twoWays: Deployment = {
  ...shopDeployment,
  routes: [
    route("api", "api", 80, { path: "/api" }),
    route("api-port", "api", 80, { port: 8081, portSetting: "API_PORT" }),
    route("live-port", "api", 81, { port: 8082, portSetting: "LIVE_PORT" }),
    route("page", "page", 80, { path: "/" }),
  ],
}

describe("what HAProxy says", () => {
  test("places: their containers, whether they are up, and what was set", () => {
    expect(slotsOf(states)).toEqual([
      { backend: "api", server: "server1", address: "172.20.0.7", up: true, weight: 100, draining: false },
      { backend: "api", server: "server2", address: "172.20.0.9", up: true, weight: 0, draining: true },
      { backend: "api", server: "server3", address: "", up: false, weight: 1, draining: false },
    ])
    expect(slotsOf("Permission denied\n")).toEqual([])
  })

  test("traffic of servers, and not the sums", () => {
    expect(trafficOf(stat)).toEqual([
      { backend: "api", server: "server1", sessions: 3, requests: 90, failed: 4, errors: 3 },
      { backend: "api", server: "server2", sessions: 0, requests: 0, failed: 0, errors: 0 },
    ])
  })

  test("open connections of these places alone", () => {
    expect(sessionsOf(sessions, [{ backend: "gateway", server: "server1" }])).toEqual(["0x7f1"])
    expect(sessionsOf(sessions, [{ backend: "api", server: "server1" }])).toEqual([])
  })

  test("commands", () => {
    const slot = { backend: "api", server: "server1" }
    expect([weightCommand(slot, 25), stateCommand(slot, "drain")]).toEqual([
      "set server api/server1 weight 25",
      "set server api/server1 state drain",
    ])
  })
})

describe("which services get a second set", () => {
  test("routes to the same port share a backend", () => {
    expect(backendsOf(twoWays, "api")).toEqual(["api", "live-port"])
    expect(backendsOf(twoWays, "database")).toEqual([])
  })

  test("those that may run twice and are behind the edge; the others are stopped first", () => {
    const changes = twoWays.services.map((service) => ({ service, why: "another image" }))
    const names = (strategy: "blue-green" | "recreate") => {
      const { first, beside } = handovers(twoWays, changes, strategy)
      return [first, beside].map((all) => all.map(({ service }) => service.name))
    }
    expect(names("blue-green")).toEqual([["database", "page", "edge"], ["api"]])
    expect(names("recreate")).toEqual([["database", "api", "page", "edge"], []])
  })

  test("the check asks the new container instead of the edge", () => {
    const settings = { PUBLIC_URL: "https://shop.test", API_PORT: "8081", LIVE_PORT: "8082" }
    expect(directAddresses(twoWays, settings, { api: "10.0.0.3" })).toEqual([
      ["https://shop.test:8081", "http://10.0.0.3:80"],
      ["https://shop.test:8082", "http://10.0.0.3:81"],
    ])
    expect(directAddresses(twoWays, settings, {})).toEqual([])
  })
})

describe("options", () => {
  test("shares rise to 100", () => {
    expect(readShares("blue-green", undefined)).toEqual([100])
    expect(readShares("canary", undefined)).toEqual([5, 25, 50, 100])
    expect(readShares("canary", "10,50")).toEqual([10, 50, 100])
    expect(readShares("canary", "50,100")).toEqual([50, 100])
    for (const wrong of ["50,10", "0,50", "a", "5,200", "5,,50"])
      expect(() => readShares("canary", wrong)).toThrow("is not a list of rising shares")
    expect(() => readShares("recreate", "5")).toThrow("--steps is for --strategy=canary")
  })

  test("an unknown strategy is answered with the nearest", () => {
    expect(readStrategy("canary")).toBe("canary")
    expect(() => readStrategy("canari")).toThrow('unknown strategy "canari"')
    expect(() => readStrategy("rolling")).toThrow("rolling is not offered: one container after the other")
  })
})

describe("what a service reads", () => {
  test("is a file of the kit, or all of a folder", () => {
    const service = { files: { rules: "/etc/rules", "edge.cfg": "/etc/edge.cfg" } }
    expect(readsAny(service, ["rules/disk.yml"])).toBe(true)
    expect(readsAny(service, ["edge.cfg"])).toBe(true)
    expect(readsAny(service, ["rules.yml", "edge.cfg.old", "README.md"])).toBe(false)
  })
})

describe("a share is watched", () => {
  const slots = [{ backend: "api", server: "server2" }]
  const at = (requests: number, failed: number, errors = 0) => [
    { backend: "api", server: "server2", sessions: 0, requests, failed, errors },
  ]

  test("a few errors among many answers are not a fault", () => {
    expect(trafficFault(at(0, 0), at(100, 4), slots)).toBeUndefined()
    expect(trafficFault(at(1000, 900), at(1100, 900), slots)).toBeUndefined()
  })

  test("too many are", () => {
    expect(trafficFault(at(0, 0), at(100, 5), slots)).toBe("5 of 100 requests to api/server2 failed")
    expect(trafficFault(at(10, 0), at(12, 0, 2), slots)).toBe("2 of 2 requests to api/server2 failed")
  })

  test("a place that is gone is", () => {
    expect(trafficFault(at(0, 0), [], slots)).toBe("api/server2 is missing at the edge")
  })
})
