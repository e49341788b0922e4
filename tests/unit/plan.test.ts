import { beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { baseOf, builtOf, checkPlatform, componentOf, programsOf, programsOfSource } from "../../src/plan/build/components.js"
import { imagePlan } from "../../src/plan/build/image.js"
import { launchPlan } from "../../src/plan/build/launch.js"
import { bytesFrom, compilerOrigins, sourceOrigins } from "../../src/plan/build/origins.js"
import { componentTable, type PlanInput, planRows, planTable, readPlanRecord, recordedRow } from "../../src/plan/publish/planRows.js"

let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await loadCatalogue("openim")
})

describe("components", () => {
  it("resolves a suite in the order of its start and a program to itself", () => {
    const server = programsOf(catalogue, builtOf(catalogue, "server")).map((entry) => entry.program)
    expect(server[0]).toBe("openim-rpc-user")
    expect(server).toHaveLength(12)
    expect(server.indexOf("openim-api")).toBeGreaterThan(server.indexOf("openim-rpc-auth"))
    const api = programsOf(catalogue, builtOf(catalogue, "server-api")).map((entry) => entry.program)
    expect(api).toEqual(["openim-api"])
  })

  it("builds every program of a source into one binary", () => {
    expect(programsOfSource(catalogue, "server")).toHaveLength(12)
    expect(programsOfSource(catalogue, "chat")).toHaveLength(4)
  })

  it("answers an unknown name with the known ones and the nearest", () => {
    expect(() => componentOf(catalogue, "servr")).toThrow('unknown component "servr". Did you mean "server"? Known: server, ')
    const { image, alternatives, distribution } = baseOf(catalogue, "anolis:8.8")
    expect({ image, alternatives, distribution }).toEqual({
      image: "docker.io/openanolis/anolisos:8.8",
      alternatives: ["registry.openanolis.cn/openanolis/anolisos:8.8"],
      distribution: "anolis",
    })
    expect(baseOf(catalogue, "anolis")).toBe(catalogue.bases.anolis)
    for (const odd of ["anolis:", "anolis:a b", "anolis:8/10"])
      expect(() => baseOf(catalogue, odd)).toThrow(`--base "${odd}": expected NAME or NAME:TAG, such as anolis or anolis:8.10`)
    expect(() => baseOf(catalogue, "alpin:3.19")).toThrow('unknown base "alpin". Did you mean "alpine"?')
    expect(() => baseOf(catalogue, "debain")).toThrow('unknown base "debain". Did you mean "debian"? Known: debian, anolis')
    expect(() => componentOf(catalogue, "constructor")).toThrow("unknown component")
  })

  it("does not build what is only referenced, and names what to use instead", () => {
    expect(() => builtOf(catalogue, "web")).toThrow(
      `web is never built. Next: use upstream's image docker.io/openim/openim-web-front:${catalogue.pins.references.web}`,
    )
  })

  it("refuses other platforms in one line", () => {
    expect(() => checkPlatform("linux/arm64")).toThrow(/^platform linux\/arm64 is not supported: .*$/)
    expect(() => checkPlatform("linux/amd64")).not.toThrow()
  })
})

describe("origins", () => {
  it.each([
    ["auto", undefined, "registry"],
    ["auto", "packages", "packages"],
    ["registry", "packages", "registry"],
    ["packages", undefined, "packages"],
  ])("--bases=%s on an engine that says %s", (bases, engine, expected) => {
    expect(bytesFrom(bases, engine)).toBe(expected)
  })

  it("refuses another value", () => {
    expect(() => bytesFrom("docker", undefined)).toThrow("Known: auto, registry, packages")
  })

  it("tries first what the machine is likely to have", () => {
    expect(sourceOrigins("registry")).toEqual(["git", "module"])
    expect(sourceOrigins("packages")).toEqual(["module", "git"])
    expect(compilerOrigins("registry")[0]).toBe("image")
    expect(compilerOrigins("packages")[0]).toBe("distribution")
  })
})

describe("the image", () => {
  const facts = { version: "v3.8.3", revision: "f4c6f83", created: "2025-01-04T03:46:59Z" }
  const plan = (component: string, base: string) => imagePlan(catalogue, builtOf(catalogue, component), baseOf(catalogue, base), facts)

  it("of a program runs it and nothing else", () => {
    const api = plan("server-api", "debian")
    expect(api.entrypoint).toEqual(["/usr/local/bin/launch", "/usr/local/share/launch.json"])
    expect(launchPlan(catalogue, builtOf(catalogue, "server-api")).command).toEqual(["/usr/local/bin/openim-api"])
    expect(api.arguments).toEqual(["-c", "/openim-server/config", "-i", "0"])
    expect(api.ports).toEqual([10002])
    expect(api.labels).toMatchObject({
      "org.opencontainers.image.version": "v3.8.3",
      "org.opencontainers.image.revision": "f4c6f83",
      "org.opencontainers.image.created": "2025-01-04T03:46:59Z",
      "org.opencontainers.image.source": "https://github.com/openimsdk/open-im-server",
      "org.opencontainers.image.title": "openim-api",
    })
  })

  it("of the suite runs the supervisor and asks it and the public ports for health", () => {
    const server = plan("server", "debian")
    expect(server.entrypoint).toEqual(["/usr/local/bin/launch", "/usr/local/share/launch.json"])
    expect(launchPlan(catalogue, builtOf(catalogue, "server")).command).toEqual(["/usr/local/bin/pebble", "run", "--verbose"])
    expect(server.health).toMatch(/^\/usr\/local\/bin\/pebble health && .*10001 && .*10002$/)
    expect(server.env.PEBBLE).toBe("/var/lib/pebble/default")
    expect(server.env.IMENV_OPENIM_RPC_AUTH_RPC_AUTOSETPORTS).toBe("false")
  })

  it("probes with what the base has", () => {
    expect(plan("server-api", "alpine").health).toBe("nc -z -w 2 127.0.0.1 10002")
    expect(plan("server-api", "anolis").health).toContain("/dev/tcp/")
    expect(plan("server-api", "alpine:3.19")).toMatchObject({
      health: "nc -z -w 2 127.0.0.1 10002",
      labels: { "org.opencontainers.image.base.name": "docker.io/library/alpine:3.19" },
    })
    expect(plan("server-crontask", "debian").health).toBeUndefined()
  })
})

describe("the plan", () => {
  const inputs = {
    source: "1",
    toolchain: { name: "go", version: "1.22.7" },
    base: "docker.io/library/debian:trixie-slim@sha256:aa11",
    packages: "1",
    recipe: "1",
  }
  const row = (component: string, changed: Partial<typeof inputs> = {}): PlanInput => ({
    component,
    source: "git v3.8.3",
    inputs: { ...inputs, ...changed },
  })
  const published = { inputs, from: "docker.io/openim/a:v3.8.3" }

  it("skips what was built from the same inputs, and says why it builds the rest", () => {
    const now = planRows(
      [
        row("same"),
        row("edited", { source: "2" }),
        row("go", { source: "2", toolchain: { name: "go", version: "1.25.0" } }),
        row("base", { base: "docker.io/library/debian:trixie-slim@sha256:bb22" }),
        row("packages", { packages: "2", recipe: "2" }),
        row("unlabelled"),
        row("absent"),
        row("half"),
        row("new"),
        { component: "web", source: "docker.io/openim/openim-web-front:v1" },
      ],
      {
        ...Object.fromEntries(["same", "edited", "go", "base", "packages"].map((name) => [name, [published]])),
        unlabelled: [{ inputs: {}, from: "docker.io/openim/b:v3.8.3" }],
        absent: [{ none: "not published yet" }],
        half: [published, { none: "other.example/a:v3.8.3 is not published yet" }],
      },
    )
    expect(now.map(({ component, action, reason }) => [component, action, reason])).toEqual([
      ["same", "skip", "unchanged since docker.io/openim/a:v3.8.3"],
      ["edited", "build", "source or configuration changed"],
      ["go", "build", "source or configuration changed, Go 1.22.7 → 1.25.0"],
      ["base", "build", "base image debian:trixie-slim@aa11 → debian:trixie-slim@bb22"],
      ["packages", "build", "packages of the base distribution moved on, the recipe changed"],
      ["unlabelled", "build", expect.stringContaining("Go unknown → 1.22.7")],
      ["absent", "build", "not published yet"],
      ["half", "build", "other.example/a:v3.8.3 is not published yet"],
      ["new", "build", "no earlier build is known"],
      ["web", "skip", "only referenced, never built"],
    ])
  })

  it("reads its own json again and refuses anything else", () => {
    const rows = planRows([row("a"), { component: "web", source: "image" }], {})
    expect(readPlanRecord(JSON.stringify({ stack: "openim", rows: rows.map(recordedRow) }))).toEqual({
      a: [{ inputs, from: "git v3.8.3" }],
    })
    const released = JSON.stringify({ stack: "openim", rows: rows.map(recordedRow), published: { registries: ["a.example"], tags: [] } })
    expect(readPlanRecord(released, { registries: ["a.example"], tags: [] })).toHaveProperty("a")
    expect(readPlanRecord(released, { registries: ["b.example"], tags: [] })).toEqual({})
  })

  it("builds what has another version than the record, though nothing else changed", () => {
    const [bumped] = planRows([{ ...row("a"), version: "v3.8.4" }], { a: [{ ...published, version: "v3.8.3" }] })
    expect(bumped).toMatchObject({ action: "build", reason: "version v3.8.3 → v3.8.4" })
  })

  it("reads nothing but a plan", () => {
    expect(() => readPlanRecord("COMPONENT ACTION")).toThrow("--record: not JSON")
    for (const text of ["{}", "null", '{"rows":[{}]}', "[]"]) expect(() => readPlanRecord(text)).toThrow("--record: no plan")
  })

  it("is a table with aligned columns", () => {
    const lines = planTable(planRows([row("server"), row("server-rpc-user")], {}))
      .trimEnd()
      .split("\n")
    expect(lines).toHaveLength(3)
    expect(new Set(lines.map((line) => line.search(/ACTION|build/))).size).toBe(1)
  })

  it("lists components with what people ask for", () => {
    const text = componentTable(catalogue, Object.values(catalogue.components))
    expect(text).toMatch(/server-api\s+HTTP API .*open-im-server\s+v\d\S+\s+docker\.io\/openim\/openim-api\s+on-demand\s+manual/)
    expect(text).toMatch(/redis\s+Cache .*redis\/redis\s+\(of packages\)\s+docker\.io\/openim\/openim-redis\s/)
  })
})
