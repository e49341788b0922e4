import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { Ajv } from "ajv"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { deploymentSchema } from "../../src/catalogue/deployment.js"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { stackSchema } from "../../src/catalogue/stack.js"
import { versionsSchema } from "../../src/catalogue/versions.js"
import { cataloguePage } from "./catalogueDocs.js"
import { jsonSchema, jsonText } from "./catalogueSchema.js"
import { blocksOf } from "./markdown.js"

const root = new URL("../..", import.meta.url).pathname
const read = (name: string) => readFileSync(join(root, name), "utf8")
const schemas = {
  stack: jsonSchema(stackSchema, "stack.yaml: the components of a stack"),
  versions: jsonSchema(versionsSchema, "versions.yaml: what is pinned"),
  deployment: jsonSchema(deploymentSchema, "deployment.yaml: how the components run together"),
}
type Kind = keyof typeof schemas
const kinds = Object.keys(schemas) as Kind[]

/** The files of all stacks and of the fixtures. */
const files = ["stacks", "tests/fixtures"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).flatMap((name) => {
    const kind = kinds.find((one) => name.endsWith(`/${one}.yaml`))
    return kind === undefined ? [] : [[`${folder}/${name}`, kind] as const]
  }),
)

const stale = (name: string) => `${name} is not what src/catalogue says: run npm run generate and commit the file`

describe("the schemas for editors", () => {
  const validators = Object.fromEntries(kinds.map((kind) => [kind, new Ajv({ allErrors: true }).compile(schemas[kind])]))
  const faults = (kind: Kind, text: string) => {
    validators[kind]!(parse(text))
    return (validators[kind]!.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    )
  }

  it.each(kinds)("of %s.yaml are what src/ says", async (kind) => {
    await expect(jsonText(schemas[kind]), stale(`stacks/${kind}.schema.json`)).toMatchFileSnapshot(`../../stacks/${kind}.schema.json`)
  })

  it("are used by every stack and fixture", () => {
    expect(files.map(([name]) => name)).toEqual(
      expect.arrayContaining(["stacks/openim/stack.yaml", "stacks/openim/versions.yaml", "tests/fixtures/shop/catalogue/stack.yaml"]),
    )
  })

  it.each(files)("%s names its schema, and fits it", (name, kind) => {
    const text = read(name)
    expect(text.split("\n")[0]).toBe(`# yaml-language-server: $schema=${relative(dirname(name), `stacks/${kind}.schema.json`)}`)
    // Its test fills these in.
    const filled = text.replace(/\b[A-Z]+_COMMIT\b/g, "a".repeat(40))
    expect(faults(kind, filled)).toEqual([])
  })

  it("find what the module refuses", () => {
    const stack = read("tests/fixtures/im/stack.yaml")
    const versions = read("tests/fixtures/im/versions.yaml")
    expect(faults("stack", stack.replace("uid: 10001", "uid: 0"))).toEqual(['/user/uid must be >= 1000 {"comparison":">=","limit":1000}'])
    expect(faults("stack", stack.replace("rhythm: daily", "rythm: daily")).join("\n")).toContain(
      '/components/server must NOT have additional properties {"additionalProperty":"rythm"}',
    )
    expect(faults("stack", stack.replace("    program: openim-api\n", "")).join("\n")).toContain(
      "/components/server-api must match a schema in anyOf",
    )
    expect(faults("stack", stack.replace("        TZ: UTC", "        tz: UTC")).join("\n")).toContain(
      "/sources/server/image/env property name must be valid",
    )
    expect(faults("versions", versions.replace("\ngo: 1.21.5\n", "\n"))).toEqual([
      ` must have required property 'go' {"missingProperty":"go"}`,
    ])
  })
})

describe("docs/catalogue.md", () => {
  const page = cataloguePage(
    read("tests/unit/catalogueIntroduction.md"),
    kinds.map((kind) => ({ name: `${kind}.yaml`, schema: schemas[kind] })),
  )

  it("is what src/ says", async () => {
    await expect(page, stale("docs/catalogue.md")).toMatchFileSnapshot("../../docs/catalogue.md")
  })

  it("shows messages as a call prints them", async () => {
    const texts: Record<string, string> = {
      "stack.yaml": read("tests/fixtures/im/stack.yaml")
        .replace("purpose: All services", "purpos: All services")
        .replace("probe: 10320", "probe: high"),
      "versions.yaml": read("tests/fixtures/im/versions.yaml").replace("  web:", "  wep:"),
    }
    const printed = await loadCatalogue("im", async (name) => texts[name]!).catch((error: Error) => error.message)
    const shown = blocksOf(page)
      .find(({ language }) => language === "text")!
      .code.trimEnd()
    // The lines of a fixture may move.
    const lineless = (text: unknown) => String(text).replace(/yaml:\d+:/g, "yaml:")
    expect(lineless(shown)).toBe(lineless(printed))
  })

  it("says of each key what it is for", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `"))
    expect(rows.length).toBeGreaterThan(80)
    for (const row of rows)
      expect(row.split(" | "), row).toEqual([
        expect.anything(),
        expect.anything(),
        expect.stringMatching(/^(required|optional|default: .+)$/),
        expect.stringMatching(/\. \|$/),
      ])
  })
})
