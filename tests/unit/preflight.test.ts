import { describe, expect, test } from "vitest"
import { blocking, type MachineFacts, machineName, older, overlap, preflight } from "../../src/plan/deploy/preflight.js"
import { shopDeployment } from "./deployment.fixture.js"

const shop = { ...shopDeployment, requirements: { diskMiB: 20_000, cpuFlags: { avx: ["database"] }, architecture: "amd64" } }
const mapping = {
  ...shop,
  requirements: { ...shop.requirements, kernel: { "vm.max_map_count": { least: 1_048_576, services: ["database"] } } },
}
const SETTINGS = { PUBLIC_URL: "http://shop.company.com", HTTP_PORT: "18080", DATABASE_PASSWORD: "x" }
const FACTS: MachineFacts = {
  engine: { name: "docker", version: "26.1.5+dfsg1" },
  compose: { name: "docker compose", version: "2.26.1" },
  architecture: "x86_64",
  cpuFlags: ["fpu", "avx"],
  memoryMiB: 4000,
  diskFreeMiB: 30_000,
  ports: [],
  names: { host: "shop.company.com", addresses: ["192.0.2.1"], own: ["192.0.2.1"] },
  volumes: [],
  madeWith: {},
  healthTimers: true,
  firstUse: false,
  missingFolders: [],
  networks: [],
  routes: [],
  images: [],
}
const found = (facts: Partial<MachineFacts>, profiles = ["core"]) => preflight(shop, profiles, SETTINGS, { ...FACTS, ...facts })
const VOLUME = [{ name: "database", created: "2026-01-02 03:04" }]

test("a right machine has no findings", () => expect(found({})).toEqual([]))

describe("is said with its fix", () => {
  test.each<[string, Partial<MachineFacts>, string, string]>([
    ["an old docker", { engine: { name: "docker", version: "20.10.5+dfsg1" } }, "engine", "at least 20.10.10 is needed: older ones refuse"],
    ["an old podman", { engine: { name: "podman", version: "3.4.4" } }, "engine", "at least 4.0.0"],
    ["compose 1", { compose: { name: "docker-compose", version: "1.29.2" } }, "compose", "at least 2.0.0"],
    ["an old podman-compose", { compose: { name: "podman-compose", version: "1.0.3" } }, "compose", "at least 1.4.0"],
    ["another architecture", { architecture: "aarch64" }, "architecture", "this machine is arm64, the images are for amd64"],
    [
      "an image of another architecture",
      { images: [{ image: "i", services: ["api"], state: "present", architecture: "arm64" }] },
      "architecture",
      "i is for arm64",
    ],
    ["a CPU without a flag", { cpuFlags: ["fpu"] }, "cpu", "no avx, which database needs"],
    ["little memory", { memoryMiB: 40 }, "memory", "40 MiB"],
    ["a full disk", { diskFreeMiB: 5000 }, "disk", "20000 MiB are needed"],
    ["a full disk of a machine in use", { diskFreeMiB: 500, volumes: VOLUME }, "disk", "only 500 MiB"],
    [
      "a port of somebody else",
      { ports: [{ port: 18080, protocol: "tcp", holder: "nginx (process 7)", ours: false }] },
      "port",
      "port 18080 is taken by nginx (process 7)",
    ],
    [
      "a port that an engine without rights of root may not open",
      { engine: { name: "podman", version: "5.4.2" }, firstPort: 20000 },
      "port",
      "podman does not run as root, so it may not open port 18080: 20000 is the lowest",
    ],
    [
      "a password that does not fit the volume",
      { volumes: VOLUME, madeWith: { DATABASE_PASSWORD: false } },
      "volume",
      "of 2026-01-02 03:04 was made with another DATABASE_PASSWORD",
    ],
    ["a volume without its .env", { volumes: VOLUME, firstUse: true }, "volume", ".env is new"],
    [
      "an image that is nowhere",
      { images: [{ image: "shop/api:1", services: ["api"], state: "missing", detail: "manifest unknown" }] },
      "image",
      "manifest unknown",
    ],
  ])("%s", (_, facts, code, words) => {
    const [first] = found(facts)
    expect(first).toMatchObject({ severity: "error", code })
    expect(first?.message).toContain(words)
    expect(first?.next).toBeTruthy()
  })

  test("a folder of the machine that a service reads, and that is not there", () => {
    const services = shop.services.map((one) => (one.name === "api" ? { ...one, hostFolders: { DATA_FOLDER: "/data" } } : one))
    const asked = (missingFolders: string[], profiles = ["core"]) =>
      preflight({ ...shop, services }, profiles, { ...SETTINGS, DATA_FOLDER: "/srv/data" }, { ...FACTS, missingFolders })
    expect(asked(["/srv/other"])).toEqual([])
    expect(asked(["/srv/data"])).toEqual([
      {
        severity: "error",
        code: "folder",
        subject: "DATA_FOLDER",
        message: "this machine has no folder /srv/data, which api reads",
        next: "correct DATA_FOLDER in .env, or leave out the profile core",
      },
    ])
    expect(asked(["/srv/data"], [])).toEqual([])
  })

  test.each<[string, Partial<MachineFacts>, string]>([
    ["a name that is not known", { names: { host: "shop.company.com", addresses: [], own: ["192.0.2.1"] } }, "dns"],
    ["a name of another machine", { names: { host: "shop.company.com", addresses: ["198.51.100.1"], own: ["192.0.2.1"] } }, "address"],
    ["podman without systemd", { healthTimers: false }, "health"],
    ["a network over a route", { networks: [{ name: "shop_data", subnets: ["172.18.0.0/16"] }], routes: ["172.18.4.0/24"] }, "subnet"],
  ])("%s, as a warning", (_, facts, code) => expect(found(facts)).toMatchObject([{ severity: "warning", code }]))
})

test("a setting of the kernel that a service wants is named with the command, as a warning", () => {
  const count = (value: number, profiles = ["core"]) =>
    preflight(mapping, profiles, SETTINGS, { ...FACTS, kernel: { "vm.max_map_count": value } })
  expect(count(65_530)).toMatchObject([{ severity: "warning", code: "kernel", message: expect.stringContaining("database wants 1048576") }])
  expect(count(65_530)[0]?.next).toContain("sysctl -w vm.max_map_count=1048576")
  expect(count(1_048_576)).toEqual([])
  expect(count(65_530, ["frontend"])).toEqual([])
  expect(preflight(mapping, ["core"], SETTINGS, FACTS)).toEqual([])
})

test("what is ours or fits is not reported", () => {
  expect(found({ ports: [{ port: 18080, protocol: "tcp", holder: "docker-proxy", ours: true }] })).toEqual([])
  expect(found({ ports: [{ port: 18080, protocol: "udp", holder: "dnsmasq (process 8)", ours: false }] })).toEqual([])
  expect(found({ volumes: VOLUME, madeWith: { DATABASE_PASSWORD: true }, diskFreeMiB: 5000 })).toEqual([])
  expect(found({ cpuFlags: ["fpu"] }, ["frontend"])).toEqual([])
})

test("a port of UDP is taken by another one of UDP alone", () => {
  const services = shop.services.map((one) => (one.name === "api" ? { ...one, direct: { MEDIA_PORT: "udp" as const } } : one))
  const with443 = (protocol: "tcp" | "udp") =>
    preflight(
      { ...shop, services },
      ["core"],
      { ...SETTINGS, MEDIA_PORT: "443" },
      { ...FACTS, ports: [{ port: 443, protocol, holder: "caddy (process 9)", ours: false }] },
    )
  expect(with443("tcp")).toEqual([])
  expect(with443("udp")).toMatchObject([{ code: "port", subject: "MEDIA_PORT", message: "port 443 (UDP) is taken by caddy (process 9)" }])
})

test("all findings come at once, and errors that are ignored do not stop", () => {
  const findings = found({ memoryMiB: 1, diskFreeMiB: 1, engine: { name: "docker", version: "18.0" } })
  expect(findings.map(({ code }) => code)).toEqual(["engine", "memory", "disk"])
  expect(blocking(findings, ["memory"]).map(({ code }) => code)).toEqual(["engine", "disk"])
})

test.each([
  ["2.26.1", "2.0.0", false],
  ["1.29.2", "2.0.0", true],
  ["v2.9", "2.10", true],
  ["20.10.24+dfsg1", "20.10.0", false],
  ["", "1", true],
])("%s is older than %s: %s", (version, than, expected) => expect(older(version, than)).toBe(expected))

test.each([
  ["172.18.0.0/16", "172.18.4.0/24", true],
  ["172.18.0.0/16", "172.19.0.0/16", false],
  ["192.168.1.0/24", "192.168.1.7", true],
  ["0.0.0.0/0", "10.0.0.0/8", false],
  ["fd00::/8", "10.0.0.0/8", false],
])("%s and %s overlap: %s", (one, other, expected) => expect(overlap(one, other)).toBe(expected))

test.each([
  ["x86_64", "amd64"],
  ["linux/arm64", "arm64"],
  ["aarch64", "arm64"],
])("%s is %s", (word, expected) => expect(machineName(word)).toBe(expected))
