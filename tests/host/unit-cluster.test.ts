// openimctl --kubernetes, as a kit has it, with a cluster that is a file: what helm and kubectl are asked for, and what is refused before.
import { createHash } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { Kit } from "./kit"
import { project } from "./sandbox"

interface Call {
  tool: string
  args: string[]
  input?: string
}

let kit: Kit
let file: string
const cluster = (state: Record<string, unknown>) => writeFileSync(file, JSON.stringify(state))
const calls = (): Call[] =>
  existsSync(`${file}.calls`)
    ? readFileSync(`${file}.calls`, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Call)
    : []
const changes = () =>
  calls().filter(({ tool, args }) =>
    ["apply", "create", "upgrade", "rollback"].includes(args.find((word) => !word.startsWith("--")) ?? tool),
  )
const ADDRESS = "--address=https://shop.company.com"
const deploy = (...more: string[]) => kit.run(["deploy", "--kubernetes", ADDRESS, ...more])

beforeEach(() => {
  kit = new Kit()
  file = join(kit.root, "cluster.json")
  cluster({})
  for (const tool of ["kubectl", "helm"]) {
    const path = join(kit.bin, tool)
    writeFileSync(path, `#!/bin/sh\nFAKE_CLUSTER='${file}' exec node '${join(project, "tests/host/fake/cluster.mjs")}' ${tool} "$@"\n`)
    chmodSync(path, 0o755)
  }
  const part = (...names: string[]) => ({ properties: Object.fromEntries(names.map((name) => [name, {}])) })
  const global = {
    settings: part("PUBLIC_URL", "FILES_URL", "MAIL_SENDER"),
    images: part("API_IMAGE"),
    optionalSecrets: { items: { enum: ["LOGIN_CODE"] } },
  }
  mkdirSync(join(kit.folder, "charts/shop"), { recursive: true })
  kit.write("charts/shop/values.schema.json", JSON.stringify({ properties: { global: { properties: global } } }))
})
afterEach(() => kit.remove())

describe("deploy --kubernetes", () => {
  test("makes .env, gives the secrets to the cluster and the settings to helm, and no secret to an argument", async () => {
    const done = await deploy("--values=charts/shop/values.schema.json")
    expect(done.stderr).toContain("deployed in")
    expect(done.code).toBe(0)
    const [namespace, secret, upgrade] = changes()
    expect(namespace!.args).toContain("shop")
    const { metadata, stringData } = JSON.parse(secret!.input!) as { metadata: object; stringData: Record<string, string> }
    expect(metadata).toEqual({ name: "shop-secrets", namespace: "shop" })
    expect(stringData["database_password"]).toBe(kit.value("DATABASE_PASSWORD"))
    expect(upgrade!.args).toEqual(
      expect.arrayContaining(["upgrade", "--install", "shop", "--atomic", "--kube-context=here", "--namespace=shop"]),
    )
    expect(upgrade!.args.at(-3)).toBe(`--values=${join(kit.folder, "charts/shop/values.schema.json")}`)
    const values = JSON.parse(kit.read(".openimctl/kubernetes-values.json")) as object
    expect(values).toEqual({
      global: {
        settings: { PUBLIC_URL: "https://shop.company.com" },
        images: { API_IMAGE: "docker.io/shop/api:1.0" },
        optionalSecrets: ["LOGIN_CODE"],
      },
    })
    for (const { args } of calls()) expect(args.join(" ")).not.toContain(kit.value("DATABASE_PASSWORD"))
    expect(kit.read(".openimctl/kubernetes-values.json")).not.toContain(kit.value("DATABASE_PASSWORD"))
    expect(kit.calls()).toEqual([])
  })

  test.each([
    ["a context that is not there", { contexts: ["production", "test"] }, ["--context=prodction"], 'unknown context "prodction"'],
    ["no context", { current: "" }, [], "no current context"],
    ["a cluster that does not answer", { down: true }, [], "does not answer: Unable to connect to the server"],
    ["an old Kubernetes", { version: "24" }, [], "this cluster is Kubernetes 1.24; the charts need 1.27"],
    ["no rights", { refused: ["secrets", "services"] }, [], "you may not create services, secrets in the namespace shop"],
    ["no default storage class", { classes: { slow: false } }, [], "no default storage class, so the stores get no volumes; it has slow"],
    ["a file of values that is missing", {}, ["--values=mine.yaml"], "mine.yaml is missing"],
  ])("%s is refused before anything changes", async (_, state, options, words) => {
    cluster(state)
    const done = await deploy(...options)
    expect(done.stderr).toContain(words)
    expect(done.code).not.toBe(0)
    expect(changes()).toEqual([])
    expect(kit.has(".env")).toBe(false)
  })

  test("who may only use the namespace gets a chart that does not look further", async () => {
    cluster({ refused: ["ingressclasses.networking.k8s.io"] })
    await deploy()
    expect(changes().at(-1)!.args).toContain("--set=global.checkCluster=false")
  })

  test("without helm or kubectl it says what to install", async () => {
    chmodSync(join(kit.bin, "helm"), 0o644)
    expect((await deploy()).stderr).toContain("helm is not installed")
  })

  test("when helm gives up, the cluster's own words say why", async () => {
    // Later than the call, however slow this machine is.
    const now = new Date(Date.now() + 600_000).toISOString()
    const event = (name: string, reason: string, message: string, type = "Warning") => ({
      type,
      reason,
      message,
      lastTimestamp: now,
      involvedObject: { name },
    })
    const events = [
      event("shop-api-1", "BackOff", "Back-off"),
      event("shop-api-1", "Failed", 'Failed to pull image "shop/api:9": not found'),
    ]
    cluster({
      helm: { fails: "Error: UPGRADE FAILED: release shop failed, and has been rolled back due to atomic being set: timed out" },
      events,
    })
    const done = await deploy()
    expect(done.stderr).toContain(
      'helm failed; the release is as it was before: shop-api-1: Failed: Failed to pull image "shop/api:9": not found',
    )
    expect(done.code).toBe(1)
  })

  test("a typo in a file of values is answered with the nearest name", async () => {
    cluster({
      helm: {
        fails:
          "Error: INSTALLATION FAILED: values don't meet the schema:\nshop:\n- at '/global': additional properties 'imagse' not allowed",
      },
    })
    const done = await deploy()
    expect(done.stderr).toContain("the chart has no value global.imagse (did you mean global.images?); nothing has changed")
    expect(done.code).toBe(4)
  })

  test("what the chart itself refuses is said in its words", async () => {
    const words = "there is no Secret shop-tls with the certificate"
    cluster({ helm: { fails: `Error: INSTALLATION FAILED: execution error at (shop/templates/checks.yaml:3:70): ${words}` } })
    const done = await deploy()
    expect(done.stderr).toContain(`error: ${words}; nothing has changed`)
    expect(done.code).toBe(4)
  })

  test("--dry-run shows what the API server would change, and changes nothing", async () => {
    cluster({ namespace: true, diff: "-  replicas: 1\n+  replicas: 2" })
    const done = await deploy("--dry-run")
    expect(done.stdout).toContain("+  replicas: 2")
    expect(calls().find(({ args }) => args.includes("diff"))?.args).toContain("--server-side")
    expect(changes()).toEqual([])
    expect(kit.has(".env")).toBe(false)
    const made = "diff -u -N /tmp/LIVE-1/v1.Service.shop.shop-api /tmp/MERGED-1/v1.Service.shop.shop-api\n@@ -0,0 +1 @@\n+kind: Service"
    cluster({ namespace: true, diff: made, helm: { manifest: "---\nkind: Service\nmetadata:\n  name: shop-old\n" } })
    expect((await deploy("--dry-run")).stdout).toBe("would be made: 1\n  Service shop-api\nwould be removed: 1\n  Service shop-old\n")
    cluster({})
    expect((await deploy("--dry-run")).stdout).toContain("Service shop-api")
  })
})

test("status --kubernetes says which pod is not ready, and why", async () => {
  const pod = (name: string, ready: boolean, state: object) => ({
    metadata: { name },
    status: {
      phase: "Pending",
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: [{ name: "api", ready, restartCount: 2, state }],
    },
  })
  cluster({
    pods: [pod("shop-api-1", true, {}), pod("shop-page-1", false, { waiting: { reason: "ImagePullBackOff", message: "not found" } })],
  })
  const done = await kit.run(["status", "--kubernetes"])
  expect(done.stdout).toMatch(/shop-page-1 +no +2 +ImagePullBackOff: not found/)
  expect(done.code).toBe(3)
  cluster({ pods: [pod("shop-api-1", true, {})] })
  expect((await kit.run(["status", "--kubernetes"])).code).toBe(0)
})

describe("update --kubernetes", () => {
  /** A newer kit, whole, with a list of its files. */
  function newer(change: object = {}): string {
    const folder = join(kit.root, "kit-2.0")
    const files = {
      "deployment.json": JSON.stringify({ ...JSON.parse(kit.read("deployment.json")), release: "2.0", ...change }),
      "docker-compose.prod.yml": "services: {}\n",
      "charts/shop/values.schema.json": kit.read("charts/shop/values.schema.json"),
      "charts/shop/Chart.yaml": "version: 2.0.0\n",
    }
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const sums = Object.entries(files).map(([name, text]) => `${createHash("sha256").update(text).digest("hex")}  ${name}\n`)
    writeFileSync(join(folder, "SHA256SUMS"), sums.join(""))
    return folder
  }
  const release = () => (JSON.parse(kit.read("deployment.json")) as { release: string }).release
  const update = (...more: string[]) => kit.run(["update", "--kubernetes", `--kit=${join(kit.root, "kit-2.0")}`, ...more])

  test("gives the newer chart to helm, and rollback brings the earlier kit back", async () => {
    await deploy()
    newer()
    rmSync(`${file}.calls`)
    const done = await update()
    expect(done.stderr).toContain("1.0 → 2.0; openimctl rollback --kubernetes goes back")
    const { args } = changes().find((call) => call.args.includes("upgrade"))!
    expect(args).toEqual(expect.arrayContaining(["shop", join(kit.folder, "charts/shop"), "--atomic"]))
    expect([release(), kit.read("charts/shop/Chart.yaml")]).toEqual(["2.0", "version: 2.0.0\n"])
    const [second] = args.flatMap((word) => (word.startsWith("--description=") ? [word.slice(14)] : []))
    expect(second).toMatch(/^2\.0 \(kit [0-9a-f]{8}\)$/)
    const [first] = readdirSync(join(kit.folder, ".openimctl/releases"))
    cluster({
      history: [
        { revision: 1, description: `1.0 (kit ${first!.slice(-8)})` },
        { revision: 2, description: second },
      ],
    })
    expect((await kit.run(["rollback", "--kubernetes"])).stderr).toContain("this folder is the kit 1.0 again")
    expect(release()).toBe("1.0")
  })

  test("that fails leaves the kit as it was", async () => {
    await deploy()
    newer()
    cluster({
      namespace: true,
      helm: { fails: "Error: UPGRADE FAILED: release shop failed, and has been rolled back due to atomic being set: timed out" },
    })
    const done = await update()
    expect(done.stderr).toContain("helm failed; the release is as it was before")
    expect(done.stderr).toContain("this folder is the kit 1.0 again")
    expect([done.code, release()]).toEqual([1, "1.0"])
  })

  test.each([
    ["a kit that is the same", {}, () => kit.folder, [], "is the kit that is deployed here"],
    ["no kit", {}, () => undefined, [], "update needs the folder of a newer kit"],
    ["a cluster that does not answer", { down: true }, newer, [], "does not answer"],
    ["a strategy of one machine", {}, newer, ["--strategy=canary"], "--strategy is for one machine"],
    [
      "a version that may not be left out",
      {
        pods: [
          {
            metadata: { name: "one", labels: { "app.kubernetes.io/component": "database" } },
            spec: { containers: [{ image: "docker.io/shop/database:0.8" }] },
            status: { phase: "Running" },
          },
        ],
      },
      () => newer({ updates: { stops: [{ service: "database", through: ["0.9"], why: "its data" }], changes: {}, together: [] } }),
      [],
      "database 0.8 → 1.0 leaves out 0.9",
    ],
  ] as const)("%s is refused before anything changes", async (_, state, source, more, words) => {
    await deploy()
    const folder = source()
    rmSync(`${file}.calls`)
    cluster(state)
    const done = await kit.run(["update", "--kubernetes", ...(folder === undefined ? [] : [`--kit=${folder}`]), ...more])
    expect(done.stderr).toContain(words)
    expect(done.code).not.toBe(0)
    expect([changes(), release()]).toEqual([[], "1.0"])
  })
})

test("rollback --kubernetes goes to the release before, or to a revision", async () => {
  expect((await kit.run(["rollback", "--kubernetes"])).code).toBe(0)
  expect((await kit.run(["rollback", "3", "--kubernetes"])).code).toBe(0)
  expect(changes().map(({ args }) => args.slice(0, 3))).toEqual([
    ["rollback", "shop", "--wait"],
    ["rollback", "shop", "3"],
  ])
  expect((await kit.run(["rollback", "three", "--kubernetes"])).stderr).toContain("three is not the number of a revision")
})

describe("logs --kubernetes", () => {
  beforeEach(() => {
    for (const [name, service] of [
      ["api", "api"],
      ["api-mail", "api"],
      ["page", "page"],
    ])
      kit.write(`charts/shop/charts/${name}/module.yaml`, `stack: shop\nservice: ${service}\n`)
  })
  const asked = () => calls().find(({ args }) => args.includes("logs"))?.args

  test("prints those of all pods, or of the modules of a service", async () => {
    expect((await kit.run(["logs", "--kubernetes"])).stdout).toContain("a line of the log")
    expect(asked()).toEqual(
      expect.arrayContaining([
        "--selector=app.kubernetes.io/instance=shop",
        "--tail=100",
        "--prefix",
        "--context=here",
        "--namespace=shop",
      ]),
    )
    cluster({})
    rmSync(`${file}.calls`)
    await kit.run(["logs", "api", "--kubernetes", "--follow", "--lines=all", "--namespace=im"])
    expect(asked()).toEqual(
      expect.arrayContaining([
        "--selector=app.kubernetes.io/instance=shop,app.kubernetes.io/name in (api,api-mail)",
        "--tail=-1",
        "--follow",
        "--namespace=im",
      ]),
    )
  })

  test("a module that is not there is answered with the nearest name", async () => {
    const done = await kit.run(["logs", "pgae", "--kubernetes"])
    expect(done.stderr).toContain('unknown module "pgae". Did you mean "page"?')
    expect(done.code).toBe(2)
    expect(asked()).toBeUndefined()
    expect((await kit.run(["logs", "--kubernetes", "--lines=few"])).stderr).toContain("--lines=few is not a number")
  })
})

describe("health --kubernetes", () => {
  const pod = (name: string, ready: boolean) => ({
    metadata: { name },
    status: { phase: "Pending", conditions: [{ type: "Ready", status: ready ? "True" : "False" }], containerStatuses: [] },
  })

  test("looks at pods, and does what a client does at the addresses of the ingress", async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? "")
      response.end('{"errCode":0}')
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const deployment = JSON.parse(kit.read("deployment.json")) as { routes: { name: string }[]; settings: object[] }
    const api = deployment.routes.find(({ name }) => name === "api")!
    const { path: _, ...listener } = { path: "", ...api }
    const step = { kind: "http", headers: {}, method: "GET", status: 200, expect: { errCode: "0" }, take: {} }
    const checks = [{ ...step, name: "the api answers", url: "${PUBLIC_URL}:${HTTP_PORT}/token" }]
    const routes = [...deployment.routes, { ...listener, name: "api-port", port: 80, portSetting: "HTTP_PORT" }]
    kit.write("deployment.json", JSON.stringify({ ...deployment, routes, checks }))
    expect((await deploy()).stderr).toContain("deployed in")
    kit.write(".env", kit.read(".env").replace(/^PUBLIC_URL=.*$/m, `PUBLIC_URL=${address}`))
    cluster({ pods: [pod("shop-api-1", true)] })
    const fine = await kit.run(["health", "--kubernetes"])
    expect(fine.stdout).toMatch(/the api answers +synthetic +ok[^]*healthy/)
    expect([fine.code, asked]).toEqual([0, ["/api/token"]])
    cluster({ pods: [pod("shop-api-1", true), pod("shop-page-1", false)] })
    const bad = await kit.run(["health", "--kubernetes", "--quick"])
    expect(bad.stdout).toContain("not healthy: shop-page-1")
    expect([bad.code, asked.length]).toEqual([3, 1])
    server.close()
    expect((await kit.run(["health", "--kubernetes"])).stdout).toMatch(/the api answers +synthetic +FAILED/)
    cluster({ pods: [] })
    expect((await kit.run(["health", "--kubernetes", "--quick"])).stdout).toContain("nothing is deployed in the namespace shop of here")
  })
})

test("--context without --kubernetes is refused", async () => {
  expect((await kit.run(["status", "--context=here"])).stderr).toContain("--context needs --kubernetes")
})
