// Programs, configuration files and ports of a source, and what is said of those that the catalogue or another version does not have.

import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeAll, describe, expect, it } from "vitest"
import type { Catalogue } from "../../src/catalogue/types.js"
import {
  changeLine,
  gapLines,
  partsArguments,
  partsChanges,
  partsScript,
  programGaps,
  readParts,
  type SourceParts,
} from "../../src/plan/build/sourceParts.js"
import { fixtureCatalogue } from "./fixtures.js"

let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await fixtureCatalogue()
})

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

const main = "package main\n\nfunc main() {}\n"
const shipped = ["cmd/openim-rpc/openim-rpc-user", "cmd/openim-rpc/openim-rpc-auth", "cmd/openim-msggateway", "cmd/openim-api"]
const server = Object.fromEntries(shipped.map((folder) => [`${folder}/main.go`, main]))

function output(files: Record<string, string>, args = partsArguments(catalogue, "server")): string {
  const folder = mkdtempSync(join(tmpdir(), "parts-"))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return execFileSync("sh", ["-c", partsScript(catalogue.sources.server), "sh", folder, ...args], { encoding: "utf8" })
}

const partsOf = (files: Record<string, string>, args?: string[]) => readParts(output(files, args))
const lines = (files: Record<string, string>) => gapLines(catalogue, "server", "v2", programGaps(catalogue, "server", partsOf(files)))

describe("the programs of a source", () => {
  it("are quiet where the catalogue knows them all, or leaves one out on purpose", () => {
    expect(lines({ ...server, "cmd/openim-cmdutils/main.go": main })).toEqual([])
  })

  it.each([
    ["beside the others", "cmd/bot-api/main.go", "cmd/bot-api"],
    ["deeper than the others", "cmd/rpc/more/bot-rpc/start.go", "cmd/rpc/more/bot-rpc"],
    ["above the others: all in one process", "cmd/main.go", "cmd"],
    ["below another one", "cmd/openim-api/tool/main.go", "cmd/openim-api/tool"],
  ])("are named when no image gets them: %s", (_where, file, folder) => {
    expect(lines({ ...server, [file]: main })).toEqual([
      `WARNING: OpenIM Server v2 has programs that are in no image: ${folder}. ` +
        "Add them to stack.yaml as components, or to sources.server.otherPrograms if they belong in none",
    ])
  })

  it.each([
    ["a library", "cmd/tool/tool.go", "package tool\n"],
    ["a package whose name begins so", "cmd/tool/tool.go", "package mainly\n"],
    ["tests", "cmd/tool/main_test.go", main],
    ["files of tests", "cmd/testdata/x/main.go", main],
    ["what others wrote", "cmd/vendor/x/main.go", main],
    ["a script that is not part of a build", "cmd/gen/gen.go", `//go:build ignore\n\n${main}`],
    ["a program elsewhere, which is a tool", "tools/seq/main.go", main],
  ])("are not %s", (_what, file, text) => expect(lines({ ...server, [file]: text })).toEqual([]))

  it("are found with Windows' line ends, a licence and a build tag before them", () => {
    const text = `// Licence\r\n//go:build linux\r\n\r\npackage main\r\n`
    expect(partsOf({ "cmd/a/x.go": text }).programs).toEqual(["cmd/a"])
  })

  it("are found from the top where a catalogue has its program there", () => {
    expect(partsOf({ "main.go": main, "other/main.go": main }, ["", "."]).programs).toEqual([".", "other"])
  })

  it("are named when the catalogue has them and the source has not", () => {
    const { "cmd/openim-api/main.go": _, ...rest } = server
    expect(lines(rest)).toEqual(["WARNING: OpenIM Server v2 does not have these programs of stack.yaml: cmd/openim-api (server-api)"])
    expect(programGaps(catalogue, "server", partsOf({})).missing).toHaveLength(4)
  })
})

describe("the ports of a source", () => {
  it.each([
    ["ports: [ 1001, 1002 ]", [1001, 1002]],
    ["  port: 1001 # was 1000", [1001]],
    ['  "ports": [1001]\n  listenPort: "1002"', [1001, 1002]],
    ["ports:\n  - 1001\n  - 1002\nnumbers:\n  - 7", [1001, 1002]],
    ["ports: [\n  1001,\n  1002\n]\nlimits: [3]", [1001, 1002]],
    ["port: 1001\nlist:\n  - 5", [1001]],
    ["ports:\n\n  # the first\n  - 1001\n  - '1002' # the second\nname: x\n  - 3", [1001, 1002]],
    ["http_port: 1001\nhttpPort: 1002\nsupport: 3\nreport: 4\nimports: [5]\nportal: 6", [1001, 1002]],
    ["ports:\nautoSetPorts: true\naddress: [ localhost:2379 ]\nport: 0\nsmtpPort: 99999", []],
  ])("are read from %j", (text, ports) => {
    expect(partsOf({ "config/a.yml": text, "config/README.md": "ports: [ 9 ]" }).ports).toEqual(ports)
  })

  it("are all that is printed of a configuration", () => {
    const found = output({
      "config/mongodb.yml": "password: secret\npasswords:\n  - secret\nport: secret5 # secret\nports: [ 1 ] # secret\n",
    })
    expect(found).not.toContain("secret")
    expect(found).toContain("config config/mongodb.yml\n")
  })
})

describe("another version", () => {
  const parts = (more: Partial<SourceParts>): SourceParts => ({ programs: shipped, configs: ["config/a.yml"], ports: [1, 5], ...more })
  const line = (before: Partial<SourceParts>, after: Partial<SourceParts>) =>
    changeLine({ source: "server", from: "v1", to: "v2", ...partsChanges(catalogue, "server", parts(before), parts(after)) })

  it("says what came and what went", () => {
    const after = { programs: [...shipped.slice(1), "cmd/bot"], configs: ["config/b.yml"], ports: [5, 7, 8, 9, 20] }
    expect(line({}, after)).toBe(
      "server: v1 → v2: programs +cmd/bot (in no image) -cmd/openim-rpc/openim-rpc-user, ports +7-9 +20 -1, configuration +config/b.yml -config/a.yml",
    )
  })

  it("says so when nothing came or went", () => {
    expect(line({}, {})).toBe("server: v1 → v2: the same programs, ports and configuration files")
  })

  it("does not forget what was in no image before", () => {
    const bot = { programs: [...shipped, "cmd/bot"] }
    expect(line(bot, bot)).toBe("server: v1 → v2: the same programs, ports and configuration files, in no image, as before: cmd/bot")
  })

  it("says why it could not be compared", () => {
    expect(changeLine({ source: "server", from: "v1", to: "v2", notCompared: "no route" })).toContain("are not compared: no route")
  })
})
