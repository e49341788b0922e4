import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { clientNames, moduleFaults } from "./moduleRules.js"

const root = new URL("../..", import.meta.url).pathname
const client = clientNames(root)
const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

const good = `/**
 * A shop.
 */
import { func, object, type Container } from "@dagger.io/dagger"

@object()
export class Shop {
  /** Opens the shop. */
  @func({ cache: "session" })
  open(
    /** When */
    hour: number = 8,
  ): number {
    return hour
  }
}
`

/** A small module with this index and these further files. */
function faultsOf(index: string, files: Record<string, string> = {}): string[] {
  const folder = mkdtempSync(join(tmpdir(), "module-"))
  folders.push(folder)
  mkdirSync(join(folder, "src"))
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(root, name), join(folder, name))
  for (const [name, text] of Object.entries({ "src/index.ts": index, ...files })) writeFileSync(join(folder, name), text)
  return moduleFaults({ root: folder, client })
}

describe("the rules of the SDK", () => {
  it("are kept by this module", () => {
    expect(moduleFaults({ root, client })).toEqual([])
  })

  it("are kept by a small good module", () => {
    expect(faultsOf(good)).toEqual([])
  })

  it("are kept by a parameter that stands behind its description", () => {
    expect(faultsOf(good.replace("open(\n    /** When */\n    hour: number = 8,\n  )", "open(/** When */ hour: number = 8)"))).toEqual([])
  })

  it.each([
    ["no cache policy", good.replace('{ cache: "session" }', ""), "src/index.ts:9: open names no cache policy"],
    ["an unknown policy", good.replace('"session"', '"always"'), "src/index.ts:9: open names no cache policy"],
    ["no description", good.replace("/** Opens the shop. */", ""), "open has no description"],
    ["no parameter description", good.replace("/** When */", "// When"), "open: hour has no description"],
    [
      "half a sentence in the list of functions",
      good.replace("Opens the shop.", "Opens the shop\n   * early."),
      'the first line of open\'s description is not a whole sentence of at most 90 letters: "Opens the shop"',
    ],
    [
      "a long first line",
      good.replace("Opens the shop.", `Opens ${"very ".repeat(18)}early.`),
      "the first line of open's description is not a whole sentence",
    ],
    [
      "words that are not plain",
      good.replace("Opens the shop.", "Opens a shop of your own."),
      'open: the description has "of your own": write it in plain English',
    ],
    ["a parameter with such words", good.replace("/** When */", "/** Tells when */"), 'open: hour: the description has "Tells"'],
    ["a long main object", `${good}${"\n".repeat(440)}export const x = 1\n`, "src/index.ts:451: it has 457 lines"],
    ["a late module description", good.replace(/^[\s\S]*?\*\/\n/, ""), "the module's description must stand before"],
    ["an export only npm has", good.replace("func, object", "func, object, ExecError"), "does not export ExecError"],
    ["everything of the SDK", good.replace("{ func, object, type Container }", "* as dagger"), "import single names"],
    ["a package the module does not have", `${good}import { z } from "zod"\n`, 'import "zod" is neither'],
    ["a private field", good.replace("  /** Opens", "  #door = 1\n  /** Opens"), "#door is lost between calls"],
    ["an import without its ending", `${good}import { x } from "./x"\n`, 'import "./x" needs the ending .js'],
    ["an import of nothing", `${good}import { x } from "./x.js"\n`, 'import "./x.js" has no file'],
    ["an import from outside", `${good}import { x } from "../x.js"\n`, 'import "../x.js" leaves src/'],
    ["a hidden object", good.replace("export class", "class"), "the object is not exported"],
    [
      "a check with an argument",
      good.replace("@func({", "@check()\n  @func({").replace("hour: number = 8", "hour: number"),
      "open is a check that needs an argument",
    ],
    [
      "a cache volume for each run",
      `${good}export const keep = (dag: any) => dag.cacheVolume(\`shop-${"$"}{Date.now()}\`)\n`,
      "a cache volume for each run is never removed",
    ],
    ["a type with one of Dagger's names", `${good}export interface File {}\n`, "type File has the name of one of Dagger's own"],
  ])("are broken by %s", (_, index, fault) => {
    expect(faultsOf(index, { "x.ts": "export const x = 1\n" }).join("\n")).toContain(fault)
  })

  it("are broken by a test below src/", () => {
    const faults = faultsOf(good, { "src/shop.test.ts": 'import { it } from "vitest"\n' })
    expect(faults).toContain("src/shop.test.ts:1: a test below src/ is imported at every call")
    expect(faults.join("\n")).toContain('import "vitest" is neither')
  })

  it("are broken by two types of one name", () => {
    const type = "export interface Door {}\n"
    expect(faultsOf(good, { "src/a.ts": type, "src/b.ts": type }).join("\n")).toContain("type Door is exported by src/a.ts too")
  })

  it("are broken by an old lock file", () => {
    const manifest = readFileSync(join(root, "package.json"), "utf8").replace(/"yaml": "[^"]*"/, '"yaml": "1.0.0"')
    expect(faultsOf(good, { "package.json": manifest }).join("\n")).toMatch(/package-lock.json: yaml is .*, package.json pins 1.0.0/)
  })
})
