import { describe, expect, test } from "vitest"
import { entriesByKey, expandEnv, lineDiff, parseEnv, withKey, writtenValue } from "../../src/plan/deploy/envFile.js"

const values = (text: string, defaults: Record<string, string> = {}) =>
  Object.fromEntries(expandEnv(parseEnv(text), (name) => defaults[name]))

describe("a value is read as compose reads it", () => {
  test.each([
    ["A=plain", "plain"],
    ["A=two words ", "two words"],
    ["A=value # a comment", "value"],
    ["A=has#none", "has#none"],
    ["A=# all of it", ""],
    ["A='a $B # c'", "a $B # c"],
    ['A="a # c"', "a # c"],
    ['A="say \\"hi\\""', 'say "hi"'],
    ['A="a\\$B"', "a$B"],
    ["export A=x", "x"],
    ["A = x", "x"],
    ["A=x\r\nB=y\r\n", "x"],
    ["\uFEFFA=x", "x"],
    ["A=1\nA=2", "2"],
    ["A=${B}:80\nB=host", "host:80"],
    ["A=${B:-other}\nB=", "other"],
    ["A=${MISSING}", ""],
    ["A=${GIVEN}", "default"],
    ["A=$$B", "$B"],
    ["A=x", "x"],
    ["A=${A}", ""],
  ])("%j", (text, expected) => {
    expect(values(text, { GIVEN: "default" })["A"]).toBe(expected)
  })

  test("lines that are not KEY=VALUE are named", () => {
    expect(parseEnv("A=1\n\n# c\nhello\n2B=x\n").unreadable).toEqual([4, 5])
  })

  test("a quote without its end is seen", () => {
    expect(entriesByKey(parseEnv("A='x")).get("A")?.open).toBe(true)
  })
})

describe("what is written is read back", () => {
  test.each(["plain", "https://im.company.com:443", "a $b", "a # b", "it's", "two\nlines", 'say "hi"', "back\\slash", ""])(
    "%j",
    (value) => {
      expect(values(`A=${writtenValue(value)}`)["A"]).toBe(value)
    },
  )
})

describe("a key is set", () => {
  test("in the place of its last line, with the others as they are", () => {
    expect(withKey(["# c", "A=1", "B=2", "A=3"], "A", "4")).toEqual(["# c", "A=1", "B=2", "A=4"])
  })
  test("in the place of a commented one, or at the end", () => {
    expect(withKey(["# A=1", "B=2"], "A", "4")).toEqual(["A=4", "B=2"])
    expect(withKey(["B=2"], "A", "4")).toEqual(["B=2", "A=4"])
  })
})

test("a diff has only the lines that changed", () => {
  expect(lineDiff(["a", "b", "c"], ["a", "x", "c", "d"])).toEqual(["-b", "+x", "+d"])
  expect(lineDiff(["a"], ["a"])).toEqual([])
})
