import { describe, expect, it } from "vitest"
import type { ProgramEntry } from "../../src/catalogue/types.js"
import { programFilePatterns, programsWithoutFiles } from "../../src/plan/build/components.js"

const program = (folder: string, source = "shop") => ({ program: folder.replaceAll("/", "-"), package: folder, source }) as ProgramEntry

describe("the files of programs", () => {
  it("are found by few patterns", () => {
    const programs = ["cmd/api", "cmd/rpc/user", "tools", ".", "cmd/rpc/msg"].map((folder) => program(folder))
    expect(programFilePatterns([...programs, program("cmd/page", "web")], (source) => (source === "web" ? "*.js" : "*.c"))).toEqual([
      "cmd/**/*.c",
      "tools/*.c",
      "*.c",
      "cmd/**/*.js",
    ])
  })

  it("count for the folder that they are in, and no other", () => {
    const programs = ["cmd/api", "cmd/rpc", "cmd/rpc/user", "cmd/ap", "."].map((folder) => program(folder))
    expect(programsWithoutFiles(programs, ["cmd/api/main.c", "cmd/rpc/user/user.c"]).map((entry) => entry.package)).toEqual([
      "cmd/rpc",
      "cmd/ap",
      ".",
    ])
    expect(programsWithoutFiles([program(".")], ["main.c"])).toEqual([])
  })
})
