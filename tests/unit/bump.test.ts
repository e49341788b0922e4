import { existsSync, readdirSync, readFileSync } from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { readVersions } from "../../src/catalogue/versions.js"
import { referenceOf } from "../../src/plan/build/components.js"
import { pinnedVersion, publishedAs } from "../../src/plan/publish/publishedAs.js"
import { publishTargets } from "../../src/plan/publish/registries.js"
import { checkDate, withChanges } from "../../src/plan/versions/changelog.js"
import { envTemplate } from "../../src/plan/versions/envTemplate.js"
import { pinPaths } from "../../src/plan/versions/pinFiles.js"
import { withArchive, withArchiveChecksums, withDigests, withReferenceTag, withSourcePin } from "../../src/plan/versions/pins.js"
import { fixtureCatalogue } from "./fixtures.js"

const root = new URL("../..", import.meta.url).pathname
const text = readFileSync(`${root}/tests/fixtures/pins/versions.yaml`, "utf8")
const pins = (yaml: string) => readVersions("versions.yaml", yaml)
const pin = { version: "v3.8.3-patch.16", commit: "1".repeat(40), sum: `h1:${"A".repeat(43)}=`, created: "2026-01-02T03:04:05Z" }

/** The lines of a that b does not have. */
const missing = (a: string, b: string) => a.split("\n").filter((line) => !b.split("\n").includes(line))

describe("versions.yaml", () => {
  it("changes in the lines of the pin alone", () => {
    const before = pins(text).sources.server
    const changed = withSourcePin(text, "server", before, pin)
    expect(missing(text, changed)).toHaveLength(4)
    expect(missing(changed, text)).toEqual([
      "    version: v3.8.3-patch.16",
      `    commit: "${pin.commit}"`,
      `    sum: ${pin.sum}`,
      '    created: "2026-01-02T03:04:05Z"',
      "    previous:",
      "      - version: v3.8.3",
      `        commit: ${before.commit}`,
      `        sum: ${before.sum}`,
      '        created: "2025-01-04T03:46:59Z"',
    ])
    expect(missing(text, changed).every((line) => /^ {4}(version|commit|sum|created): /.test(line))).toBe(true)
  })

  it("still names its schema in the first line", () => {
    const first = "# yaml-language-server: $schema=../../../stacks/versions.schema.json"
    const changed = withSourcePin(
      withReferenceTag(withDigests(text, { "docker.io/library/debian:trixie-slim": `sha256:${"a".repeat(64)}` }), "web", "a", [], "b"),
      "server",
      pins(text).sources.server,
      pin,
    )
    expect([text, changed].map((yaml) => yaml.split("\n")[0])).toEqual([first, first])
    // Also where the file has no other comment at its start.
    const rest = text.split("\n").filter((line) => !line.startsWith("#"))
    expect(withDigests([first, ...rest].join("\n"), {}).split("\n")[0]).toBe(first)
  })

  it("keeps every earlier version once, the last one first", () => {
    const next = { ...pin, version: "v3.8.3-patch.17", commit: "a".repeat(40) }
    let yaml = text
    for (const to of [pin, next, pins(text).sources.server, next]) {
      const { previous: _, ...plain } = { previous: [], ...to }
      yaml = withSourcePin(yaml, "server", pins(yaml).sources.server, plain)
    }
    const { version, previous } = pins(yaml).sources.server
    expect([version, ...previous.map((old) => old.version)]).toEqual(["v3.8.3-patch.17", "v3.8.3", "v3.8.3-patch.16"])
  })

  it("loses the checksum of a version that has none, and gets it back", () => {
    const { sum: _, ...bare } = pin
    const without = withSourcePin(text, "server", pins(text).sources.server, bare)
    expect(pins(without).sources.server.sum).toBeUndefined()
    const { previous, ...now } = pins(without).sources.server
    expect(now).toEqual(bare)
    const again = withSourcePin(without, "server", { ...now, previous }, previous[0])
    expect(pins(again).sources.server).toEqual({ ...previous[0], previous: [bare] })
    const place = (yaml: string) => yaml.split("\n").findIndex((line) => line.startsWith("    sum: "))
    expect(place(again)).toBe(place(text))
  })

  it("keeps earlier tags of referenced images", () => {
    const changed = withReferenceTag(text, "web", "release-v3.8.3", [], "release-v3.8.4")
    expect(missing(text, changed)).toEqual(["  web: release-v3.8.3"])
    const { references, previousReferences } = pins(changed)
    expect([references.web, previousReferences.web]).toEqual(["release-v3.8.4", ["release-v3.8.3"]])
    const back = withReferenceTag(changed, "web", "release-v3.8.4", ["release-v3.8.3"], "release-v3.8.3")
    expect(pins(back).previousReferences.web).toEqual(["release-v3.8.4"])
  })

  it("gets another archive with its checksums, and keeps those of the one before", () => {
    const yaml = text.replace(
      "\ntools:",
      `
archives:
  mongodb:
    version: 7.0.2
    builds:
      # One with a checksum, and one without.
      linux: { urls: ["https://a.example/{version}.tgz"], sha256: ${"2".padStart(64, "0a")} }
      other: { urls: ["https://b.example/{version}.tgz"] }

tools:`,
    )
    const before = pins(yaml).archives.mongodb
    const to = { version: "7.0.10", sha256: { linux: "c".repeat(64), other: "d".repeat(64) } }
    const after = pins(withArchive(yaml, "mongodb", before, to)).archives.mongodb
    expect(after.builds.other).toEqual({ urls: ["https://b.example/7.0.10.tgz"], sha256: "d".repeat(64) })
    expect(after.previous).toEqual([{ version: "7.0.2", sha256: { linux: before.builds.linux.sha256 } }])
    const back = pins(withArchive(withArchive(yaml, "mongodb", before, to), "mongodb", after, after.previous[0])).archives.mongodb
    expect({ ...back, previous: [] }).toEqual(before)
    expect(back.previous).toEqual([to])
  })

  it("gets the checksums of builds that have none", () => {
    const yaml = text.replace(
      "\ntools:",
      `
archives:
  mongodb:
    version: 7.0.2
    builds:
      linux:
        makers: https://a.example/{version}.tgz
        sha256: ${"a".repeat(64)}
      other:
        makers: https://a.example/other-{version}.tgz
        urls: ["https://mirror.example/other-{version}.tgz"] # theirs

tools:`,
    )
    const changed = withArchiveChecksums(yaml, "mongodb", { other: "d".repeat(64) })
    expect(missing(yaml, changed)).toEqual([])
    const { builds } = pins(changed).archives.mongodb
    expect(builds.linux).toEqual({ makers: "https://a.example/7.0.2.tgz", urls: ["https://a.example/7.0.2.tgz"], sha256: "a".repeat(64) })
    expect(builds.other).toMatchObject({
      urls: ["https://a.example/other-7.0.2.tgz", "https://mirror.example/other-7.0.2.tgz"],
      sha256: "d".repeat(64),
    })
    expect(() => pins(yaml.replace(/ {8}makers.*\n {8}urls.*\n/, "        sha256: x\n"))).toThrow(
      "archives.mongodb.builds.other.urls: expected at least one address",
    )
  })

  it("gets digests", () => {
    const digest = `sha256:${"b".repeat(64)}`
    const changed = withDigests(text, { "docker.io/library/debian:trixie-slim": digest })
    expect(missing(text, changed)).toEqual([])
    expect(pins(withDigests(changed, { "docker.io/library/alpine:3.22": digest })).digests).toEqual({
      "docker.io/library/debian:trixie-slim": digest,
      "docker.io/library/alpine:3.22": digest,
    })
  })

  it.each([
    ["version: v3.8.3", "version: newest", 'sources.server.version: expected a version such as v3.8.3, found "newest"'],
    ["version: v3.8.3", "version: [v3.8.3]", "sources.server.version: expected a version such as v3.8.3, found a list"],
    ["  chat:\n", "    previous: v3.8.2\n  chat:\n", 'sources.server.previous: expected a list, found "v3.8.2"'],
    ["  chat:\n", "    previous:\n      - version: v3.8.2\n  chat:\n", "sources.server.previous[0].commit: expected a full commit"],
    ["web: release-v3.8.3", "web: 'release v3.8.3'", "references.web: expected an image's tag"],
    ["\ntools:", "\npreviousReferences: {web: release-v3.8.2}\ntools:", "previousReferences.web: expected a list"],
    ["\ntools:", "\ndigests: {docker.io/library/debian:trixie-slim: latest}\ntools:", "expected a digest, sha256:… with 64"],
    ["\ntools:", "\ndigest: {}\ntools:", 'digest: unknown key "digest". Did you mean "digests"?'],
    ["sources:\n", "sources: {\n", "not valid YAML"],
  ])("%j as %j is refused", (from, to, message) => {
    expect(text).toContain(from)
    expect(() => pins(text.replace(from, to))).toThrow(message)
  })
})

describe("env.template", () => {
  let live: Catalogue
  let catalogue: Catalogue
  beforeAll(async () => {
    live = await loadCatalogue("openim")
    catalogue = await fixtureCatalogue()
  })

  it("names only what a workflow releases under this very tag, and upstream's own images", () => {
    const folder = `${root}/.github/workflows`
    const workflows = readdirSync(folder)
      .map((name) => readFileSync(`${folder}/${name}`, "utf8"))
      .join("\n")
    const released = Object.values(live.components).filter(
      ({ kind, mode }) => kind !== "reference" && ["auto", "incremental"].includes(mode),
    )
    for (const { name } of released) {
      const named = new RegExp(`--components=(?:[a-z,-]+,)?${name}\\b|component: \\[(?:[a-z-]+, )*${name}[\\],]`)
      expect(workflows, `mode ${live.components[name].mode}, but no workflow releases it`).toMatch(named)
    }
    const pushed = released.flatMap((component) => {
      const version = pinnedVersion(live, component)
      return version === undefined ? [] : [`${component.registry}/${component.image}:${version}`]
    })
    const others = Object.values(live.components).flatMap((component) =>
      component.kind === "reference" ? [referenceOf(live, component)] : [],
    )
    const text = readFileSync(`${root}/compose/openim/docker-compose.prod.yml`, "utf8")
    const template = readFileSync(`${root}/compose/openim/env.template`, "utf8")
    // What may stay empty has a form, which is not an image that is there.
    const named = [...text.matchAll(/image: \$\{(\w+_IMAGE):-([^@}]+)/g)].filter(([, name]) => !template.includes(`\n${name}=\n`))
    const images = named.map(([, , reference]) => reference!)
    expect(images.sort()).toEqual([...pushed, ...others].sort())
  })

  it("has no line for single programs of a suite, and a comment where registry or tag are not known", () => {
    const text = envTemplate(catalogue)
    expect(text).not.toContain("OPENIM_API_IMAGE")
    expect(text).not.toContain("latest")
    expect(text).toContain(
      "release --components=chat. The catalogue has no registry for it: replace REGISTRY by yours\n# OPENIM_CHAT_IMAGE=REGISTRY/openim/openim-chat:v1.0.4\n",
    )
    expect(text).toContain("the report of release names it\n# OPENIM_REDIS_IMAGE=docker.io/openim/openim-redis:VERSION\n")
    const daily = { ...catalogue.components["server-api"], mode: "auto" as const }
    expect(envTemplate({ ...catalogue, components: { ...catalogue.components, "server-api": daily } })).toContain(
      "\nOPENIM_API_IMAGE=docker.io/openim/openim-api:v1.2.3\n",
    )
  })

  it("loses the lines that named what nobody published", () => {
    const { purpose } = catalogue.components["server-api"]
    const before = `${envTemplate(catalogue).replace(/# OPENIM_REDIS_IMAGE=.*/, "OPENIM_REDIS_IMAGE=docker.io/openim/openim-redis:latest")}
# ${purpose}
OPENIM_API_IMAGE=docker.io/openim/openim-api:v1.2.2

MINE=1
`
    expect(envTemplate(catalogue, before)).toBe(`${envTemplate(catalogue)}\nMINE=1\n`)
  })

  it("keeps what else is in it", () => {
    const own = envTemplate(catalogue)
    const changed = `${own.replace(/(OPENIM_SERVER_IMAGE=).*/, "$1old").replace("# The images", "# My images")}MONGO_PASSWORD=secret\n`
    expect(envTemplate(catalogue, changed)).toBe(`${own.replace("# The images", "# My images")}MONGO_PASSWORD=secret\n`)
  })

  it("names variables as upstream does", () => {
    const lines = envTemplate(catalogue).split("\n")
    expect(lines).toContain("OPENIM_SERVER_IMAGE=docker.io/openim/openim-server:v1.2.3")
    expect(lines).toContain("OPENIM_WEB_FRONT_IMAGE=docker.io/openim/openim-web-front:release-v1.2.3")
  })
})

describe("where an image is published", () => {
  it("is the same for publish, the plan and what names it later", async () => {
    const catalogue = await fixtureCatalogue()
    for (const component of Object.values(catalogue.components)) {
      const named = publishedAs(catalogue, component)
      if (component.kind === "reference" || !("reference" in named)) continue
      const [{ repository, tags }] = publishTargets(component, [], [pinnedVersion(catalogue, component)!])
      expect(named.reference).toBe(`${repository}:${tags[0]}`)
    }
    expect(publishedAs(catalogue, catalogue.components["server-api"])).toEqual({
      onDemand: true,
      reference: "docker.io/openim/openim-api:v1.2.3",
    })
    const digest = `sha256:${"d".repeat(64)}`
    const pinned = { ...catalogue, pins: { ...catalogue.pins, digests: { "docker.io/openim/openim-web-front:release-v1.2.3": digest } } }
    expect(publishedAs(pinned, catalogue.components.web)).toEqual({
      onDemand: false,
      reference: `docker.io/openim/openim-web-front:release-v1.2.3@${digest}`,
    })
  })
})

describe("the files that a bump changes", () => {
  it("are this checkout's", () => {
    for (const path of Object.values(pinPaths("openim"))) expect(existsSync(`${root}/${path}`), path).toBe(true)
  })

  it("are all committed by the workflow that bumps", () => {
    const text = readFileSync(`${root}/.github/workflows/server.yml`, "utf8")
    const added = [...text.matchAll(/git add -A -- (.*)/g)].map(([, words]) => words!.split(" "))
    expect(added.length).toBeGreaterThan(0)
    for (const words of added) {
      for (const word of words) expect(existsSync(`${root}/${word}`), word).toBe(true)
      for (const path of [...Object.values(pinPaths("openim")), "dockerfiles/server.Dockerfile", "compose/openim/README.md"]) {
        expect(
          words.some((word) => path.startsWith(`${word}/`)),
          path,
        ).toBe(true)
      }
    }
  })

  it("are side by side in the folder of a custom catalogue", () => {
    expect(pinPaths()).toEqual({ versions: "versions.yaml", env: "env.template", changelog: "CHANGELOG.md" })
  })
})

describe("the changelog", () => {
  it("starts with its first change", () => {
    const first = withChanges(undefined, ["server: v1 → v2"])
    expect(first).toMatch(/^# Changelog\n[\s\S]*\n\n## \[Unreleased\]\n\n### Changed\n\n- server: v1 → v2\n$/)
  })

  it("puts the last date first, and changes of one date together", () => {
    const first = withChanges("# Changelog\n", ["a"], "2025-01-01")
    const second = withChanges(first, ["b"], "2025-01-02")
    const third = withChanges(second, ["c"], "2025-01-02")
    expect(third).toBe("# Changelog\n\n## 2025-01-02\n\n### Changed\n\n- c\n- b\n\n## 2025-01-01\n\n### Changed\n\n- a\n")
  })

  it("stays as it is without a change", () => {
    expect(withChanges("# Changelog\n\nold", [])).toBe("# Changelog\n\nold")
  })

  it.each(["yesterday", "2025-13-01", "2025-02-30", "2025-1-1", ""])("takes %j for no date", (date) => {
    expect(() => checkDate(date)).toThrow("expected a day such as 2025-01-31")
  })
})
