import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { toolchains } from "../../src/plan/toolchains/toolchains.js"
import { allowed, toolchainWords } from "./toolchainWords.js"

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

function faultsOf(files: Record<string, string>, permissions: Record<string, string> = {}): string[] {
  const folder = mkdtempSync(join(tmpdir(), "words-"))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return toolchainWords(folder, permissions)
}

describe("what --help says of every toolchain", () => {
  const text = readFileSync(new URL("../../src/index.ts", import.meta.url), "utf8")
  const helpOf = (option: string) =>
    [...text.matchAll(/\/\*\* ([^*]*) \*\/\s*(?:@argument\(.*?\)\s*)?(\w+)\??:/g)].flatMap(([, help, name]) =>
      name === option ? [help!] : [],
    )

  it.each(["source", "sourcePath", "sourceOf"])("%s names no manifest, or those of all", (option) => {
    const [help] = helpOf(option)
    expect(help).toBeDefined()
    const named = Object.values(toolchains).filter(({ manifest }) => help!.includes(manifest))
    expect(named.length === 0 || named.length === Object.keys(toolchains).length, help).toBe(true)
  })

  it("builder names each way in which programs are made", () => {
    const ways = Object.values(toolchains).flatMap(({ dockerfileStages, builders }) => (dockerfileStages === undefined ? [] : builders))
    const helps = helpOf("builder")
    expect(helps.length).toBeGreaterThan(1)
    for (const help of helps) expect(ways.filter((way) => !new RegExp(`\\b${way}\\b`).test(help))).toEqual([])
  })
})

describe("the words of a toolchain", () => {
  it("stand nowhere outside toolchains/ in this module, but for what is allowed", () => {
    expect(toolchainWords(new URL("../..", import.meta.url).pathname, allowed)).toEqual([])
  })

  it("may stand inside of it", () => {
    expect(faultsOf({ "src/plan/toolchains/go/a.ts": "go build\n", "src/graph/toolchains/helpers.ts": "pins.go\n" })).toEqual([])
  })

  it.each([
    'import { go } from "../toolchains/go/toolchain.js"',
    "const version = pins.go",
    "/** A Go program. */",
    'directory.file("go.mod")',
    'withEnvVariable("GOPROXY", proxy)',
    'if (builder === "go") return',
    'glob("*.go")',
    "`go build ./...`",
    'folder("go/launch")',
    "golang-go",
    "const goVersion = 1",
    '["mage", "build"]',
    "the trace of a goroutine",
  ])("are found: %s", (text) => {
    expect(faultsOf({ "src/plan/build/a.ts": `\n${text}\n` })).toEqual([`src/plan/build/a.ts:2: ${text}`])
  })

  it.each(["Go on with the same options", "several questions go to one host", "ago", "an algorithm", "what goes into an image", "MongoDB"])(
    "are not those of English: %s",
    (text) => {
      expect(faultsOf({ "src/plan/build/a.ts": text })).toEqual([])
    },
  )

  it("are allowed by file or folder, as long as that is needed", () => {
    const files = { "src/a.ts": "pins.go", "src/b/c.ts": "pins.go", "src/d.ts": "" }
    expect(faultsOf(files, { "src/a.ts": "", "src/b/": "" })).toEqual([])
    expect(faultsOf(files, { "src/a.ts": "", "src/b/": "", "src/d.ts": "" })).toEqual(["src/d.ts needs no permission any more"])
  })
})
