// Small file helpers: atomic JSON, hashes of input files.
import { createHash } from "node:crypto"
import { createReadStream, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** The file's JSON, or nothing when it is missing or was cut short. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T
  } catch {
    return undefined
  }
}

/** Written aside and renamed: a reader sees the old file or the new one, never half of it. */
export function writeFileAtomic(path: string, data: string, mode = 0o666): void {
  mkdirSync(dirname(path), { recursive: true })
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, data, { mode })
  renameSync(aside, path)
}

/** Records are for their owner alone. */
export function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`, 0o600)
}

/** A hash over names, modes (executable or not) and contents below the given paths. Times do not count. */
export function hashInputs(root: string, names: string[], extra: unknown = ""): string {
  const hash = createHash("sha256").update(JSON.stringify(extra))
  const visit = (name: string): void => {
    const path = join(root, name)
    const entries = statSync(path, { throwIfNoEntry: false })
    if (!entries) {
      hash.update(`missing ${name}\0`)
    } else if (entries.isDirectory()) {
      for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
        if (entry.name === "node_modules" || entry.name === ".git") continue
        if (entry.isSymbolicLink()) hash.update(`link ${name}/${entry.name} ${readlinkSync(join(path, entry.name))}\0`)
        else visit(`${name}/${entry.name}`)
      }
    } else {
      hash.update(`file ${name} ${entries.mode & 0o100 ? "x" : "-"} ${entries.size}\0`).update(readFileSync(path))
    }
  }
  for (const name of [...names].sort()) visit(name)
  return hash.digest("hex").slice(0, 16)
}

export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest("hex")
}
