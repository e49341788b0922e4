// The environment of an engine, however it is run.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { withoutCredentials } from "../../src/base/addresses"
import { choice, env, proxies } from "../env"
import { recipeDir } from "../paths"

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
