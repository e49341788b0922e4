// Go modules as sources: fetched through the module proxy, checked against the pinned sum.

import type { Container } from "@dagger.io/dagger"
import { fetchScript } from "../../../plan/toolchains/go/sources.js"
import { type FoundSource, wholeOf } from "../../build/foundSource.js"

/** Leaves the module's files in /module/source and what the proxy knows about it in /module/info.json. */
export function fetchModule(go: Container, module: string, version: string, sum?: string): Container {
  return go.withNewFile("/module/fetch", fetchScript, { permissions: 0o755 }).withExec(["/module/fetch", module, version, sum ?? ""])
}

/** The go.work that Go finds, in this folder or the next one above. */
export async function workspaceFiles(found: FoundSource): Promise<string[]> {
  const { root, path } = wholeOf(found)
  const parts = path === "." ? [] : path.split("/")
  const files = [...parts.keys(), parts.length].map((depth) => [...parts.slice(0, depth), "go.work"].join("/"))
  const file = (await Promise.all(files.map((file) => root.glob(file)))).flat().at(-1)
  return file === undefined ? [] : [await root.file(file).contents()]
}
