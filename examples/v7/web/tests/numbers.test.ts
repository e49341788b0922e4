import assert from "node:assert/strict"
import { test } from "node:test"
import { readNumbers, shown } from "../src/numbers.ts"

test("numbers may have commas and spaces between them", () => {
  assert.deepEqual(readNumbers("1, 2.5\t-4,,1e3 "), [1, 2.5, -4, 1000])
})

test("anything else is no list of numbers", () => {
  for (const text of ["", " , ", "1, two", "NaN", "Infinity", "1;2"]) assert.equal(readNumbers(text), undefined, text)
})

test("numbers are shown with at most three digits behind the point", () => {
  assert.equal(shown(2), "2")
  assert.equal(shown(10 / 3), "3.333")
})
