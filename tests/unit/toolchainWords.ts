// Nothing outside src/**/toolchains/ knows a language: no file there may hold words of one.

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** By toolchain. "Go on" begins a sentence; other words that people use in English are not asked for. */
const words: Record<string, RegExp> = {
  go: /\bgolang\b|goproxy|gofmt|go(Mod|Version|Toolchain)|\bGO[A-Z]{2,}\b|\bgo\.(mod|sum|work)\b|\bGo\b(?! on\b)|["'`]go["'`]|\.go\b|\bgo (build|list|test|vet|mod|env|run|install)\b|\bgo\/[a-z]|\bgoroutine\b|\bmage(file)?\b|toolchains\/go\b/,
}

/** Files, or folders with / at the end, that hold such words for a good reason. */
export const allowed: Record<string, string> = {
  "src/index.ts": "the options that callers know, such as --goproxy, and what --help says about them",
  "src/graph/call/options.ts": "the same options, as functions get them",
  "src/objects/ignore.ts": "which files of a source in each language are no output",
  "src/objects/tests.ts": "what --help says about the suites of one toolchain",
  "src/catalogue/": "the form of a stack's data: versions.yaml names versions of Go",
  "src/mirrors/": "a family of mirrors is called go",
  "src/plan/call/mirrorReports.ts": "prints the mirrors of that family as other tools take them",
}

/** Every such word as "file:line: text", and every permission that nothing needs. */
export function toolchainWords(root: string, permissions: Record<string, string>): string[] {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `src/${name}`)
    .filter((name) => !name.split("/").includes("toolchains"))
  const found = files.flatMap((file) => linesOf(root, file))
  const covers = (entry: string, file: string) => (entry.endsWith("/") ? file.startsWith(entry) : file === entry)
  const entries = Object.keys(permissions)
  const faults = found.filter(({ file }) => !entries.some((entry) => covers(entry, file)))
  const unused = entries.filter((entry) => !found.some(({ file }) => covers(entry, file)))
  return [
    ...faults.map(({ file, line, text }) => `${file}:${line}: ${text}`),
    ...unused.map((entry) => `${entry} needs no permission any more`),
  ]
}

function linesOf(root: string, file: string): { file: string; line: number; text: string }[] {
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((text, index) => {
      return Object.values(words).some((pattern) => pattern.test(text)) ? [{ file, line: index + 1, text: text.trim() }] : []
    })
}
