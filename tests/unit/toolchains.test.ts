import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { changedInputs, type ImageInputs, readInputs, recordedInputs } from "../../src/plan/build/inputs.js"
import { checkToolchains, toolchainOf, toolchains } from "../../src/plan/toolchains/toolchains.js"
import { fixtureCatalogue, fixtureText } from "./fixtures.js"

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
    expect(() => checkToolchains(catalogue)).toThrow(
      'stack im: stack.yaml: sources.server.toolchain: unknown toolchain "goo". Did you mean "go"? Known: go, node, python, rust',
    )
  })

  it("has both halves, each in a folder and in the list of names", () => {
    for (const half of ["plan", "graph"]) {
      const folder = new URL(`../../src/${half}/toolchains/`, import.meta.url)
      const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
      expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(toolchains).sort())
      for (const { name } of folders) expect(readFileSync(new URL("toolchains.ts", folder), "utf8")).toContain(`./${name}/toolchain.js`)
    }
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

describe("the inputs of an image", () => {
  const inputs: ImageInputs = {
    source: "5",
    toolchain: { name: "go", version: "1.22.7" },
    base: "debian@sha256:aa",
    packages: "6",
    recipe: "7",
  }
  const label = '{"source":"5","go":"1.22.7","base":"debian@sha256:aa","packages":"6","recipe":"7"}'

  it("have the toolchain's name as the key of its version, byte by byte as published images have it", () => {
    expect(JSON.stringify(recordedInputs(inputs))).toBe(label)
  })

  it("are read again from that", () => {
    expect(readInputs(label)).toEqual(inputs)
    expect(readInputs('{"source":"5","go":""}')).toEqual({ source: "5", toolchain: { name: "go", version: "" } })
    expect(readInputs('{"source":"5","cobol":"85","base":7}')).toEqual({ source: "5" })
  })

  it("say when another toolchain compiled the programs", () => {
    const other = { ...inputs, toolchain: { name: "node", version: "24.1.0" } }
    expect(changedInputs(inputs, inputs)).toBeUndefined()
    expect(changedInputs(inputs, other)).toBe("Go 1.22.7 → Node 24.1.0")
    expect(changedInputs({ ...inputs, toolchain: undefined }, inputs)).toBe("Go unknown → 1.22.7")
  })
})
