import { describe, expect, it } from "vitest"
import { goVersionOf, newer } from "../../src/plan/toolchains/go/version.js"

describe("the Go version of a go.mod", () => {
  it.each([
    ["go 1.22.7", "1.22.7"],
    ["go 1.25.0", "1.25.0"],
    ["go 1.25", "1.25.0"],
    ["go 1.22.0\n\ntoolchain go1.23.2", "1.23.2"],
    ["go 1.24.1\ntoolchain go1.23.2", "1.24.1"],
    ["go 1.9\ntoolchain go1.10", "1.21.0"],
    ["go 1.26rc1", "1.26rc1"],
    ["go 1.22.7 // a comment\r", "1.22.7"],
    ["toolchain go1.23.2-custom\ngo 1.22.0", "1.23.2"],
    ["// go 1.99.0", "1.21.0"],
    ["require (\n\texample.com/go v1.2.3\n)", "1.21.0"],
  ])("%j is %s", (lines, version) => {
    expect(goVersionOf(`module example.com/shop\n\n${lines}\n`)).toBe(version)
  })

  it("says what is wrong with a line that is not a version", () => {
    expect(() => goVersionOf("go latest\n")).toThrow('go.mod asks for Go "latest", which is not a version')
  })

  it.each([
    ["1.9.0", "1.10.0", "1.10.0"],
    ["1.26rc1", "1.26.0", "1.26.0"],
    ["1.25.9", "1.26rc1", "1.26rc1"],
    ["1.22.10", "1.22.9", "1.22.10"],
  ])("of %s and %s, %s is newer", (a, b, expected) => {
    expect(newer(a, b)).toBe(expected)
    expect(newer(b, a)).toBe(expected)
  })
})
