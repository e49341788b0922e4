// How many containers a user may ask for.
import { expect, test } from "vitest"
import { onceOnly, wantedScale } from "../../src/plan/deploy/scale.js"
import { shopDeployment as shop } from "./deployment.fixture.js"

const failure = (...words: string[]): string => {
  try {
    return JSON.stringify(wantedScale(shop, words))
  } catch (error) {
    return (error as Error).message
  }
}

test("a service, or a program in it, by its name", () => {
  expect(wantedScale(shop, ["api=2"])).toEqual({ api: 2 })
  expect(wantedScale(shop, ["orders=2", "api=2"])).toEqual({ api: 2 })
  expect(wantedScale(shop, ["database=1", "cleanup=1"])).toEqual({ database: 1, api: 1 })
})

test.each([
  [["database=2"], "database cannot run more than once: it keeps data or a port of this machine"],
  [["cleanup=2"], "cleanup must not run twice: two would remove an order twice"],
  [["api=3"], "3 containers of api are too many: the edge finds at most 2"],
  [["api=2", "orders=1"], "api=2 and orders=1 are containers of api, which has both"],
  [["order=2"], 'unknown service "order". Did you mean "orders"?'],
  [["api"], '"api" is not SERVICE=N'],
  [["api=0"], '"api=0" is not SERVICE=N'],
  [[], "scale needs SERVICE=N"],
])("%s is refused", (words, expected) => expect(failure(...words)).toContain(expected))

test("the one that started first keeps what must run once", () => {
  const [a, b, c] = ["2026-01-02", "2026-01-01", "2026-01-03"].map((startedAt, at) => ({ startedAt, id: String(at) }))
  expect(onceOnly([a!, b!, c!])).toEqual({ one: b, others: [a, c] })
  expect(onceOnly([])).toEqual({ others: [] })
})
