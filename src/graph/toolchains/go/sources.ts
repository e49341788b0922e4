// Go modules as sources: fetched through the module proxy, checked against the pinned sum.

import type { Container } from "@dagger.io/dagger"
import { fetchScript } from "../../../plan/toolchains/go/sources.js"

/** Leaves the module's files in /module/source and what the proxy knows about it in /module/info.json. */
export function fetchModule(go: Container, module: string, version: string, sum?: string): Container {
  return go
    .withNewFile("/module/fetch", fetchScript, { permissions: 0o755 })
    .withExec(["/module/fetch", module, version, sum ?? ""])
}
