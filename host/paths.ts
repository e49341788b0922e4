// The cache folder's layout. Everything daggerw makes is below it.
import { createHash } from "node:crypto"
import { mkdirSync, realpathSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { env } from "./env"

export const cacheDir = resolve(env("OPENIM_CACHE") ?? join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "openim-dagger"))

/** The project's folder, given by the daggerw script. */
export const projectDir = resolve(process.env["OPENIM_PROJECT"] ?? ".")
/** The offline bundle that the call names, if any. */
export const bundleDir = env("OPENIM_BUNDLE") ? resolve(env("OPENIM_BUNDLE")!) : undefined
export const recipeDir = join(projectDir, "engine")

export const paths = {
  artefacts: join(cacheDir, "artefacts"),
  downloads: resolve(env("OPENIM_DOWNLOADS") ?? join(cacheDir, "downloads")),
  node: join(cacheDir, "node"),
  tmp: join(cacheDir, "tmp"),
  logs: join(cacheDir, "logs"),
  lock: join(cacheDir, "lock"),
  times: join(cacheDir, "times.json"),
  cliRecord: join(cacheDir, "cli.json"),
  pathProbe: join(cacheDir, "cli-on-path.json"),
  engine: join(cacheDir, "engine"),
  engineRecord: join(cacheDir, "engine", "engine.json"),
  engineLog: join(cacheDir, "engine", "engine.log"),
  /** The engine's cache; one that a bundle brought has its own beside it. */
  engineState: join(cacheDir, "engine", "state"),
  engineRun: join(cacheDir, "engine", "run"),
  engineSocket: join(cacheDir, "engine", "run", "engine.sock"),
}

/** A short name for this cache folder: network names, container names and the like derive from it. */
export function cacheId(): string {
  mkdirSync(cacheDir, { recursive: true })
  return createHash("sha256").update(realpathSync(cacheDir)).digest("hex").slice(0, 8)
}
