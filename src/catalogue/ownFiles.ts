// The module's own files as they lie beside it: to read them from there costs no request to the engine.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Problem } from "../base/problem.js"

/** Upwards from this file, because an SDK may run a compiled copy of it from another depth. */
export function moduleRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "dagger.json")) && existsSync(join(folder, "stacks"))) return folder
    if (folder === dirname(folder)) throw new Problem("the module's folder stacks/ is missing", "check out the module again")
  }
}

/** A file of the module, such as shell/publish.sh. */
export function ownText(path: string): string {
  return readFileSync(join(moduleRoot(), path), "utf8")
}

/** The files that lie in a folder of the module, without those in folders below it, in a fixed order. */
export function ownFileNames(folder: string): string[] {
  const entries = readdirSync(join(moduleRoot(), folder), { withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()
}
