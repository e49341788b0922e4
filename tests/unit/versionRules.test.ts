// Which versions may follow which: data from one to another, and what runs together.
import { describe, expect, test } from "vitest"
import type { UpdateRules } from "../../src/plan/deploy/model.js"
import { checkAccepted, imageVersion, inLine, versionFindings, versionsOf } from "../../src/plan/deploy/versionRules.js"

const updates: UpdateRules = {
  stops: [
    { service: "shop", through: ["3.5"], why: "it moves the orders" },
    { service: "database", through: ["6.0", "7.0", "8.0"], why: "one major version at a time" },
  ],
  changes: {
    prices: { service: "shop", since: "3.8", about: "prices are in cents: run tools/cents before" },
    compatibility: { service: "database", since: "7.0", about: "set the compatibility before" },
  },
  together: ["shop", "page"],
}
const facts = { from: {}, to: {}, tested: {}, accepted: [] }
const said = (from: Record<string, string>, to: Record<string, string>, ...accepted: string[]) =>
  versionFindings({ updates }, { ...facts, from, to, accepted }).map(({ severity, code, message }) => `${severity} ${code}: ${message}`)

test.each([
  ["docker.io/shop/api:v3.8.3", "3.8.3"],
  ["docker.io/shop/api:3.8.3-patch.15", "3.8.3-patch.15"],
  ["registry.example.com:5000/shop/page:release-v3.8.3", "3.8.3"],
  ["mongo:7", "7"],
  ["mongo:7.0.30@sha256:0123", "7.0.30"],
  ["registry.example.com:5000/shop/api", undefined],
  ["shop/api:latest", undefined],
  ["shop/api@sha256:7777", undefined],
  ["minio:RELEASE.2025-04-22T22-12-26Z", undefined],
])("the version of %s is %s", (image, version) => expect(imageVersion(image)).toBe(version))

test("services whose image names no version are left out", () => {
  expect(versionsOf({ api: "shop/api:1.0", page: "shop/page:test", edge: "" })).toEqual({ api: "1.0" })
})

test("a line is the beginning of a version, by numbers", () => {
  expect([inLine("3.8.3", "3.8"), inLine("3.81", "3.8"), inLine("3", "3.0"), inLine("3.8.3-patch.1", "3.8.3")]).toEqual([
    true,
    false,
    true,
    true,
  ])
})

describe("a version that must not be left out", () => {
  test.each([
    ["before it to beyond it", "3.4.1", "3.6.0", "error stop: shop 3.4.1 → 3.6.0 leaves out 3.5: it moves the orders"],
    ["into it", "3.4.1", "3.5.2", undefined],
    ["from it", "3.5.0", "3.6.0", undefined],
    ["the same", "3.4.1", "3.4.1", undefined],
    ["back over it", "3.6.0", "3.4.1", "error stop: shop 3.6.0 → 3.4.1 goes back over 3.5: the older one does not understand the data"],
    ["back within it", "3.5.9", "3.5.0", undefined],
  ])("%s", (_, from, to, expected) => expect(said({ shop: from }, { shop: to })).toEqual(expected === undefined ? [] : [expected]))

  test("of several, the first one is named", () => {
    expect(said({ database: "5.0.3" }, { database: "8.0.1" }, "compatibility")).toEqual([
      "error stop: database 5.0.3 → 8.0.1 leaves out 6.0: one major version at a time",
    ])
    expect(said({ database: "6.0.3" }, { database: "7.0.30" }, "compatibility")).toEqual([])
    expect(said({ database: "8.0.1" }, { database: "7.0.30" })).toHaveLength(1)
  })
})

describe("a change that must be known", () => {
  test("is named with what to do, until it is accepted", () => {
    const [finding] = versionFindings({ updates }, { ...facts, from: { shop: "3.7.0" }, to: { shop: "3.8.3" } })
    expect(finding).toMatchObject({ severity: "error", code: "change", next: "when you have done that: --accept=prices" })
    expect(finding?.message).toBe("shop 3.7.0 → 3.8.3: prices are in cents: run tools/cents before")
    expect(said({ shop: "3.7.0" }, { shop: "3.8.3" }, "prices")).toEqual([])
  })

  test("is nothing for those who have it, and there is no way back over it", () => {
    expect(said({ shop: "3.8.0" }, { shop: "3.8.3" })).toEqual([])
    expect(said({ shop: "3.8.3" }, { shop: "3.7.0" })).toEqual([
      "error stop: shop 3.8.3 → 3.7.0 goes back over 3.8: the older one does not understand the data",
    ])
  })

  test("has a known name", () => {
    expect(() => checkAccepted({ updates }, ["price"])).toThrow('unknown name of a change "price"')
    expect(() => checkAccepted({ updates }, ["prices"])).not.toThrow()
  })
})

test("what talks to each other has the versions of one kit", () => {
  const warned = (page: string) => {
    const to = { shop: "3.8.3", page }
    return versionFindings({ updates }, { ...facts, to, tested: { shop: "3.8.3", page: "1.8.4" } }).map(({ message }) => message)
  }
  expect(warned("1.8.9")).toEqual([])
  expect(warned("1.7.0")).toEqual(["page is 1.7.0, but this kit was tested with 1.8.4 (beside shop 3.8.3)"])
})

test("nothing is said about unknown versions, a first deployment, and kits without rules", () => {
  expect([said({}, { shop: "3.8.3" }), said({ shop: "3.4.0" }, {})]).toEqual([[], []])
  expect(versionFindings({}, { ...facts, from: { shop: "3.4.0" }, to: { shop: "3.8.0" } })).toEqual([])
})
