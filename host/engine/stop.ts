// Ends the engine that is ours, whatever kind it is. Its cache stays.
import { rmSync } from "node:fs"
import { readJson } from "../files"
import { paths } from "../paths"
import type { EngineRecord } from "../records"
import { isRoot } from "../requirements"
import { stopContainer } from "./docker"
import { stopNamespaces } from "./namespaces"

/** Answers whether there was one on record. */
export async function stopEngine(): Promise<boolean> {
  const record = readJson<EngineRecord>(paths.engineRecord)
  if (record?.kind === "container") await stopContainer(record)
  // Also without a record: what a start that was killed has left.
  if (process.platform === "linux" && isRoot()) await stopNamespaces()
  rmSync(paths.engineRecord, { force: true })
  return record !== undefined
}
