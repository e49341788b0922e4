// The environment of an engine, however it is run.
import { env, proxies } from "../env"

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
