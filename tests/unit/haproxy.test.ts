import { describe, expect, it } from "vitest"
import { haproxyText } from "../../src/plan/deploy/haproxy.js"
import type { Route } from "../../src/plan/deploy/model.js"
import { shopDeployment } from "./deployment.fixture.js"

const port = (number: number, more: Partial<Route>): Route => ({
  ...{ name: `port-${number}`, strip: false, service: "api", target: number, port: number, portSetting: "API_PORT" },
  ...{ websocket: false, unlimited: false, closed: [], headers: {} },
  ...more,
})

describe("a listener of the edge", () => {
  const routes = [port(81, {}), port(82, { websocket: true }), port(83, { grpc: true })]
  const text = haproxyText({ ...shopDeployment, routes })
  const section = (begin: string) => text.split("\n\n").find((one) => one.startsWith(begin)) ?? ""

  it("speaks HTTP/2 where the service does, and HTTP/1 only where connections stay open", () => {
    expect(section("frontend port-81")).toMatch(/bind :81\n.else\n {2}bind :81 ssl crt \S+ alpn h2,http\/1\.1\n/)
    expect(section("frontend port-82")).toMatch(/bind :82\n.else\n {2}bind :82 ssl crt \S+ alpn http\/1\.1\n/)
    expect(section("frontend port-83")).toMatch(/bind :83 proto h2\n.else\n {2}bind :83 ssl crt \S+ alpn h2\n/)
  })

  it("asks a service of gRPC by HTTP/2 as well", () => {
    expect(section("backend port-81")).toMatch(/check$/)
    expect(section("backend port-83").trimEnd()).toMatch(/api:83 check proto h2$/)
  })
})
