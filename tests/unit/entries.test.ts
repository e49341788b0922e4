import { describe, expect, it } from "vitest"
import { entryOf, firstIn, pairs } from "../../src/base/entries.js"
import { textBefore } from "../../src/base/text.js"

describe("what must be there", () => {
  const colours = { red: 1, green: 0 }

  it("is the entry of a name, whatever its value", () => {
    expect(entryOf("colour", colours, "green")).toBe(0)
  })

  it("is reported by its name, with the one that was probably meant", () => {
    expect(() => entryOf("colour", colours, "gren")).toThrow('unknown colour "gren". Did you mean "green"? Known: red, green')
  })

  it("is not taken from what every object has", () => {
    expect(() => entryOf("colour", colours, "constructor")).toThrow('unknown colour "constructor"')
  })

  it("is the first of a list", () => {
    expect(firstIn(["a", "b"], "image")).toBe("a")
    expect(() => firstIn([], "image")).toThrow("there is not one image")
  })

  it("is a partner for each item of two lists", () => {
    expect(pairs(["a", "b"], [1, 2])).toEqual([
      ["a", 1],
      ["b", 2],
    ])
    expect(() => pairs(["a"], [])).toThrow("1 items do not match 0")
  })
})

describe("the text before a separator", () => {
  it.each([
    ["debian:trixie@sha256:1", "@", "debian:trixie"],
    ["debian", "@", "debian"],
    ["@x", "@", ""],
  ])("of %j and %j is %j", (text, separator, before) => expect(textBefore(text, separator)).toBe(before))
})
