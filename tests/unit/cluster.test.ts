import { describe, expect, it } from "vitest"
import {
  type ChartSchema,
  chartValues,
  clusterFindings,
  imagesOf,
  ingressAddresses,
  kitOfRevision,
  modulesNamed,
  podRows,
  secretManifest,
  valueFaults,
  warningsOf,
} from "../../src/plan/deploy/cluster.js"
import { shopDeployment } from "./deployment.fixture.js"

const part = (...names: string[]) => ({ properties: Object.fromEntries(names.map((name) => [name, {}])) })
const schema: ChartSchema = {
  properties: {
    global: {
      properties: {
        profile: { enum: ["core", "all"] },
        settings: part("PUBLIC_URL", "FILES_URL", "MAIL_SENDER"),
        images: part("API_IMAGE"),
        optionalSecrets: { items: { enum: ["LOGIN_CODE"] } },
      },
    },
  },
}
const values = (env: string, profiles?: string[]) => chartValues(shopDeployment, schema, env, profiles).global

describe("the values of the chart", () => {
  it("are the settings of .env that it knows", () => {
    expect(values("PUBLIC_URL=https://shop.test\nMAIL_SENDER=a@b.test\nTLS=off\n")).toEqual({
      settings: { PUBLIC_URL: "https://shop.test", MAIL_SENDER: "a@b.test" },
      images: { API_IMAGE: "docker.io/shop/api:1.0" },
      optionalSecrets: [],
    })
  })
  it("leave to the chart what depends on ports of one machine, unless somebody wrote it", () => {
    expect(values("FILES_URL=${PUBLIC_URL}\nPUBLIC_URL=https://shop.test\n").settings).toEqual({ PUBLIC_URL: "https://shop.test" })
    expect(values("FILES_URL=https://cdn.test\n").settings).toEqual({ FILES_URL: "https://cdn.test" })
  })
  it("name the profile and the optional secrets that are there", () => {
    expect(values("LOGIN_CODE=1234\n", ["metrics", "core"])).toMatchObject({ profile: "core", optionalSecrets: ["LOGIN_CODE"] })
    expect(values("", ["metrics"])).not.toHaveProperty("profile")
  })
})

it("the Secret has every secret that is not empty, by the name of its file", () => {
  const { stringData, metadata } = secretManifest(
    shopDeployment,
    "DATABASE_PASSWORD=one\nAPI_SECRET='t w o'\nPUBLIC_URL=x\n",
    "shop-secrets",
    "im",
  )
  expect(stringData).toEqual({ database_password: "one", api_secret: "t w o" })
  expect(metadata).toEqual({ name: "shop-secrets", namespace: "im" })
})

it("addresses of one machine's listeners are hosts and paths behind an ingress", () => {
  const route = { strip: true, websocket: false, unlimited: false, closed: [], headers: {}, service: "api", target: 80 }
  const routes = [
    { ...route, name: "path", path: "/api" },
    { ...route, name: "port", port: 10002, portSetting: "API_PORT" },
    { ...route, name: "files", port: 10005, portSetting: "FILES_PORT", service: "store", host: "files" },
    { ...route, name: "alone", port: 10009, portSetting: "ALONE_PORT", service: "store" },
  ]
  const settings = { PUBLIC_URL: "https://shop.test", API_PORT: "10002", FILES_PORT: "10005", ALONE_PORT: "1" }
  expect(ingressAddresses({ ...shopDeployment, routes }, settings)).toEqual([
    ["https://shop.test:10002", "https://shop.test/api"],
    ["https://shop.test:10005", "https://files.shop.test"],
    ["https://shop.test:1", "https://shop.test"],
  ])
})

it("names of modules and of services mean modules; others are answered with the nearest", () => {
  const known = { server: "server", "server-api": "server", redis: "redis" }
  expect(modulesNamed(known, ["server", "redis"])).toEqual(["server", "server-api", "redis"])
  expect(modulesNamed(known, ["server-api"])).toEqual(["server-api"])
  expect(() => modulesNamed(known, ["redsi"])).toThrow('unknown module "redsi". Did you mean "redis"?')
})

it("pods that have done their work are none that is not ready", () => {
  const pod = (name: string, phase: string) => ({ metadata: { name }, status: { phase } })
  expect(podRows({ items: [pod("backup", "Succeeded"), pod("broken", "Failed")] }).map(({ name }) => name)).toEqual(["broken"])
})

it("a revision's kit stands in its description, also where it was gone back to", () => {
  const made = (revision: number, kit: string) => ({ revision, description: `Shop ${revision} (kit ${kit})` })
  expect(kitOfRevision([made(1, "aa"), made(2, "bb")])).toBe("aa")
  const revisions = [made(4, "aa"), made(5, "bb"), { revision: 6, description: "Rollback to 4" }, made(7, "cc")]
  expect(kitOfRevision(revisions)).toBe("aa")
  expect(kitOfRevision(revisions, 5)).toBe("bb")
  expect(kitOfRevision([{ revision: 1, description: "Install complete" }], 1)).toBeUndefined()
  expect(kitOfRevision([])).toBeUndefined()
})

it("images are those of the services' pods", () => {
  const pod = (labels: Record<string, string>, image: string) => ({
    metadata: { name: "one", labels },
    spec: { containers: [{ image }] },
    status: { phase: "Running" },
  })
  const items = [pod({ "app.kubernetes.io/component": "database" }, "docker.io/shop/database:1.0"), pod({}, "other")]
  expect(imagesOf({ items })).toEqual({ database: "docker.io/shop/database:1.0" })
})

describe("a cluster", () => {
  const facts = { version: "1.34", refused: [], namespace: "im", storageClasses: [{ name: "fast", standard: true }], volumes: true }
  it("that fits has no finding", () => {
    expect(clusterFindings(facts)).toEqual([])
    expect(clusterFindings({ ...facts, version: undefined, storageClasses: undefined })).toEqual([])
    expect(clusterFindings({ ...facts, storageClasses: [], volumes: false })).toEqual([])
  })
  it.each([
    [{ version: "1.26" }, "version"],
    [{ refused: ["secrets"] }, "rights"],
    [{ storageClasses: [] }, "storage"],
  ])("with %j has one", (change, code) => {
    expect(clusterFindings({ ...facts, ...change }).map((finding) => [finding.severity, finding.code])).toEqual([["error", code]])
  })
})

it("a pod that is not ready says why: its first container that waits", () => {
  const waiting = (name: string, reason: string) => ({ name, ready: false, restartCount: 1, state: { waiting: { reason } } })
  const status = {
    phase: "Pending",
    initContainerStatuses: [waiting("wait", "CrashLoopBackOff")],
    containerStatuses: [waiting("api", "PodInitializing")],
  }
  const unscheduled = { metadata: { name: "b" }, status: { phase: "Pending" } }
  expect(podRows({ items: [{ metadata: { name: "a" }, status }, unscheduled] })).toEqual([
    { name: "a", ready: false, restarts: 2, reason: "CrashLoopBackOff" },
    { name: "b", ready: false, restarts: 0, reason: "Pending" },
  ])
})

it("warnings are those of this deployment, each once, the causes first", () => {
  const event = (reason: string, second: number, type = "Warning") => ({
    type,
    reason,
    message: `${reason}\nmore`,
    lastTimestamp: new Date(100_000 + second * 1000).toISOString(),
    involvedObject: { name: "pod" },
  })
  const items = [event("BackOff", 1), event("Failed", 2), event("Failed", 3), event("FailedMount", -50), event("Pulled", 4, "Normal")]
  expect(warningsOf({ items }, 100_000)).toEqual(["pod: Failed: Failed", "pod: BackOff: BackOff"])
})

it("a value that the chart does not know is answered with the nearest one", () => {
  const text = `Error: values don't meet the specifications of the schema(s) in the following chart(s):
shop:
- at '/global': additional properties 'imagse', 'colour' not allowed
page:
- at '': additional properties 'imagse' not allowed`
  const found = valueFaults({ properties: { global: { properties: { images: {}, settings: {} } } } }, text)
  expect(found.slice(0, 2)).toEqual([
    "the chart has no value global.imagse (did you mean global.images?)",
    "the chart has no value global.colour",
  ])
  expect(valueFaults({}, "Error: timed out")).toEqual([])
  const refusal = "Error: UPGRADE FAILED: execution error at (shop/templates/checks.yaml:3:70): there is no Secret shop-tls\n"
  expect(valueFaults({}, refusal)).toEqual(["there is no Secret shop-tls"])
})
