import { describe, expect, it } from "vitest"
import { packageDistributions } from "../../src/plan/packages/data.js"
import { planPackages } from "../../src/plan/packages/packages.js"
import type { PackageRequest } from "../../src/plan/packages/types.js"

const base = ["ca-certificates", "tzdata"]
const names = (request: PackageRequest) =>
  planPackages(request).steps.flatMap(({ manager, sources }) =>
    sources.map((source) => (source === "own" ? manager : `${manager} via ${source.url}`)),
  )

describe("the plan", () => {
  it.each([
    ["debian", ["apt-get"], ["ca-certificates", "tzdata"]],
    ["ubuntu", ["apt-get"], ["ca-certificates", "tzdata"]],
    ["anolis", ["microdnf", "dnf", "yum"], ["ca-certificates", "tzdata"]],
    ["openeuler", ["dnf", "yum"], ["ca-certificates", "tzdata"]],
    ["opensuse", ["zypper"], ["ca-certificates", "ca-certificates-mozilla", "timezone"]],
    ["alpine", ["apk"], ["ca-certificates", "tzdata"]],
    ["any", ["microdnf", "dnf", "yum", "zypper", "apk", "apt-get"], undefined],
  ])("for %s", (distribution, order, packages) => {
    const plan = planPackages({ distribution, want: base, limitSeconds: 60 })
    expect(plan.steps.map((step) => step.manager)).toEqual(order)
    expect(plan).toMatchObject({ subject: "ca-certificates, tzdata", limitSeconds: 60, withoutDownload: base })
    for (const step of plan.steps) {
      if (packages) expect(step.packages).toEqual(packages)
      expect(step.files).toHaveLength(2)
    }
  })

  it("covers every distribution it offers", () => {
    expect(packageDistributions).toEqual(["debian", "ubuntu", "anolis", "openeuler", "opensuse", "alpine", "any"])
  })

  it("tries the mirrors in order, then the image's own sources unless they are left out", () => {
    const request = { distribution: "openeuler", want: base, mirrors: { dnf: ["http://a/x/", "http://b/x"] } }
    const mirrored = ["dnf via http://a/x", "dnf via http://b/x", "dnf"]
    const again = ["yum via http://a/x", "yum via http://b/x", "yum"]
    expect(names(request)).toEqual([...mirrored, ...again])
    expect(names({ ...request, mirrorsOnly: true })).toEqual([...mirrored.slice(0, 2), ...again.slice(0, 2)])
  })

  it("has a limit of five minutes unless another one is given", () => {
    expect(planPackages({ distribution: "debian", want: base }).limitSeconds).toBe(300)
  })

  const download = { urls: ["http://a/x"], sha256: "0".repeat(64), to: "/usr/bin/x" }
  it.each<[string, Partial<PackageRequest>]>([
    ['unknown distribution "solaris". Known: debian, ubuntu', { distribution: "solaris" }],
    ['unknown distribution "constructor"', { distribution: "constructor" }],
    ["no package is asked for", { want: [] }],
    ['package "-x" is not valid', { want: ["-x"] }],
    ['package "a b" is not valid', { want: ["a b"] }],
    ['package "$(id)" is not valid', { want: ["$(id)"] }],
    ["the list of packages for apt is empty", { want: [{ name: "x", packages: { apt: [] } }] }],
    ["limitSeconds is 0", { limitSeconds: 0 }],
    ["limitSeconds is 1.5", { limitSeconds: 1.5 }],
    ['mirror: address "mirror.example" is not valid', { mirrors: { apt: ["mirror.example"] } }],
    ["http://***@m holds credentials", { mirrors: { apt: ["http://me:secret@m"] } }],
    ['unknown family "rpm": use dnf, zypper, apk, apt', { mirrors: { rpm: ["http://m"] } as never }],
    ["name its repositories", { distribution: "any", mirrors: { apt: ["http://m"] } }],
    ['repository "\'; x" is not valid', { mirrors: { apt: [{ url: "http://m", repositories: ["'; x"] }] } }],
    ["mirrorsOnly is set, but no mirror for apt", { mirrorsOnly: true }],
    ["x: manual: no address is given", { want: [{ name: "x", manual: { ...download, urls: [] } }] }],
    ["x: manual: sha256", { want: [{ name: "x", manual: { ...download, sha256: "abc" } }] }],
    ["x: manual: path", { want: [{ name: "x", manual: { ...download, to: "usr/bin/x" } }] }],
    ['must not contain ".."', { want: [{ name: "x", manual: { ...download, to: "/usr/../x" } }] }],
    ["x: manual: mode", { want: [{ name: "x", manual: { ...download, mode: "u+x" } }] }],
  ])("refuses bad input: %s", (message, request) => {
    const mistake = () => planPackages({ distribution: "debian", want: base, ...request })
    expect(mistake).toThrow(message)
    expect(mistake).not.toThrow(/me:secret/)
  })
})
