import { describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { baseOf, imageOf, sourceOf } from "../../src/plan/build/components.js"
import { customSourceName } from "../../src/plan/build/customSource.js"
import { bundleItems } from "../../src/plan/bundle/items.js"
import { dockerfile } from "../../src/plan/dockerfile/dockerfile.js"
import { contentFacts, installedInputs } from "../../src/plan/packages/installed.js"
import { pinnedVersion } from "../../src/plan/publish/publishedAs.js"
import { checkScript, managerOf, nodeRefusal } from "../../src/plan/toolchains/node/managers.js"
import { nodeVersionOf, servesFor } from "../../src/plan/toolchains/node/version.js"
import { checkToolchains } from "../../src/plan/toolchains/toolchains.js"

describe("the Node that a source needs", () => {
  it.each([
    ['{"engines":{"node":">=22.6"}}', "22.6"],
    ['{"engines":{"node":"^20.19.0 || >=22.12.0"}}', "20.19.0"],
    ['{"engines":{"node":"*"}}', ""],
    ["{}", ""],
  ])("is the first that fits what %s says", (manifest, version) => {
    expect(nodeVersionOf([manifest])).toBe(version)
  })

  it("is the one of .nvmrc, if that names one", () => {
    expect(nodeVersionOf(["{}", "v20.11.1\n"])).toBe("20.11.1")
    expect(nodeVersionOf(['{"engines":{"node":">=18"}}', "lts/iron\n"])).toBe("18")
  })

  it("is named with the file that cannot be read", () => {
    expect(() => nodeVersionOf(["{"])).toThrow("package.json is not valid JSON")
  })

  it.each([
    ["22.6", "24.11.0", true],
    ["22.6", "22.5.1", false],
    ["18", "20.19.2", true],
    ["", "18.0.0", true],
  ])("%s can be %s: %s", (wanted, found, fits) => {
    expect(servesFor(wanted, found)).toBe(fits)
  })
})

describe("the package manager", () => {
  it("is the one whose lock file is there", () => {
    expect(managerOf("{}", ["package.json", "package-lock.json"])).toMatchObject({ name: "npm" })
    const pnpm = '{"packageManager":"pnpm@9.12.0+sha512.ab"}'
    expect(managerOf(pnpm, ["pnpm-lock.yaml", "package-lock.json"])).toMatchObject({ name: "pnpm", version: "9.12.0" })
  })

  it.each([
    ["{}", ["package.json"], "has no lock file (package-lock.json, pnpm-lock.yaml, yarn.lock)"],
    ['{"packageManager":"pnpm@9.0.0"}', ["package-lock.json"], "has no lock file (pnpm-lock.yaml)"],
    ['{"packageManager":"bun@1.2.0"}', ["bun.lock"], "names the package manager bun, which is not known here. Next: use npm, pnpm or yarn"],
    ["{}", ["package-lock.json", "yarn.lock"], "has package-lock.json and yarn.lock. Next: delete one of them"],
    ["{}", ["yarn.lock"], "does not say which version of yarn it needs"],
    ['{"packageManager":"yarn@4.5.0"}', ["yarn.lock"], "asks for yarn 4.5.0. Next: use yarn 1"],
  ])("of %s with %s is refused in one line", (manifest, files, words) => {
    expect(() => managerOf(manifest, files)).toThrow(words)
  })

  it("must find the script that builds", () => {
    expect(() => checkScript({ scripts: { start: "vite" } }, "build")).toThrow(
      "package.json has no script build. Next: add it; it has: start",
    )
    expect(() => checkScript({ scripts: { build: "vite build" } }, "build")).not.toThrow()
  })

  it.each([
    ["npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.", "does not fit package.json"],
    ["npm error 404  'shop-ui@9.9.9' is not in this registry.", "the package shop-ui@9.9.9 is not in the registry"],
    ["npm error code EINTEGRITY\n", "another checksum"],
    ["npm error code ENOTFOUND\n", "check the network"],
  ])("that says %j gets a way on", (output, words) => {
    expect(nodeRefusal(output)).toContain(words)
  })

  it("is silent about errors of the source itself", () => {
    expect(nodeRefusal("src/main.ts(3,1): error TS2304: Cannot find name 'x'.")).toBeUndefined()
  })
})

describe("a component with content", async () => {
  const catalogue = await loadCatalogue("v7")
  const [web] = Object.values(catalogue.components).flatMap((entry) => (entry.kind === "installed" && entry.content ? [entry] : []))
  if (web?.content === undefined) throw new Error("the stack v7 has none")
  const { source, to } = web.content
  const base = baseOf(catalogue, "debian")

  it("has the version of its source", () => {
    const { version, created } = catalogue.pins.sources[source]!
    expect(pinnedVersion(catalogue, web)).toBe(version)
    const server = { version: "1.26", created: "2025-01-01T00:00:00Z", revision: "nginx 1.26" }
    const content = { digest: "a", facts: { version, created }, toolchain: { name: "node", version: "24" } }
    expect(contentFacts(server, content)).toEqual({ version, created, revision: "nginx 1.26" })
    expect(contentFacts(server)).toEqual(server)
  })

  it("is another image after an edit, and with another Node", () => {
    const inputs = (digest: string, node: string) => {
      const content = { digest, facts: { version: "v1", created: "" }, toolchain: { name: "node", version: node } }
      return installedInputs(catalogue, web, base, "nginx 1.26", { reference: "debian@sha256:1", packages: "1" }, [], content)
    }
    expect(inputs("a", "24")).toEqual(inputs("a", "24"))
    expect(inputs("a", "24").source).not.toBe(inputs("b", "24").source)
    expect(inputs("a", "24").toolchain).not.toEqual(inputs("a", "22").toolchain)
  })

  it("is what a checkout of its source stands for", () => {
    expect(sourceOf(web)).toBe(source)
    const { module } = catalogue.sources[source]!
    expect(customSourceName(catalogue, { component: web.name, manifests: { "package.json": `{"name":"${module}"}` } })).toBe(source)
  })

  it("needs its source's packages in a bundle", () => {
    const items = bundleItems(catalogue, { components: [web.name], base: "debian", tools: [], services: [] })
    expect(items).toContainEqual({ kind: "source", source })
  })

  it("has a Dockerfile that installs packages before the source is there", () => {
    const text = dockerfile(catalogue, imageOf(catalogue, web.name), base)
    const steps = [
      "COPY --from=source /package.json",
      "npm ci",
      "COPY --from=source / .",
      "npm run build",
      "FROM ${BASE}",
      `COPY --from=build /out/ ${to}/`,
    ]
    const places = steps.map((step) => text.indexOf(step))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  it("must have a source that makes files, and a program one that makes programs", () => {
    const with_ = (components: object) => ({ ...catalogue, components: { ...catalogue.components, ...components } })
    expect(() => checkToolchains(catalogue)).not.toThrow()
    const rust = Object.keys(catalogue.sources).find((name) => catalogue.sources[name]?.toolchain === "rust")!
    expect(() => checkToolchains(with_({ web: { ...web, content: { ...web.content, source: rust } } }) as never)).toThrow(
      "components.web: Rust makes no files",
    )
    const program = Object.values(catalogue.components).find(({ kind }) => kind === "program")!
    expect(() => checkToolchains(with_({ one: { ...program, source } }) as never)).toThrow("Node makes no programs")
  })
})
