// Words that readers stumble over, in code, comments and messages; docs.test.ts does the same for the pages.

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const root = new URL("../..", import.meta.url).pathname
const odd = /\b(mend(s|ed|ing)?|anew|told|tells|at hand|by itself|(can|cannot) be had|of (its|their|your|our|one's) own|\w*[Ww]ish(es)?)\b/g
/** Those that list the words. */
const lists = ["tests/unit/plainWords.test.ts", "tests/unit/docs.test.ts", "tests/unit/moduleRules.ts", "tests/unit/moduleRules.test.ts"]

const files = ["src", "host", "tests", "stacks", "bench", ".ci"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules") && !entry.name.endsWith("-lock.json"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
)

const faultsOf = (file: string, text: string): string[] =>
  text.split("\n").flatMap((line, index) => [...line.matchAll(odd)].map(([word]) => `${file}:${index + 1}: "${word}"`))

it("are not used", () => {
  expect(files.length).toBeGreaterThan(300)
  const faults = files.filter((file) => !lists.includes(file)).flatMap((file) => faultsOf(file, readFileSync(join(root, file), "utf8")))
  expect(faults, "write fix, again, report, available, automatically, its own X, request").toEqual([])
})

it("would be found", () => {
  expect(faultsOf("a.ts", "// tells\nconst wish = 1\n// a file of its own, its own file")).toEqual([
    'a.ts:1: "tells"',
    'a.ts:2: "wish"',
    'a.ts:3: "of its own"',
  ])
})
