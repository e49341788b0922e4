import { describe, expect, it } from "vitest"
import { archiveNames, builtArchiveWords, builtImageWords, builtProgramsWords } from "../../src/plan/build/built.js"

describe("what a build says at its end", () => {
  it("names the image, its version, size and base, and the commands that go on", () => {
    const lines = builtImageWords({
      component: "api",
      image: "shop/shop-api",
      version: "v1.2.3",
      base: "docker.io/library/debian:trixie-slim@sha256:ab",
      megabytes: 71,
    })
    expect(lines[0]).toBe("built api: shop/shop-api:v1.2.3, 71 MB, on docker.io/library/debian:trixie-slim. Go on with the same options:")
    for (const words of [
      "archive --component=api export --path=api.tar",
      "export-image --name=shop-api",
      "publish --component=api --registry=HOST/NAMESPACE",
    ]) {
      expect(lines.join("\n")).toContain(words)
    }
  })

  it("names programs", () => {
    expect(builtProgramsWords("api", ["a"])).toEqual(["built api: 1 program (a). Go on with export --path=bin"])
    expect(builtProgramsWords("api", ["a", "b", "c", "d"])[0]).toContain("4 programs (a, b, c, …)")
  })
})

describe("an archive's names", () => {
  it("are the version, and latest for what is pinned alone", () => {
    expect(archiveNames("shop/shop", "v1.2.3", "v1.2.3")).toEqual(["shop/shop:v1.2.3", "shop/shop:latest"])
    expect(archiveNames("shop/shop", "v1.2.3-checkout.ab12", "v1.2.3")).toEqual(["shop/shop:v1.2.3-checkout.ab12"])
    expect(archiveNames("shop/shop", "v1.2.2", "v1.2.3")).toEqual(["shop/shop:v1.2.2"])
  })

  it("are those of packages, where these decide, and always ones that can be tags", () => {
    expect(archiveNames("shop/redis", "8.0.2", undefined)).toEqual(["shop/redis:8.0.2", "shop/redis:latest"])
    expect(archiveNames("shop/redis", "5:8.0.2+x", undefined)[0]).toBe("shop/redis:5-8.0.2-x")
  })

  it("are said", () => {
    expect(builtArchiveWords(["shop/shop:v1", "shop/shop:latest"], "sha256:ab")[0]).toContain(
      "the archive holds shop/shop:v1 and shop/shop:latest, sha256:ab.",
    )
  })
})
