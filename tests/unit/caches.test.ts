// Whose builds share what compilers keep.

import { expect, it } from "vitest"
import { cacheName } from "../../src/plan/build/caches.js"

it("a cache is for those who trust each other", () => {
  const names = [
    cacheName("openim-go-mod", { bundle: false }),
    cacheName("openim-go-mod", { bundle: true }),
    cacheName("openim-go-mod", { bundle: false, trust: "custom" }),
    cacheName("openim-go-mod", { bundle: true, trust: "custom" }),
    cacheName("openim-go-mod", { bundle: false, trust: "tools" }),
    cacheName("openim-go-mod", { bundle: false, only: "run" }),
  ]
  expect(names).toEqual([
    "openim-go-mod",
    "openim-go-mod-bundle",
    "openim-go-mod-custom",
    "openim-go-mod-bundle-custom",
    "openim-go-mod-tools",
    "openim-go-mod-run",
  ])
})
