// The environment of an engine, however it is run.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { withoutCredentials } from "../../src/base/addresses"
import { choice, env, proxies } from "../env"
import { recipeDir } from "../paths"

/** How long an engine may take to end. It writes its cache down then; one that is killed starts with an empty cache. */
export const STOP_SECONDS = 180

/** How long a new engine may take until it answers. After a hard end it removes its old cache first, which can take minutes. */
export const startSeconds = (): number => Number(env("OPENIM_ENGINE_START_SECONDS") ?? 600)

const SYSTEM = "_DAGGER_ENGINE_SYSTEMENV_"

export function engineEnvironment(): Record<string, string> {
  const goproxy = env("GOPROXY")
  const mirrors = env("OPENIM_REGISTRY_MIRRORS")
  return {
    ...proxies(),
    // For the Go code that the engine itself builds.
    ...(goproxy ? { [`${SYSTEM}GOPROXY`]: goproxy } : {}),
    ...(mirrors ? { DAGGER_REGISTRY_MIRRORS: mirrors.replaceAll(",", " ") } : {}),
  }
}

/** Does the environment hold a password? Then no command line and no file of ours may. */
export const holdsPassword = (settings: Record<string, string>): boolean =>
  Object.values(settings).some((value) => withoutCredentials(value) !== value)

/** The engine's engine.json, where the user wants another than the usual one: no container of a module gets the host's rights. */
export function engineConfig(): string | undefined {
  if (choice("OPENIM_ENGINE_INSECURE", ["yes", "no"]) === "yes") return undefined
  const usual = JSON.parse(readFileSync(join(recipeDir, "rootfs/files/etc/dagger/engine.json"), "utf8")) as object
  return `${JSON.stringify({ ...usual, security: { insecureRootCapabilities: false } }, null, 2)}\n`
}
