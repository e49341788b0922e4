// What this wrapper pins. The Go modules, Debian packages and npm packages behind it are pinned in engine/.
export const DAGGER = "v0.21.8"

export const RELEASES = "https://dl.dagger.io/dagger/releases"
export const ENGINE_IMAGE = `registry.dagger.io/engine:${DAGGER}`
