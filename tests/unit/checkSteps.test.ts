import { describe, expect, test } from "vitest"
import { digestsOf, filled, frameHolds, judgedAnswer, socketUrl, valueAt } from "../../src/plan/deploy/checkSteps.js"

const step = {
  name: "login",
  kind: "http" as const,
  method: "POST",
  url: "",
  headers: {},
  expect: { errCode: "0|1102" },
  take: { token: "data.token" },
  status: 200,
}

test("values are put in, escaped where the text is JSON", () => {
  expect(filled("${A}:${B}/x", { A: "http://h", B: "1" })).toBe("http://h:1/x")
  expect(filled('{"secret":"${A}"}', { A: 'a"b\\' }, true)).toBe('{"secret":"a\\"b\\\\"}')
  expect(() => filled("${C}", {})).toThrow("refers to C")
})

test("a value at a path", () => {
  const data = { a: [{ b: 0 }], c: null }
  expect([valueAt(data, "a.0.b"), valueAt(data, "c"), valueAt(data, "a.1.b"), valueAt("x", "a")]).toEqual([
    "0",
    undefined,
    undefined,
    undefined,
  ])
})

describe("an answer", () => {
  test("gives the values that later steps use; one of several expected values will do", () => {
    expect(judgedAnswer(step, 200, '{"errCode":1102,"data":{"token":"t"}}', {})).toEqual({ taken: { token: "t" } })
  })

  test.each([
    [502, "bad gateway", "status 502 instead of 200: bad gateway"],
    [200, "<html>", "the answer is not JSON: <html>"],
    [200, '{"errCode":7,"errMsg":"no"}', 'errCode is 7 instead of 0 or 1102: {"errCode":7,"errMsg":"no"}'],
    [200, '{"errCode":0}', 'the answer has no data.token: {"errCode":0}'],
  ])("with status %s and %s is refused", (status, body, fault) => {
    expect(judgedAnswer(step, status, body, {}).fault).toBe(fault)
  })

  test("need not be JSON where nothing of it is used", () => {
    expect(judgedAnswer({ ...step, expect: {}, take: {} }, 200, "", {})).toEqual({ taken: {} })
  })
})

test("a text is found in a frame as it is, or in the base64 of its data", () => {
  const hidden = JSON.stringify({ reqIdentifier: 2001, data: Buffer.from("\x0a\x05prüf 1\x12").toString("base64") })
  expect(frameHolds("say hello", "hello")).toBe(true)
  expect(frameHolds(hidden, "prüf 1")).toBe(true)
  expect(frameHolds(hidden, "prüf 2")).toBe(false)
  expect(frameHolds("no json", "x")).toBe(false)
})

test("a WebSocket has the scheme that goes with its page", () => {
  expect([socketUrl("https://a/x"), socketUrl("http://a")]).toEqual(["wss://a/x", "ws://a"])
})

test("sums of texts, each of which may use those before it", () => {
  const digests = { content: "${run}", part: "${content}" }
  expect(digestsOf({ ...step, digests }, { run: "abc" })).toEqual({
    content: "900150983cd24fb0d6963f7d28e17f72",
    part: "ec0405c5aef93e771cd80e0db180b88b",
  })
  expect(digestsOf(step, {})).toEqual({})
  expect(() => digestsOf({ ...step, digests: { part: "${later}", later: "x" } }, {})).toThrow("refers to later")
})

test("an answer that lacks the expected text is a fault", () => {
  const file = { ...step, expect: {}, take: {}, holds: "${content}" }
  expect(judgedAnswer(file, 200, "it is abc.", { content: "abc" })).toEqual({ taken: {} })
  expect(judgedAnswer(file, 200, "nothing", { content: "abc" }).fault).toBe("the answer does not hold abc: nothing")
})
