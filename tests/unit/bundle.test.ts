// What a bundle must hold, what it is called there, and how fetching and comparing it is reported.

import { describe, expect, it } from "vitest"
import type { Catalogue } from "../../src/catalogue/types.js"
import { readVersions } from "../../src/catalogue/versions.js"
import { bundleTable, movedPackages } from "../../src/plan/bundle/check.js"
import {
  type BundleRecord,
  type BundleRequest,
  bundleItems,
  itemName,
  itemTitle,
  missingItems,
  packageSet,
  prewarmRequest,
  readBundleRecord,
  recordedSum,
  requestName,
  unfitRecord,
} from "../../src/plan/bundle/items.js"
import { type PrewarmRow, prewarmTable, progressLine, retried } from "../../src/plan/bundle/prewarm.js"
import { planPackages } from "../../src/plan/packages/packages.js"
import { packageScript } from "../../src/plan/packages/script.js"
import { withPackageVersions } from "../../src/plan/versions/pins.js"
import { fixtureCatalogue, fixtureText } from "./fixtures.js"

const catalogue = await fixtureCatalogue()
const request = (more: Partial<BundleRequest>): BundleRequest => ({ components: [], base: "debian", tools: [], services: [], ...more })
const titles = (more: Partial<BundleRequest>) => bundleItems(catalogue, request(more)).map((item) => itemTitle(catalogue, item))

const always = [
  "image debian:trixie-slim",
  "packages ca-certificates, golang-go for debian:trixie-slim",
  "packages ca-certificates for debian:trixie-slim",
  "packages ca-certificates, git for debian:trixie-slim",
  "Go modules of regctl v0.1.3",
  "packages ca-certificates, jq for debian:trixie-slim",
]

describe("what builds need", () => {
  it("of a suite: base, source, supervisor, launcher", () => {
    expect(titles({ components: ["server"] })).toEqual([
      ...always,
      "packages ca-certificates, tzdata for debian:trixie-slim",
      "Go modules of OpenIM Server v1.2.3",
      "Go modules of mage v1.1.2",
      "Go modules of pebble v1.1.1",
      "Go modules of go/launch",
    ])
  })

  it("of a single program: no supervisor; mage by the source's own Go", () => {
    expect(titles({ components: ["server-api"] })).not.toContain("Go modules of pebble v1.1.1")
    const mage = bundleItems(catalogue, request({ components: ["chat"] })).filter((item) => item.kind === "tool" && item.tool === "mage")
    expect(mage).toEqual([{ kind: "tool", tool: "mage", source: "chat" }])
    expect(titles({ components: ["redis"] })).not.toContain("Go modules of mage v1.1.2")
  })

  it("of a stack without mage: nothing of it", () => {
    const { mage, ...tools } = catalogue.pins.tools
    expect(mage).toBeDefined()
    const without = { ...catalogue, pins: { ...catalogue.pins, tools } }
    const found = bundleItems(without, request({ components: ["chat"] })).filter((item) => item.kind === "tool")
    expect(found.map((item) => item.kind === "tool" && item.tool)).not.toContain("mage")
  })

  it("of a tool: the packages beside it, too", () => {
    expect(titles({ tools: ["syft"] })).toEqual(
      expect.arrayContaining(["packages ca-certificates, jq for debian:trixie-slim", "Go modules of syft v1.1.4"]),
    )
  })

  it("of the caller's own source: what it imports, and the pinned one where it lies on top", () => {
    const kinds = (onPinned: boolean) =>
      bundleItems(catalogue, request({ components: ["server", "chat"] }), { source: "server", digest: "abc", onPinned }).flatMap((item) =>
        "source" in item && item.kind !== "tool" ? [`${item.kind} ${item.source}`] : [],
      )
    expect(kinds(false)).toEqual(["modules server", "source chat"])
    expect(kinds(true)).toEqual(["source server", "modules server", "source chat"])
  })

  it("of an installed server: its packages, or its archive and what fetches it, and its helper", () => {
    expect(titles({ components: ["redis"] }).slice(always.length)).toEqual([
      "packages ca-certificates, tzdata, redis-server, redis-tools for debian:trixie-slim",
    ])
    expect(titles({ components: ["mongodb"] })).toEqual(
      expect.arrayContaining([
        "packages ca-certificates, curl for debian:trixie-slim",
        "archive of mongodb 7.0.2 for ubuntu2204",
        "Go modules of go/mongo-admin",
      ]),
    )
  })

  it("of another base: its image and its packages, beside those of the tools", () => {
    const found = titles({ components: ["server"], base: "alpine" })
    expect(found).toEqual(
      expect.arrayContaining(["image debian:trixie-slim", "image alpine:3.22", "packages ca-certificates, tzdata for alpine:3.22"]),
    )
  })

  it("of the stack's services: what takes the places of official images", () => {
    const { services } = prewarmRequest(catalogue, { ...request({}), components: ["server"], services: true })
    expect(services).toEqual(expect.arrayContaining(["etcd", "redis", "kafka", "minio", "mongodb-stand-in", "nginx"]))
    expect(titles({ services })).toEqual(
      expect.arrayContaining([
        "packages ca-certificates, etcd-server for debian:trixie-slim",
        "Go modules of go/stackctl",
        "Maven artifacts of java/kafka",
        "Maven artifacts of java/store",
        "Go modules of pebble v1.1.1",
      ]),
    )
  })

  it("of the stack's services: on Debian, whatever the base of the images", () => {
    const found = titles({ components: ["server"], base: "alpine", services: ["redis"] })
    expect(found).toContain("packages ca-certificates, tzdata, redis-server, redis-tools for debian:trixie-slim")
    expect(found.filter((title) => title.includes("redis") && title.includes("alpine"))).toEqual([])
  })

  it("each once, all that can be built when nothing is named", () => {
    const all = titles({ components: ["server", "chat", "server", "server-api"] })
    expect(new Set(all).size).toBe(all.length)
    expect(prewarmRequest(catalogue, { ...request({}), services: false }).components).toEqual(["server", "chat", "mongodb", "redis"])
  })

  it("refuses what does not exist, with the nearest name", () => {
    expect(() => titles({ components: ["servr"] })).toThrow('Did you mean "server"?')
    expect(() => titles({ components: ["web"] })).toThrow("never built")
    expect(() => titles({ tools: ["sift"] })).toThrow('Did you mean "syft"?')
  })
})

describe("an item's name", () => {
  const [server] = bundleItems(catalogue, request({ components: ["server"] })).filter(({ kind }) => kind === "source")
  const pinned = (change: object): Catalogue => ({
    ...catalogue,
    pins: { ...catalogue.pins, sources: { ...catalogue.pins.sources, server: { ...catalogue.pins.sources.server, ...change } } },
  })

  it("is a file's name, different for every item", () => {
    const items = bundleItems(
      catalogue,
      request({ components: ["server", "chat", "redis", "mongodb"], tools: ["syft"], services: Object.keys(catalogue.services) }),
    )
    const names = items.map((item) => itemName(catalogue, item))
    expect(names.filter((name) => !/^[A-Za-z0-9._-]+$/.test(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })

  it("changes with a tool's pin, the Go of helpers, and what a call of prewarm wanted", () => {
    const [tool] = bundleItems(catalogue, request({ tools: ["syft"] })).filter((item) => item.kind === "tool" && item.tool === "syft")
    const pins = catalogue.pins
    const newer = { ...catalogue, pins: { ...pins, go: "1.25.9", tools: { ...pins.tools, syft: { ...pins.tools.syft, go: "1.99.0" } } } }
    const helper = { kind: "helper", helper: "stackctl" } as const
    for (const item of [tool, helper]) expect(itemName(newer, item, "x")).not.toBe(itemName(catalogue, item, "x"))
    expect(requestName(request({ components: ["chat", "server"] }))).toBe(requestName(request({ components: ["server", "chat"] })))
    expect(requestName(request({ components: ["chat"] }))).not.toBe(requestName(request({ components: ["chat"], tools: ["syft"] })))
  })

  it("changes with version, commit and checksum, and with what a helper imports", () => {
    const names = [catalogue, pinned({ version: "v1.2.2" }), pinned({ commit: "1".repeat(40) }), pinned({ sum: "h1:other" })].map((one) =>
      itemName(one, server),
    )
    expect(new Set(names).size).toBe(4)
    const helper = { kind: "helper", helper: "stackctl" } as const
    expect(itemName(catalogue, helper, "a")).not.toBe(itemName(catalogue, helper, "b"))
    // Of a folder of this project: its lock files.
    const folder = { kind: "source" as const, source: "server" }
    expect(new Set(["", "a", "b"].map((text) => itemName(catalogue, folder, text))).size).toBe(3)
  })

  it("of packages changes with the list and the image, not with the day", () => {
    const packages = { references: ["docker.io/library/debian:trixie-slim"], distribution: "debian", want: ["a"] }
    const name = (more: object) => itemName(catalogue, { ...packages, kind: "packages", ...more })
    expect(name({ rhythm: "daily" })).toBe(name({}))
    expect(name({ references: ["debian:trixie-slim@sha256:1"] })).toBe(name({}))
    expect(name({ want: ["a", "b"] })).not.toBe(name({}))
    expect(name({ references: ["debian:bookworm-slim"] })).not.toBe(name({}))
  })
})

describe("messages", () => {
  it("name what a bundle lacks, what it has, and what to do", () => {
    expect(missingItems(["image a", "image b"], ["image c"]).message).toBe(
      "the bundle has no image a; no image b. It has: image c. Next: where there is a network, with these sources and options, " +
        "./daggerw call --bundle=BUNDLE prewarm --components=… export --path=BUNDLE",
    )
    expect(missingItems(["1", "2", "3", "4", "5", "6", "7"], []).message).toContain("no 5; no 2 more. It has: nothing.")
    expect(() => readBundleRecord("tool-x", "{")).toThrow("items/tool-x.json cannot be read")
  })

  const row = (more: Partial<PrewarmRow>): PrewarmRow => ({ title: "image a", result: "fetched", bytes: 30_600_000, seconds: 2.2, ...more })

  it("count what was fetched, in percent", () => {
    expect(progressLine(1, 3, row({}))).toBe("prewarm: 1 of 3 (33 %): image a, 30.6 MB, fetched in 2 s")
    expect(progressLine(2, 3, row({ result: "in the bundle" }))).toBe("prewarm: 2 of 3 (67 %): image a, 30.6 MB, in the bundle")
    expect(progressLine(3, 3, row({ result: "failed", reason: "no route" }))).toBe("prewarm: 3 of 3 (100 %): image a, failed: no route")
    const text = prewarmTable([row({}), row({ title: "image b", result: "failed", bytes: 0, reason: "try 1 of 3 (no route)" })])
    expect(text).toContain("image b:\n  try 1 of 3 (no route)")
    expect(text).toMatch(/^1 of 2 \(50 %\), 30\.6 MB/m)
  })

  it("list first what of a bundle asks for something", () => {
    const text = bundleTable([
      { state: "current", title: "a", detail: "-" },
      { state: "missing", title: "b", detail: "prewarm fetches it" },
    ])
    expect(text.indexOf("missing")).toBeLessThan(text.indexOf("current"))
    expect(text.trimEnd().split("\n").at(-1)).toBe("1 missing, 1 current")
    expect(movedPackages({ a: "1", b: "1" }, { a: "2", b: "1", c: "1" })).toEqual(["a 1 → 2", "c (not there) → 1"])
  })
})

describe("what is in a bundle", () => {
  const image = "docker.io/library/debian:trixie-slim"
  const record = (more: object) => ({ kind: "packages", title: "packages", bytes: 1, files: 1, ...more }) as const as BundleRecord
  const debian = record({ kind: "image", reference: `${image}@sha256:1`, pulled: true })
  const packages = record({ image: `${image}@sha256:1`, set: "a for debian:trixie-slim", packages: { a: "1" } })
  const withPins = (more: object): Catalogue => ({ ...catalogue, pins: { ...catalogue.pins, ...more } })
  const unfit = (of: Catalogue, one: BundleRecord, reference = `${image}@sha256:1`) =>
    unfitRecord(of, { "image-debian-trixie-slim": { ...debian, reference } }, one)

  it("fits when nothing else is pinned", () => {
    expect([unfit(catalogue, debian), unfit(catalogue, packages), unfit(catalogue, record({ kind: "tool" }))]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it("does not when its packages are for another image", () => {
    expect(unfit(catalogue, packages, `${image}@sha256:2`)).toBe(
      `they were chosen for ${image}@sha256:1, but the bundle has ${image}@sha256:2`,
    )
  })

  it("does not when versions.yaml pins another digest of an image from a registry, or another version", () => {
    const pinned = withPins({ digests: { [image]: "sha256:2" } })
    expect(unfit(pinned, debian)).toContain("versions.yaml pins sha256:2")
    expect(unfit(pinned, { ...debian, pulled: false })).toBeUndefined()
    // An archive keeps its name when its checksum is recorded, by lock for instance.
    const item = { kind: "archive", component: "mongodb", build: "rhel80" } as const
    const { version, builds } = catalogue.pins.archives.mongodb
    const archived = record({ kind: "archive", archive: { component: "mongodb", build: "rhel80", version, sha256: "a".repeat(64) } })
    const recorded = (sha256: string) =>
      withPins({
        archives: { mongodb: { ...catalogue.pins.archives.mongodb, builds: { ...builds, rhel80: { ...builds.rhel80, sha256 } } } },
      })
    expect([catalogue, recorded("a".repeat(64))].map((of) => [itemName(of, item), unfit(of, archived)])).toEqual(
      Array(2).fill([itemName(catalogue, item), undefined]),
    )
    expect(unfit(recorded("b".repeat(64)), archived)).toBe("versions.yaml pins checksum bbbbbbbbbbbb, the bundle has aaaaaaaaaaaa")
    expect(recordedSum({ x: archived }, "mongodb", "rhel80", version)).toBe("a".repeat(64))
    expect([
      recordedSum({ x: archived }, "mongodb", "rhel90", version),
      recordedSum({ x: archived }, "mongodb", "rhel80", "0.0.1"),
    ]).toEqual([undefined, undefined])
    expect(unfit(withPins({ packages: { "a for debian:trixie-slim": { a: "2" } } }), packages)).toBe(
      "versions.yaml locks a 2, the bundle has 1",
    )
  })
})

describe("tries", () => {
  const noWait = [0, 0, 0]

  it("are three, and the first success ends them", async () => {
    let runs = 0
    const result = await retried("x", async () => (++runs < 3 ? Promise.reject(new Error(`no ${runs}`)) : "done"), undefined, noWait)
    expect([result, runs]).toEqual(["done", 3])
  })

  it("are all named when none works", async () => {
    const lines: string[] = []
    await expect(
      retried(
        "x",
        () => Promise.reject(new Error("no route")),
        (line) => lines.push(line),
        noWait,
      ),
    ).rejects.toThrow("x: nothing worked: try 1 of 3 (no route); try 2 of 3 (no route); try 3 of 3 (no route)")
    expect(lines).toHaveLength(3)
  })
})

describe("locked packages", () => {
  const text = fixtureText("versions.yaml")
  const set = packageSet("docker.io/library/debian:trixie-slim@sha256:1", ["ca-certificates", "tzdata"])

  it("stand in versions.yaml by what they are installed for, as text, and nothing else changes", () => {
    const locked = withPackageVersions(text, { [set]: { "ca-certificates": "20250419", openssl: "3.5.1-1+deb13u1" } })
    expect(readVersions("versions.yaml", locked).packages).toEqual({
      "ca-certificates, tzdata for debian:trixie-slim": { "ca-certificates": "20250419", openssl: "3.5.1-1+deb13u1" },
    })
    expect(text.split("\n").filter((line) => !locked.split("\n").includes(line))).toEqual([])
    expect(() => readVersions("versions.yaml", locked.replace("3.5.1-1+deb13u1", "$(reboot)"))).toThrow("a package's version")
  })

  it("are asked for first, any version after that", () => {
    const locked = { "ca-certificates": "20250419", openssl: "3.5.1-1" }
    const steps = planPackages({ distribution: "debian", want: ["ca-certificates"], locked }).steps.map(({ packages }) => packages)
    expect(steps).toEqual([["ca-certificates=20250419", "openssl=3.5.1-1"], ["ca-certificates"]])
    const rpm = planPackages({ distribution: "openeuler", want: ["tree"], locked: { tree: "2.1-1" } }).steps.map(({ packages }) => packages)
    expect(rpm).toEqual([["tree-2.1-1"], ["tree"], ["tree-2.1-1"], ["tree"]])
  })

  it("are fetched by the same script, which installs nothing then", () => {
    const plan = planPackages({ distribution: "debian", want: ["openssl=3.5.1-1"] })
    expect(packageScript(". lib", plan, { fetchTo: "/tmp/fetched" })).toContain("fetch_to=/tmp/fetched")
  })
})
