// A second toolchain, small, and nowhere else: what a build decides must take any.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { BuiltEntry, Catalogue } from "../../src/catalogue/types.js"
import { baseOf, builtOf } from "../../src/plan/build/components.js"
import { customSourceName } from "../../src/plan/build/customSource.js"
import { imageInputs } from "../../src/plan/build/imageInputs.js"
import { readInputs, recordedInputs } from "../../src/plan/build/inputs.js"
import { launchHelper } from "../../src/plan/build/launch.js"
import { partsScript } from "../../src/plan/build/sourceParts.js"
import { bundleItems, itemTitle } from "../../src/plan/bundle/items.js"
import { dockerfile } from "../../src/plan/dockerfile/dockerfile.js"
import { planRows, planTable } from "../../src/plan/publish/planRows.js"
import { provenance } from "../../src/plan/supplychain/provenance.js"
import type { ToolchainPlan } from "../../src/plan/toolchains/toolchain.js"
import { builderOf, checkToolchains, toolchains } from "../../src/plan/toolchains/toolchains.js"
import { fixtureText } from "./fixtures.js"

/** Copies files of a source that is ready to run: it compiles nothing. */
const files: ToolchainPlan = {
  name: "static",
  title: "Static",
  manifest: "site.txt",
  lockFiles: ["site.txt"],
  programFiles: "*.sh",
  dependencies: "files",
  dependenciesOption: "--mirrors",
  builders: ["copy"],
  merges: false,
  image: "debian",
  moduleOf: (manifest) => /^name (\S+)/.exec(manifest)?.[1],
  versionOf: () => "1",
  bundleItems: () => [],
  dockerfileStages: (_catalogue, component, _options, project) => {
    const launcher = project.helper(launchHelper)
    const copied = [
      "FROM scratch AS source",
      "COPY . /",
      "FROM scratch AS build",
      "COPY --from=source /bin/ /out/",
      `COPY --from=${project.name} /out/${launchHelper} /out/`,
    ]
    return { arguments: launcher.arguments, stages: [...launcher.stages, ...copied, `# ${component.name}`] }
  },
  provenance: (version) => [{ uri: `pkg:generic/static@${version}` }],
  programSearch: "echo 'program bin/one.sh'",
  leftovers: { programs: [], files: [] },
  crash: { begins: /^never /, trace: /^never / },
  progress: /copying /,
  complaint: /^copy: /,
  refusal: () => undefined,
}

let catalogue: Catalogue
let server: BuiltEntry
beforeAll(async () => {
  toolchains.static = files
  const stack = fixtureText("stack.yaml").replace("    toolchain: go\n", "    toolchain: static\n")
  catalogue = await loadCatalogue("im", async (name) => (name === "stack.yaml" ? stack : fixtureText(name)))
  server = builtOf(catalogue, "server")
})
afterAll(() => {
  delete toolchains.static
})

describe("a source of a second toolchain", () => {
  const source = { programs: {}, failures: {}, config: "" }
  const facts = { version: "v1", created: "2026-01-01T00:00:00Z" }
  const inputs = () => {
    const of = {
      component: server,
      base: baseOf(catalogue, "debian"),
      facts,
      toolchain: { name: "static", version: "1" },
      digests: source,
      layout: "separate",
      builder: "copy",
      launcher: [],
    }
    return imageInputs(catalogue, of, { reference: "debian@sha256:aa", packages: "1" })
  }

  it("is known beside the first one", () => {
    expect(() => checkToolchains(catalogue)).not.toThrow()
    expect(builderOf(files)).toBe("copy")
    expect(() => builderOf(files, "mage")).toThrow('unknown value of --builder "mage". Known: copy')
    expect(customSourceName(catalogue, { component: "server", manifests: { "site.txt": `name ${catalogue.sources.server.module}` } })).toBe(
      "server",
    )
  })

  it("has its own name in labels and plans", () => {
    const text = JSON.stringify(recordedInputs(inputs()))
    expect(text).toContain('"static":"1"')
    expect(readInputs(text)).toEqual(inputs())
    const [row] = planRows([{ component: "server", source: "git v1", inputs: inputs() }], {})
    expect(planTable([row])).toContain("Static 1")
  })

  it("has its own stages, provenance and search for programs", () => {
    const text = dockerfile(catalogue, server, baseOf(catalogue, "debian"))
    expect(text).toContain("FROM scratch AS build\nCOPY --from=source /bin/ /out/\n")
    expect(text).not.toMatch(/multicall|go mod download/)
    const statement = JSON.stringify(
      provenance({
        stack: "im",
        request: { component: "server", base: "debian", layout: "separate", builder: "copy" },
        image: "a/b",
        digest: "sha256:1",
        inputs: inputs(),
        builderId: "urn:x",
        source: { ...facts, url: "https://git.example.com/a", module: "a", custom: false, sum: "h1:x" },
      }),
    )
    expect(statement).toContain("pkg:generic/static@1")
    expect(statement).not.toContain("golang")
    expect(partsScript(catalogue.sources.server)).toContain("program bin/one.sh")
    expect(partsScript(catalogue.sources.chat)).not.toContain("program bin/one.sh")
  })

  it("asks a bundle for what it takes, and not for the first one's builders", () => {
    const items = bundleItems(catalogue, { components: ["server"], base: "debian", tools: [], services: [] })
    const titles = items.map((item) => itemTitle(catalogue, item))
    expect(titles).toContain(`files of ${catalogue.sources.server.title} ${catalogue.pins.sources.server.version}`)
    expect(items).not.toContainEqual(expect.objectContaining({ kind: "tool", tool: "mage" }))
    expect(items).toContainEqual({ kind: "helper", helper: launchHelper })
  })
})
