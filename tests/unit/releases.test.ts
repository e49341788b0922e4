import { describe, expect, it } from "vitest"
import { compareReleases, inChannel, newestOf, newestTags, type Release, readChannel, readRelease } from "../../src/plan/versions/order.js"

const releases = (...tags: string[]) => tags.map((tag) => readRelease(tag) as Release)

describe("the order of versions", () => {
  const order = [
    "v3.8.2",
    "v3.8.3-alpha.1",
    "v3.8.3-beta.2",
    "v3.8.3-rc.1",
    "v3.8.3",
    "v3.8.3-patch.2",
    "v3.8.3-patch.9",
    "v3.8.3-patch.16",
    "v3.8.4-alpha.1",
    "v3.8.4-alpha.2",
    "v3.8.4",
    "v3.10.0",
    "v4.0.0-alpha",
    "v4.0.0-alpha.1",
    "v4.0.0",
  ]

  it("is semver's, with -patch.N after its release", () => {
    const mixed = [...order].sort()
    expect(
      releases(...mixed.reverse())
        .sort(compareReleases)
        .map((release) => release.tag),
    ).toEqual(order)
  })

  it("holds for each pair both ways", () => {
    const list = releases(...order)
    for (const [i, a] of list.entries()) {
      for (const [j, b] of list.entries()) expect(Math.sign(compareReleases(a, b)), `${a.tag} ${b.tag}`).toBe(Math.sign(i - j))
    }
  })

  it("knows the front ends' tags by their prefix", () => {
    expect(readRelease("release-v1.8.4-patch.2")).toMatchObject({ prefix: "release-v" })
    expect(readRelease("v1.8.4")).toMatchObject({ prefix: "v" })
    expect(readRelease("1.8.4")).toMatchObject({ prefix: "" })
  })

  const floating = ["main", "latest", "v3.8", "v3", "sha-1234567", "release-v3.8", ""]
  const malformed = ["v3.8.3.1", "v3.8.3-", "v03.8.3", "v3.8.3-patch.01", "v1.0.0\nany=true"]
  it.each([...floating, ...malformed])("takes %j for no version", (tag) => expect(readRelease(tag)).toBeUndefined())
})

describe("channels", () => {
  const all = releases("v3.8.2", "v3.8.3", "v3.8.3-patch.16", "v3.8.4-alpha.1", "v3.8.4-rc.1", "v3.8.3-patch")
  it.each([
    ["stable", ["v3.8.2", "v3.8.3"]],
    ["patch", ["v3.8.2", "v3.8.3", "v3.8.3-patch.16"]],
    ["alpha", all.map((release) => release.tag)],
  ] as const)("%s", (channel, expected) => {
    expect(all.filter((release) => inChannel(channel, release)).map((release) => release.tag)).toEqual(expected)
  })

  it("answers another word with the nearest", () => {
    expect(readChannel("stable")).toBe("stable")
    expect(() => readChannel("stabel")).toThrow('unknown channel "stabel". Did you mean "stable"? Known: stable, patch, alpha')
    expect(() => readChannel("")).toThrow('unknown channel "".')
  })
})

describe("the newest", () => {
  it("is found, or there is none", () => {
    expect(newestOf(releases("v3.8.3", "v3.8.3-patch.16", "v3.8.3-patch.2"))?.tag).toBe("v3.8.3-patch.16")
    expect(newestOf([])).toBeUndefined()
    expect(newestTags(["latest", "v1.0.0", "v1.10.0", "v1.9.0", "main"], 2)).toEqual(["v1.10.0", "v1.9.0"])
  })
})
