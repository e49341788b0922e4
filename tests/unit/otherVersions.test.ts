import { describe, expect, test } from "vitest"
import { otherImages, withImages, withOtherVersions } from "../../src/plan/deploy/otherVersions.js"
import { shopDeployment } from "./deployment.fixture.js"

const named = { ...shopDeployment, release: "api v1.0, page v1.0" }
const settings = Object.fromEntries(shopDeployment.settings.map(({ name, default: value }) => [name, value ?? ""]))
const api = (to: string) => [{ service: "api", from: "docker.io/shop/api:1.0", to: `docker.io/shop/api:${to}` }]

describe("the images of other versions", () => {
  test("a version alone is that of the service that the release begins with", () => {
    expect(otherImages(named, settings, "2.0")).toEqual(api("2.0"))
    expect(otherImages(named, settings, "page=2.0,api=v2.1-rc.1").map(({ to }) => to)).toEqual([
      "docker.io/shop/page:2.0",
      "docker.io/shop/api:v2.1-rc.1",
    ])
  })

  test("a digest in the kit does not stay with another version", () => {
    const digest = `docker.io:5000/shop/api:1.0@sha256:${"0".repeat(64)}`
    const pinned = { ...named, settings: named.settings.map((one) => (one.name === "API_IMAGE" ? { ...one, default: digest } : one)) }
    expect(otherImages(pinned, { ...settings, API_IMAGE: digest }, "2.0")[0]?.to).toBe("docker.io:5000/shop/api:2.0")
  })
})

test("texts name the new image; longer tags and other images stay", () => {
  const text = "image: ${API_IMAGE:-docker.io/shop/api:1.0}\nx docker.io/shop/api:1.0-rc.1 docker.io/shop/api:1.0.1 docker.io/shop/page:1.0"
  expect(withImages(text, api("2.0"))).toBe(text.replace(":-docker.io/shop/api:1.0}", ":-docker.io/shop/api:2.0}"))
})

test("the release names the version, and what was tested first stays known", () => {
  const once = withOtherVersions(named, api("2.0"))
  expect([once.release, once.tested]).toEqual(["api 2.0, page v1.0", { api: "docker.io/shop/api:1.0" }])
  const twice = withOtherVersions(once, [{ service: "api", from: "docker.io/shop/api:2.0", to: "docker.io/shop/api:3.0" }])
  expect([twice.release, twice.tested]).toEqual(["api 3.0, page v1.0", { api: "docker.io/shop/api:1.0" }])
  expect(twice.settings.find(({ name }) => name === "API_IMAGE")?.default).toBe("docker.io/shop/api:3.0")
})
