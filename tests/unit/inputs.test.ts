// Inputs that are wrong in ways that people often meet: what the messages say.

import { describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { gitProblem } from "../../src/plan/build/customSource.js"
import { patchProblem } from "../../src/plan/build/patches.js"
import { checkVersionName } from "../../src/plan/build/versionNames.js"

describe("a commit's short hash", () => {
  it.each(["56e2095", "56E2095a", "56e20951b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e"])("%s is said to be one", (ref) => {
    expect(gitProblem("u", ref, `repository does not contain ref "${ref}"`).message).toContain(
      `a server finds a commit by all its 40 characters only. Next: give them (git rev-parse ${ref})`,
    )
  })

  it.each(["main", "v3.8.3", "56e20951b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7", "abc"])("%s is not one", (ref) => {
    expect(gitProblem("u", ref, `repository does not contain ref "${ref}"`).message).toContain(`no branch, tag or commit "${ref}"`)
  })
})

describe("a patch that does not apply", () => {
  const diff = (from: string, to: string): string => `--- ${from}\n+++ ${to}\n@@ -1 +1 @@\n-a\n+b\n`

  it("says what git says", () => {
    const said = "error: patch failed: x.go:1\nerror: x.go: patch does not apply\n"
    expect(patchProblem("patches/1.patch", "v1", diff("a/x.go", "b/x.go"), said).message).toBe(
      "--overlay: patches/1.patch does not apply to v1: error: patch failed: x.go:1 / error: x.go: patch does not apply. Next: make it again from this version of the source",
    )
  })

  it("that was made with -p0 lacks the prefixes", () => {
    expect(patchProblem("patches/1.patch", "v1", diff("cmd/x.go", "cmd/x.go"), "error: x").message).toContain(
      "its paths (cmd/x.go) lack the a/ and b/ that git writes in front",
    )
    expect(patchProblem("patches/1.patch", "v1", diff("/dev/null", "x.go"), "").message).toContain("its paths (x.go) lack")
    expect(patchProblem("patches/1.patch", "v1", diff("/dev/null", "b/x.go"), "error: y").message).toContain(
      "error: y. Next: make it again",
    )
  })

  it("that went through another system has its line ends", () => {
    const said = patchProblem("patches/1.patch", "v1", diff("a/x.go", "b/x.go").replaceAll("\n", "\r\n"), "error: z").message
    expect(said).toContain("its lines end with CR LF, those of the source with LF (git: error: z). Next: sed -i 's/\\r$//' 1.patch")
    expect(said).not.toContain("make it again")
  })

  it("that is none is said to be none", () => {
    expect(patchProblem("patches/1.patch", "v1", "hello\n", "error: No valid patches in input").message).toContain("it is not a diff")
  })
})

describe("a version's name", () => {
  const catalogue = loadCatalogue("openim")

  it("has a v where the pinned one has one", async () => {
    const { pins, components } = await catalogue
    for (const [name, { version }] of Object.entries(pins.sources)) {
      if (!/^v\d/.test(version)) continue
      expect(() => checkVersionName({ pins, components } as never, name, version.slice(1))).toThrow(
        `--version=${version.slice(1)}: the versions of ${name} begin with a v: --version=${version}`,
      )
      expect(() => checkVersionName({ pins, components } as never, name, version)).not.toThrow()
      expect(() => checkVersionName({ pins, components } as never, name, "main")).not.toThrow()
    }
    expect(() => checkVersionName({ pins, components } as never, "server-api", "3.8.3")).toThrow("--version=v3.8.3")
    expect(() => checkVersionName({ pins, components } as never, "mongodb", "v7.0.1")).toThrow("have no v: --version=7.0.1")
  })
})

describe("a stack's files", () => {
  it("that are not UTF-8 are refused with their line", async () => {
    const text = new TextDecoder().decode(new Uint8Array([...Buffer.from("a: 1\nb: M"), 0xfc, ...Buffer.from("nchen\n")]))
    await expect(loadCatalogue("x", async () => text)).rejects.toThrow(
      "catalogue/stack.yaml:2: this line is not UTF-8: save the file as UTF-8",
    )
  })
})
