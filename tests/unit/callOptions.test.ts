// The options of a call, as an object that Dagger keeps between two functions.

import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { CallOptions, callOptions, withObjects } from "../../src/graph/call/options.js"

const source = readFileSync(new URL("../../src/graph/call/options.ts", import.meta.url), "utf8")
const objects = [...source.matchAll(/^ {2}(\w+)[?!]: (Directory|File|Secret|Service|Socket)$/gm)].map(
  ([, name, type]) => [name!, type!] as const,
)

describe("the options of a call", () => {
  it("have objects again where Dagger passes IDs", () => {
    expect(objects.length).toBeGreaterThan(8)
    const passed = Object.assign(new CallOptions(), { stack: "shop", ...Object.fromEntries(objects.map(([name]) => [name, `${name}-id`])) })
    const found = withObjects(passed) as unknown as Record<string, object>
    for (const [name, type] of objects) expect(found[name]!.constructor.name, name).toBe(type)
    expect(found["stack"]).toBe("shop")
  })

  it("are absent where nothing is given", () => {
    const given = { stack: "shop", git: null, source: null } as never
    expect(Object.entries(callOptions(given)).filter(([, value]) => value !== undefined)).toEqual([["stack", "shop"]])
  })
})
