import assert from "node:assert/strict"
import { test } from "node:test"
import { verdict } from "../src/words.ts"

test("the verdict names what is crossed", () => {
  assert.equal(verdict([]), "The text crosses no red line.")
  assert.equal(verdict(["red"]), "The text crosses a red line: red.")
  assert.equal(verdict(["blue", "red"]), "The text crosses 2 red lines: blue, red.")
})
