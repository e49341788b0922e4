import { beforeAll, describe, expect, it } from "vitest"
import type { Catalogue, InstalledEntry } from "../../src/catalogue/types.js"
import { builtOf, imageOf } from "../../src/plan/build/components.js"
import {
  archivePlan,
  askForSum,
  believedChecksum,
  factsOf,
  installedInputs,
  installedPlan,
  installedResources,
  installOf,
  knownReport,
  packagesOf,
  packagesScript,
  periodOf,
  readReport,
  reportScript,
  uncheckedArchive,
  withChecksum,
} from "../../src/plan/packages/installed.js"
import { planPackages } from "../../src/plan/packages/packages.js"
import { packageScript } from "../../src/plan/packages/script.js"
import { pinnedVersion } from "../../src/plan/publish/publishedAs.js"
import { fixtureCatalogue } from "./fixtures.js"

let catalogue: Catalogue
let redis: InstalledEntry
let mongodb: InstalledEntry
beforeAll(async () => {
  catalogue = await fixtureCatalogue()
  redis = imageOf(catalogue, "redis") as InstalledEntry
  mongodb = imageOf(catalogue, "mongodb") as InstalledEntry
})

describe("servers that are installed", () => {
  it("have no programs to build, and say what to do instead", () => {
    expect(() => builtOf(catalogue, "redis")).toThrow("redis is installed, not built from source. Next: use build --component=redis")
  })

  it("are published weekly and built step by step", () => {
    for (const entry of [redis, mongodb]) expect(entry).toMatchObject({ registry: "docker.io", rhythm: "weekly", mode: "incremental" })
    expect([redis.image, mongodb.image]).toEqual(["openim/openim-redis", "openim/openim-mongodb"])
  })

  it.each([
    ["debian", "apt", ["redis-server", "redis-tools"]],
    ["anolis", "dnf", ["redis"]],
    ["openeuler", "dnf", ["redis"]],
    ["alpine", "apk", ["redis"]],
  ])("Redis on %s is asked of %s by its name there, and proved by its files", (name, family, packages) => {
    const base = catalogue.bases[name]
    const want = packagesOf(installOf(catalogue, redis, base), base)
    expect(want.map((wanted) => wanted.name)).toEqual(packages)
    expect(want[0].files).toEqual({ [family]: ["/usr/bin/redis-server", "/usr/bin/redis-cli"] })
    expect(planPackages({ distribution: base.distribution, want }).steps.at(-1)).toMatchObject({ packages })
  })

  it("are refused where they are not available, with the bases that have them", () => {
    expect(() => installOf(catalogue, mongodb, catalogue.bases.alpine)).toThrow(
      "mongodb is not available on alpine: it is not made for musl. Next: use --base=debian or --base=anolis or --base=openeuler",
    )
  })
})

describe("servers from a tool or from Java", () => {
  const tool = {
    module: "example.com/store",
    version: "v1.2.3",
    sum: `h1:${"A".repeat(43)}=`,
    package: ".",
    go: "1.25.1",
    created: "2025-01-02T03:04:05Z",
  }
  const storeOf = (install: InstalledEntry["install"], pin = {}): [Catalogue, InstalledEntry] => {
    const { pins } = catalogue
    return [
      { ...catalogue, pins: { ...pins, tools: { ...pins.tools, store: { ...tool, ...pin } } } },
      { ...redis, name: "store", install },
    ]
  }
  const any = (install: object) => ({ any: { packages: [], files: [], ...install } })

  it("are the same on every distribution without an entry", () => {
    const [made, store] = storeOf({ ...any({ tool: "store" }), alpine: { packages: ["store"], files: [] } })
    expect(installOf(made, store, catalogue.bases.debian).tool).toBe("store")
    expect(installOf(made, store, catalogue.bases.alpine)).toEqual({ packages: ["store"], files: [] })
  })

  it("have the version, the time and the checksum of their pin, without being asked", () => {
    const [made, store] = storeOf(any({ tool: "store" }))
    const install = installOf(made, store, catalogue.bases.debian)
    expect(knownReport(made, install)).toEqual({ version: "1.2.3", created: tool.created, origin: "example.com/store v1.2.3" })
    expect(pinnedVersion(made, store)).toBe("1.2.3")
    const [released] = storeOf(any({ tool: "store" }), { release: "RELEASE.5" })
    expect(knownReport(released, install)?.version).toBe("RELEASE.5")
    expect(pinnedVersion(released, store)).toBe("RELEASE.5")
    expect(installedResources(made, store, catalogue.bases.debian, "", "")).toEqual([
      { uri: "pkg:golang/example.com/store@v1.2.3", digest: { dirHash: "0".repeat(64) } },
    ])
  })

  it("are in the provenance with the tools and packages beside them", () => {
    const [made, store] = storeOf(any({ tool: "store", tools: ["other"], packages: ["ssh", "git", "old"] }))
    const { tools } = made.pins
    const both = { ...made, pins: { ...made.pins, tools: { ...tools, other: { ...tools.store!, module: "example.com/other" } } } }
    const found = installedResources(both, store, catalogue.bases.debian, "example.com/store v1.2.3", "git 1:2.47.3-0\nssh 1:10.0p1-7\n")
    expect(found.map(({ uri }) => uri)).toEqual([
      "pkg:golang/example.com/store@v1.2.3",
      "pkg:golang/example.com/other@v1.2.3",
      "pkg:deb/debian/ssh@1%3A10.0p1-7",
      "pkg:deb/debian/git@1%3A2.47.3-0",
      "pkg:deb/debian/old",
    ])
    expect(packagesScript(both, store, catalogue.bases.debian)).toMatch(/^dpkg-query -W .* ssh git old \|\| true$/)
    expect(packagesScript(...storeOf(any({ tool: "store" })), catalogue.bases.debian)).toBe("true")
  })

  it("are due again with another compiler, pom.xml or file", () => {
    const prepared = { reference: "debian@sha256:aa", packages: "1" }
    const recipe = ([made, store]: [Catalogue, InstalledEntry], texts: string[] = []) =>
      installedInputs(made, store, catalogue.bases.debian, "r", prepared, texts)
    const plain = recipe(storeOf(any({ tool: "store" })))
    expect(plain.toolchain).toEqual({ name: "go", version: "1.25.1" })
    expect(recipe(storeOf(any({ tool: "store" }), { go: "1.25.2" })).toolchain.version).toBe("1.25.2")
    const [made, store] = storeOf(any({ tool: "store" }))
    expect(recipe([made, { ...store, files: { "/etc/store": "a" } }]).recipe).not.toBe(plain.recipe)
    expect(recipe([made, store], ["pom"]).recipe).not.toBe(plain.recipe)
  })

  it("have what pom.xml says", () => {
    const pom = `<project><version>1</version><project.build.outputTimestamp>2025-05-12T13:10:00Z</project.build.outputTimestamp>
      <dependency><artifactId>store</artifactId><version>3.9.1</version></dependency><dependency><version>2</version></dependency></project>`
    const install = { packages: ["java"], files: [], java: "store" }
    expect(knownReport(catalogue, install, pom)).toEqual({ version: "3.9.1", created: "2025-05-12T13:10:00Z", origin: "java/store 3.9.1" })
    expect(() => knownReport(catalogue, install, "<project/>")).toThrow("java/store/pom.xml")
    const [made, store] = storeOf(any(install))
    expect(installedResources(made, store, catalogue.bases.debian, "java/store 3.9.1", "java 21").map(({ uri }) => uri)).toEqual([
      "pkg:generic/store@3.9.1",
      "pkg:deb/debian/java@21",
    ])
    expect(knownReport(catalogue, { packages: ["redis"], files: [] })).toBeUndefined()
  })
})

describe("archives", () => {
  it("are fetched from each mirror in order and unpacked only with the pinned checksum", () => {
    const script = packageScript("", archivePlan(catalogue, mongodb, "ubuntu2204"))
    const file = "mongodb-linux-x86_64-ubuntu2204-7.0.2.tgz"
    expect(script).toContain(
      `fetch mongodb 0 ${"0a0b0c0d".repeat(8)} https://fastdl.mongodb.org/linux/${file} ` +
        `https://mirrors.huaweicloud.com/mongodb/linux/${file} &&\n  unpack 0 /archive 1`,
    )
    expect(script).not.toContain("has_manager")
  })

  it("are asked of the caller's own mirrors first", () => {
    const given = ["https://mirror.example/mongodb", "https://mirrors.huaweicloud.com/mongodb/linux"]
    const [{ urls }] = archivePlan(catalogue, mongodb, "ubuntu2204", given).downloads
    expect(urls.map((url) => new URL(url).host)).toEqual(["mirror.example", "mirrors.huaweicloud.com", "fastdl.mongodb.org"])
    expect(urls[0]).toBe("https://mirror.example/mongodb/mongodb-linux-x86_64-ubuntu2204-7.0.2.tgz")
  })

  it("are never fetched without a checksum: the message says where to find it and where to write it", () => {
    expect(() => archivePlan(catalogue, mongodb, "rhel80")).toThrow(
      "mongodb 7.0.2 for rhel80 has no checksum in versions.yaml, and the one of its makers is not known here. Nothing is downloaded unchecked. " +
        "Next: read https://fastdl.mongodb.org/linux/mongodb-linux-x86_64-rhel80-7.0.2.tgz.sha256 where it can be reached, " +
        "and record it as archives.mongodb.builds.rhel80.sha256 (there, bump --component=mongodb does so)",
    )
    expect(uncheckedArchive(catalogue, "mongodb", "rhel80", "no answer within 30 s").message).toContain(
      "the one of its makers cannot be read (no answer within 30 s)",
    )
    const { mongodb: pin } = catalogue.pins.archives
    const mirrored = { ...pin, builds: { ...pin.builds, rhel80: { urls: ["https://mirror.example/m.tgz"] } } }
    const without = { ...catalogue, pins: { ...catalogue.pins, archives: { mongodb: mirrored } } }
    const message = uncheckedArchive(without, "mongodb", "rhel80").message
    expect(message).toContain("versions.yaml names no address of its makers (makers)")
    expect(message).not.toContain("mirror.example")
  })

  it("take the makers' checksum where none is recorded, with a line that says whose it is", () => {
    const { makers } = catalogue.pins.archives.mongodb.builds.rhel80
    expect(askForSum(makers!)).toEqual(["curl", "-fsSL", "--proto", "=https", `${makers}.sha256`])
    const sum = "b".repeat(64)
    expect(believedChecksum(catalogue, "mongodb", "rhel80", sum)).toBe(
      `mongodb 7.0.2 for rhel80: versions.yaml records no checksum, so the makers' is taken, ${sum} from ${makers}.sha256. lock or bump writes it down`,
    )
    const summed = withChecksum(catalogue, "mongodb", "rhel80", sum)
    expect(archivePlan(summed, mongodb, "rhel80").downloads[0].sha256).toBe(sum)
    expect(factsOf(summed, mongodb, mongodb.install.anolis, { version: "", created: "", origin: "" }).revision).toBe(`sha256:${sum}`)
    expect(catalogue.pins.archives.mongodb.builds.rhel80.sha256).toBeUndefined()
  })
})

describe("what is installed", () => {
  it("is asked of the server itself and of its package", () => {
    const script = (name: string) => reportScript(redis, redis.install[name], catalogue.bases[name])
    expect(script("debian")).toContain("dpkg-query -W -f '${Package} ${Version}' redis-server")
    expect(script("anolis")).toContain("rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE}' redis")
    expect(script("alpine")).toContain("apk list -I redis")
  })

  it.each([
    ["1757868730\nRedis server v=8.0.2 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\nredis-server 5:8.0.2-3+deb13u3\n", "8.0.2"],
    ["1757868730\nValkey server v=7.2.8 sha=00000000:0\nvalkey 7.2.8-1\n", "7.2.8"],
    ["1757868730\ndb version v7.0.30\narchive ubuntu2204\n", "7.0.30"],
  ])("%j has version %s", (text, version) => {
    const report = readReport(redis, text)
    expect(report).toEqual({ version, created: "2025-09-14T16:52:10Z", origin: text.split("\n")[2] })
  })

  it("is refused when it says nothing", () => {
    expect(() => readReport(redis, "1757868730\nsh: redis-server: not found\nx")).toThrow("its version cannot be read from")
  })

  it("is in the labels: the package's version, or the archive's checksum", () => {
    const report = { version: "8.0.2", created: "2025-09-14T16:52:10Z", origin: "redis-server 5:8.0.2-3+deb13u3" }
    const facts = factsOf(catalogue, redis, redis.install.debian, report)
    expect(installedPlan(redis, catalogue.bases.debian, facts)).toMatchObject({
      labels: {
        "org.opencontainers.image.title": "openim-redis",
        "org.opencontainers.image.source": "https://github.com/redis/redis",
        "org.opencontainers.image.version": "8.0.2",
        "org.opencontainers.image.revision": "redis-server 5:8.0.2-3+deb13u3",
        "org.opencontainers.image.created": "2025-09-14T16:52:10Z",
      },
      ports: [6379],
      entrypoint: ["/usr/local/bin/start-redis"],
      health: "/usr/local/bin/start-redis health",
    })
    expect(factsOf(catalogue, mongodb, mongodb.install.debian, report).revision).toMatch(/^sha256:0a0b0c0d/)
  })

  it("is in the provenance by its package or its archive", () => {
    const resources = (entry: InstalledEntry, base: string, revision: string, packages = "") =>
      installedResources(catalogue, entry, catalogue.bases[base], revision, packages)
    expect(resources(redis, "debian", "redis-server 5:8.0.2-3+deb13u3", "redis-server 5:8.0.2-3+deb13u3\nredis-tools 5:8.0.2")).toEqual([
      { uri: "pkg:deb/debian/redis-server@5%3A8.0.2-3%2Bdeb13u3" },
      { uri: "pkg:deb/debian/redis-tools@5%3A8.0.2" },
    ])
    expect(resources(redis, "anolis", "redis 5.0.3-5.an8", "redis 5.0.3-5.an8")).toEqual([{ uri: "pkg:rpm/anolis/redis@5.0.3-5.an8" }])
    expect(resources(mongodb, "debian", "sha256:2a6e", "liblzma5 5.8.1-1")).toEqual([
      { uri: "https://fastdl.mongodb.org/linux/mongodb-linux-x86_64-ubuntu2204-7.0.2.tgz", digest: { sha256: "2a6e" } },
      ...mongodb.install.debian.packages.map((name: string) => ({
        uri: `pkg:deb/debian/${name}${name === "liblzma5" ? "@5.8.1-1" : ""}`,
      })),
    ])
  })

  it("decides whether a new image is due", () => {
    const prepared = { reference: "debian@sha256:aa", packages: "1" }
    const inputs = (revision: string, text: string) => installedInputs(catalogue, redis, catalogue.bases.debian, revision, prepared, [text])
    expect(inputs("redis-server 1", "a")).toEqual(inputs("redis-server 1", "a"))
    expect(inputs("redis-server 1", "a")).toMatchObject({
      source: "redis-server 1",
      toolchain: { name: "go", version: "" },
      base: "debian@sha256:aa",
      packages: "1",
    })
    expect(inputs("redis-server 2", "a").source).not.toBe("redis-server 1")
    expect(inputs("redis-server 1", "b").recipe).not.toBe(inputs("redis-server 1", "a").recipe)
  })
})

describe("the period in which packages are asked for once", () => {
  it.each([
    ["weekly", "2026-11-22T23:59:59Z", "2026-11-16"],
    ["weekly", "2026-11-23T00:00:00Z", "2026-11-23"],
    ["weekly", "2026-11-29T12:00:00Z", "2026-11-23"],
    ["daily", "2026-11-25T03:00:00Z", "2026-11-25"],
  ])("%s at %s began on %s", (rhythm, now, expected) => {
    expect(periodOf(rhythm, new Date(now))).toBe(expected)
  })

  it("is a line of the script, so that the engine does not answer from an earlier one", () => {
    const request = { distribution: "debian", want: ["redis-server"] }
    const script = (asOf?: string) => packageScript("", planPackages({ ...request, asOf }))
    expect(script("2026-11-23")).toContain("# As of 2026-11-23.\n")
    expect(script("2026-11-23").replace("# As of 2026-11-23.\n", "")).toBe(script())
    expect(() => script("today\nrm -rf /")).toThrow("expected a day such as 2026-11-23")
  })
})
