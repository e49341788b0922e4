import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { layerFaults } from "./layers.js"

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

function faultsOf(files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "layers-"))
  folders.push(folder)
  for (const [name, text] of Object.entries({
    "src/index.ts": "",
    "host/main.ts": "",
    "host/package.json": '{ "dependencies": { "zx": "1" } }',
    ...files,
  })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return layerFaults(folder)
}

describe("the layers of src/", () => {
  it("hold in this module", () => {
    expect(layerFaults(new URL("../..", import.meta.url).pathname)).toEqual([])
  })

  it("hold where everything looks down", () => {
    const files = {
      "src/index.ts": 'import { a } from "./tasks/a.js"\n',
      "src/tasks/a.ts": 'import { b } from "../graph/shop/b.js"\n',
      "src/graph/shop/b.ts": 'import { dag } from "@dagger.io/dagger"\nimport { c } from "../../plan/shop/c.js"\n',
      "src/plan/shop/c.ts": 'import type { Container } from "@dagger.io/dagger"\nimport { d } from "../../base/d.js"\n',
      "host/main.ts": 'import { d } from "../src/base/d"\n',
    }
    expect(faultsOf(files)).toEqual([])
  })

  it.each([
    ["an import from above", "src/plan/a.ts", 'import { b } from "../graph/b.js"', "src/plan/a.ts:1: plan may not import src/graph/b.ts"],
    ["a type from above", "src/base/a.ts", '\nimport type { B } from "../plan/b.js"', "src/base/a.ts:2: base may not import src/plan/b.ts"],
    [
      "one of the same height",
      "src/mirrors/a.ts",
      'import { b } from "../catalogue/b.js"',
      "src/mirrors/a.ts:1: mirrors may not import src/catalogue/b.ts",
    ],
    ["dag in a plan", "src/plan/a.ts", 'import { dag } from "@dagger.io/dagger"', "src/plan/a.ts:1: plan may not use dag"],
    ["dag in a task", "src/tasks/a.ts", 'import { type File, dag } from "@dagger.io/dagger"', "src/tasks/a.ts:1: tasks may not use dag"],
    [
      "a folder that is not a layer",
      "src/extra/a.ts",
      'import { b } from "../base/b.js"',
      "src/extra/a.ts:1: src/extra/a.ts is in none of the layers",
    ],
    [
      "a plan on the host",
      "host/a.ts",
      'import { b } from "../src/plan/b"',
      "host/a.ts:1: the host may import base and mirrors only, not src/plan/b.ts",
    ],
  ])("do not allow %s", (_, file, text, fault) => {
    expect(faultsOf({ [file]: `${text}\n` })).toEqual([fault])
  })

  it.each([
    ["a file of another folder", 'import { d } from "../../catalogue/d.js"', "src/catalogue/d.ts"],
    ["a package that host/ does not have", 'import * as v from "valibot"', "valibot"],
  ])("do not allow the host's program to reach %s", (_, line, to) => {
    const files = {
      "host/main.ts": 'import { a } from "../src/plan/deploy/a"\nimport { core } from "zx/core"\n',
      "src/plan/deploy/a.ts": 'import { b } from "./b.js"\nimport type { c } from "../../catalogue/c.js"\n',
      "src/plan/deploy/b.ts": `import { isIP } from "node:net"\n${line}\n`,
    }
    expect(faultsOf(files)).toEqual([`src/plan/deploy/b.ts:2: the host's program takes in this file and cannot take in ${to}`])
  })

  it("do not allow a circle, not even of types", () => {
    const files = {
      "src/plan/a.ts": 'import { b } from "./b.js"\n',
      "src/plan/b.ts": 'import { c } from "./c.js"\n',
      "src/plan/c.ts": 'import type { A } from "./a.js"\n',
    }
    expect(faultsOf(files)).toEqual(["src/plan/a.ts:1: a circle of imports: src/plan/a.ts → src/plan/b.ts → src/plan/c.ts → src/plan/a.ts"])
  })
})
