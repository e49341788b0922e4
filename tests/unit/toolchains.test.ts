import { describe, expect, it } from "vitest"
import { checkToolchains, toolchainOf, toolchains } from "../../src/plan/toolchains/toolchains.js"
import { fixtureCatalogue, fixtureText } from "./fixtures.js"
import { loadCatalogue } from "../../src/catalogue/load.js"

/** The fixtures' catalogue with another text in the place of the first source's toolchain. */
function loadWith(line: string) {
  const stack = fixtureText("stack.yaml").replace("    toolchain: go\n", line)
  return loadCatalogue("im", async (name) => (name === "stack.yaml" ? stack : fixtureText(name)))
}

describe("a source's toolchain", () => {
  it("is the one that stack.yaml names", async () => {
    const catalogue = await fixtureCatalogue()
    expect(toolchainOf(catalogue.sources.server)).toBe(toolchains.go)
    expect(() => checkToolchains(catalogue)).not.toThrow()
  })

  it("must be named", async () => {
    await expect(loadWith("")).rejects.toThrow(/sources\.server\.toolchain: expected .*, found nothing/)
  })

  it("must be one that there is", async () => {
    const catalogue = await loadWith("    toolchain: goo\n")
    expect(() => checkToolchains(catalogue)).toThrow('stack im: stack.yaml: sources.server.toolchain: unknown toolchain "goo". Did you mean "go"? Known: go')
  })

  it("is found by the same name that it has itself", () => {
    for (const [name, toolchain] of Object.entries(toolchains)) expect(toolchain.name).toBe(name)
  })
})

describe("the toolchain go", () => {
  it("takes the newest version that one of the source's files asks for", () => {
    expect(toolchains.go.versionOf(["module m\n\ngo 1.22.0\n", "go 1.23.1\n\nuse ./m\n"])).toBe("1.23.1")
  })

  it.each([
    ["module example.com/shop\n", "example.com/shop"],
    ['// A shop.\nmodule "example.com/shop" // here\n', "example.com/shop"],
    ["go 1.22\n", undefined],
  ])("reads the source's own name from %j", (goMod, name) => {
    expect(toolchains.go.moduleOf(goMod)).toBe(name)
  })
})
