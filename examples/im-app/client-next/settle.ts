// After `next build`: the files that the server needs in one folder, and nothing in them that differs from build to build.

import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const made = join(import.meta.dirname, ".next/standalone/.next")
cpSync(join(import.meta.dirname, ".next/static"), join(made, "static"), { recursive: true })

// Next.js makes new keys in each build: for drafts of pages and for server actions. This application has neither, so nothing is secret.
const key = /((?:previewMode\w+|encryptionKey)\\?": ?\\?")([^"\\]+)/g
const files = [
  "prerender-manifest.json",
  "server/preview-props.json",
  "server/server-reference-manifest.json",
  "server/server-reference-manifest.js",
]
for (const name of files) {
  const file = join(made, name)
  const text = readFileSync(file, "utf8")
  const settled = text.replace(key, (_, before: string, value: string) => before + value.replace(/[^=]/g, "0"))
  if (settled === text) throw new Error(`${file} has no key: this version of Next.js keeps it elsewhere`)
  writeFileSync(file, settled)
}
