import { beforeAll, describe, expect, it } from "vitest"
import type { Catalogue } from "../../src/catalogue/types.js"
import { pinnedReferences } from "../../src/plan/build/origins.js"
import { baseReferences } from "../../src/plan/images/baseReferences.js"
import { readModuleVersions } from "../../src/plan/toolchains/go/answers.js"
import type { Channel } from "../../src/plan/versions/order.js"
import { readChecksum, readRemoteTags, readTagList, readUpstreams, withoutLetter } from "../../src/plan/versions/upstreamAnswers.js"
import {
  decide,
  githubLines,
  unknownRow,
  updatesText,
  upstreamAddress,
  type Watched,
  watchedNamed,
  watchedOf,
  watchTable,
} from "../../src/plan/versions/watch.js"
import { fixtureCatalogue } from "./fixtures.js"

const pinnedCommit = "f4c6f832f74f214171ac92b81dbde36b25f36adc"
const movedCommit = "cb4ac1990000000000000000000000000000beef"
const server: Watched = { name: "server", kind: "source", pinned: "v3.8.3", content: pinnedCommit, previous: [] }
const web: Watched = { name: "web", kind: "reference", pinned: "release-v3.8.3", previous: [] }

function decided(watched: Watched, channel: Channel, tags: Record<string, string | undefined>, complete = true) {
  return decide(watched, channel, { by: "git https://git.example", tags: new Map(Object.entries(tags)), complete })
}

describe("the decision", () => {
  const unmoved = { "v3.8.3": pinnedCommit }

  it("is update for a newer version of the channel", () => {
    const tags = { ...unmoved, "v3.8.2": "1", "v3.8.3-patch.2": "2", "v3.8.3-patch.16": "3", "v3.8.4-alpha.1": "4", main: "5" }
    const update = { decision: "update", newest: "v3.8.3-patch.16", moved: null, reason: "v3.8.3-patch.16 is out" }
    expect(decided(server, "patch", tags)).toMatchObject(update)
    expect(decided(server, "alpha", tags)).toMatchObject({ decision: "update", newest: "v3.8.4-alpha.1" })
    expect(decided(server, "stable", tags)).toMatchObject({ decision: "current", newest: "v3.8.3", reason: "the newest of channel stable" })
  })

  it("is current where the channel has only older ones", () => {
    const ahead = { ...server, pinned: "v3.8.3-patch.16" }
    const tags = { ...unmoved, "v3.8.3-patch.16": pinnedCommit }
    expect(decided(ahead, "stable", tags)).toMatchObject({
      decision: "current",
      newest: "v3.8.3",
      reason: "newer than v3.8.3, the newest of channel stable",
    })
  })

  it("is moved where the tag has another commit, with both named", () => {
    expect(decided(server, "patch", { "v3.8.3": movedCommit })).toMatchObject({
      decision: "moved",
      moved: "tag v3.8.3 moved from f4c6f832 (pinned) to cb4ac199",
      reason: "tag v3.8.3 moved from f4c6f832 (pinned) to cb4ac199; the pin stays",
    })
  })

  it("is moved where a complete list has the tag no more; a module proxy's list need not have it", () => {
    expect(decided(server, "patch", { "v3.8.2": "1" })).toMatchObject({ decision: "moved", moved: "tag v3.8.3 is gone" })
    expect(decided(server, "patch", { "v3.8.2": "1" }, false)).toMatchObject({ decision: "current", moved: null })
  })

  it("is not moved where the commit is not known", () => {
    expect(decided(server, "patch", { "v3.8.3": undefined })).toMatchObject({ decision: "current", moved: null })
  })

  it("reports the moved tag next to an update", () => {
    const row = decided(server, "patch", { "v3.8.3": movedCommit, "v3.8.3-patch.16": "3" })
    const moved = "tag v3.8.3 moved from f4c6f832 (pinned) to cb4ac199"
    expect(row).toMatchObject({ decision: "update", newest: "v3.8.3-patch.16", moved })
    expect(watchTable([row])).toContain("\nWARNING: server: tag v3.8.3 moved")
    expect(updatesText([row])).toContain("\nWARNING: server: tag v3.8.3 moved")
  })

  it("does not go forward again to what was left, but to what is newer", () => {
    const back = { ...server, previous: ["v3.8.3-patch.16"] }
    const tags = { ...unmoved, "v3.8.3-patch.2": "1", "v3.8.3-patch.16": "2" }
    expect(decided(back, "patch", tags)).toMatchObject({
      decision: "current",
      reason: "v3.8.3-patch.16 was pinned before and left for v3.8.3; bump --version=v3.8.3-patch.16 goes back to it",
    })
    expect(decided(back, "patch", { ...tags, "v3.8.3-patch.17": "3" })).toMatchObject({ decision: "update", newest: "v3.8.3-patch.17" })
  })

  it("compares tags of one prefix only", () => {
    const tags = { "release-v3.8.3": undefined, "release-v3.8.4": undefined, "v9.0.0": undefined, latest: undefined }
    expect(decided(web, "patch", tags)).toMatchObject({ decision: "update", newest: "release-v3.8.4" })
  })

  it("is moved where an image was pushed again under its tag", () => {
    const [before, now] = ["a", "b"].map((digit) => `sha256:${digit.repeat(64)}`)
    expect(decided({ ...web, content: before }, "patch", { "release-v3.8.3": before }).decision).toBe("current")
    expect(decided({ ...web, content: before }, "patch", { "release-v3.8.3": now })).toMatchObject({
      decision: "moved",
      moved: "tag release-v3.8.3 moved from aaaaaaaa (pinned) to bbbbbbbb",
    })
  })

  it("stays in an archive's line", () => {
    const mongodb: Watched = { name: "mongodb", kind: "archive", pinned: "7.0.30", previous: [] }
    const lines = ["r7.0.30", "r7.0.31", "r7.0.32-rc0", "r8.0.1"].map((tag) => `${"a".repeat(40)}\trefs/tags/${tag}\n`)
    const tags = withoutLetter(readRemoteTags(lines.join("")))
    expect(decided(mongodb, "patch", Object.fromEntries(tags))).toMatchObject({ decision: "update", newest: "7.0.31", moved: null })
  })

  it("is unknown where nothing can be compared", () => {
    expect(decided({ ...web, pinned: "latest" }, "patch", { latest: undefined }).decision).toBe("unknown")
    expect(decided({ ...server, pinned: "v3.8.4-alpha.1" }, "stable", { "v3.8.4-alpha.1": pinnedCommit })).toMatchObject({
      decision: "unknown",
      reason: "upstream has no version in channel stable",
    })
  })
})

describe("what is printed", () => {
  const rows = [
    decided(server, "patch", { "v3.8.3": movedCommit, "v3.8.3-patch.16": "3" }),
    decided(web, "patch", { "release-v3.8.3": undefined }),
    unknownRow({ ...web, name: "admin" }, "registry docker.io/admin (no answer within 30 s)"),
  ]

  it("is a table with the silent ones below it", () => {
    const lines = watchTable(rows).trimEnd().split("\n")
    expect(lines).toHaveLength(6)
    expect(lines[3]).toMatch(/^admin\s+release-v3\.8\.3\s+\?\s+unknown\s+could not be asked, see below$/)
    expect(lines[4]).toBe("admin: unknown: registry docker.io/admin (no answer within 30 s)")
  })

  it("is a line for each in a workflow", () => {
    expect(githubLines(rows)).toBe(
      'server=v3.8.3-patch.16\nweb=\nadmin=\nany=true\ncomponents=["server"]\nmoved=["server"]\nunknown=["admin"]\n',
    )
    expect(githubLines([rows[1]])).toContain("any=false\n")
  })

  it("says when there is nothing", () => {
    expect(updatesText([rows[1]])).toBe("nothing new\n")
    expect(updatesText(rows.slice(1))).toMatch(/^nothing new where upstream could be asked\nadmin: unknown: registry/)
  })
})

describe("upstream's answers", () => {
  it("name the commit of an annotated tag, not the tag's own object", () => {
    const [tag, commit, light] = ["a", "b", "c"].map((letter) => letter.repeat(40))
    const output = `${tag}\trefs/tags/v1.0.0\n${commit}\trefs/tags/v1.0.0^{}\n${light}\trefs/tags/v1.1.0\n`
    expect([...readRemoteTags(output)]).toEqual([
      ["v1.0.0", commit],
      ["v1.1.0", light],
    ])
    expect(readRemoteTags("").size).toBe(0)
  })

  it("name the commit of the pinned module version alone", () => {
    const versions = JSON.stringify({ Path: "m", Version: "v1.1.0", Versions: ["v1.0.0", "v1.1.0"] })
    const pinned = JSON.stringify({ Version: "v1.0.0", Origin: { Hash: "abc" } })
    expect([...readModuleVersions(versions, pinned)]).toEqual([
      ["v1.0.0", "abc"],
      ["v1.1.0", undefined],
    ])
    expect([...readModuleVersions("{}", "{}")]).toEqual([])
  })

  it("are a checksum with or without a name behind it", () => {
    expect(readChecksum(`${"a".repeat(64)}  mongodb.tgz\n`)).toBe("a".repeat(64))
    expect(readChecksum("b".repeat(64))).toBe("b".repeat(64))
    for (const text of ["", "<html>", "a".repeat(65)]) expect(() => readChecksum(text)).toThrow("no checksum")
  })

  it("are a tag a line from a registry", () => {
    expect([...readTagList("latest\nv1\n").keys()]).toEqual(["latest", "v1"])
  })
})

describe("what is watched", () => {
  let catalogue: Catalogue
  beforeAll(async () => {
    catalogue = await fixtureCatalogue()
  })

  it("is each source and each referenced image", () => {
    const kinds = ["server source", "chat source", "mongodb archive", "web reference", "admin reference"]
    expect(watchedOf(catalogue).map(({ name, kind }) => `${name} ${kind}`)).toEqual(kinds)
  })

  it("is found by the name of what is built from it", () => {
    expect(watchedNamed(catalogue, "server-rpc-auth").name).toBe("server")
    expect(watchedNamed(catalogue, "web").name).toBe("web")
    const unknown = 'unknown component "sever". Did you mean "server"? Known: server, chat, mongodb, web, admin'
    expect(() => watchedNamed(catalogue, "sever")).toThrow(unknown)
    expect(() => watchedNamed(catalogue, "redis")).toThrow("redis has no pinned version")
    expect(() => watchedNamed(catalogue, "constructor")).toThrow("unknown component")
  })

  it("is asked at the catalogue's address, or at the caller's", () => {
    const [source, , archive, image] = watchedOf(catalogue)
    expect(upstreamAddress(catalogue, source, {})).toBe("https://github.com/openimsdk/open-im-server")
    expect(upstreamAddress(catalogue, archive, {})).toBe("https://github.com/mongodb/mongo")
    expect(upstreamAddress(catalogue, image, {})).toBe("docker.io/openim/openim-web-front")
    expect(upstreamAddress(catalogue, image, { web: "mirror.example:5000/web" })).toBe("mirror.example:5000/web")
  })

  it.each([
    ["https://gitee.com/x", "expected NAME=ADDRESS"],
    ["servr=https://gitee.com/x", 'unknown component in --upstreams "servr". Did you mean "server"?'],
    ["server=--upload-pack=x", "expected the address of a git repository after server="],
    ["server=", "expected the address of a git repository after server="],
    ["web=https://registry.example/web", "expected an image without its tag"],
    ["web=registry.example/web:v1", "expected an image without its tag"],
  ])("refuses --upstreams=%s", (text, message) => {
    expect(() => readUpstreams([text], watchedOf(catalogue))).toThrow(message)
  })

  it("takes addresses of git servers and registries", () => {
    const sources = ["server=https://gitee.com/openimsdk/open-im-server", "chat=git@git.example:im/chat.git"]
    const given = [...sources, "web=registry.example:5000/openim/web"]
    expect(readUpstreams(given, watchedOf(catalogue))).toEqual({
      server: "https://gitee.com/openimsdk/open-im-server",
      chat: "git@git.example:im/chat.git",
      web: "registry.example:5000/openim/web",
    })
  })

  it("has base images of every compiler, and uses their digests where images are pulled", () => {
    const references = baseReferences(catalogue, { server: "1.22.7" })
    expect(references).toContain("docker.io/library/golang:1.22.7-bookworm")
    expect(references).toContain("docker.io/library/debian:trixie-slim")
    expect(references).toContain(`docker.io/openim/openim-web-front:${catalogue.pins.references.web}`)
    expect(new Set(references).size).toBe(references.length)
    const digests = { "docker.io/library/debian:trixie-slim": `sha256:${"a".repeat(64)}` }
    const wanted = ["docker.io/library/debian:trixie-slim", "docker.io/library/alpine:3.22"]
    expect(pinnedReferences("registry", digests, wanted)).toEqual([`${wanted[0]}@sha256:${"a".repeat(64)}`, wanted[1]])
    expect(pinnedReferences("packages", digests, wanted)).toEqual(wanted)
  })
})
