// What this wrapper pins. The Go modules, Debian packages and npm packages behind it are pinned in engine/.
export const DAGGER = "v0.21.8"

/**
 * SHA-256 of the release's archives, as its checksums.txt has them: change them together with DAGGER. Where one is not recorded, the
 * checksums.txt beside the archive is all there is to compare with, and that is said.
 */
export const CLI_SHA256: Readonly<Record<string, string>> = {
  linux_amd64: "53e226c7da8fb75171e58c35759d736d961ce8b3a12db0baa7b7107954fccc5a",
  linux_arm64: "cd0df4885f2050082932b4abc5a6aad9a733f6aa4e7d8474740558517ffec4af",
}

/** A release that was checked against something else is not taken from the cache. */
export const releaseKey = (platform: string): string => `${DAGGER} ${CLI_SHA256[platform] ?? "unrecorded"}`

/** The name of this platform in Dagger's releases; undefined where there is none. */
export function releasePlatform(): string | undefined {
  const system = { linux: "linux", darwin: "darwin" }[process.platform as string]
  const arch = { x64: "amd64", arm64: "arm64" }[process.arch as string]
  return system && arch && `${system}_${arch}`
}

/** Of the engine's image with all its platforms; undefined takes the tag, and says so. */
export const ENGINE_DIGEST: string | undefined = "sha256:c9c1a0a6546380983d42e8d75adde070a2a0935c54b498d8bc9045d9cb2ee336"

export const RELEASES = "https://dl.dagger.io/dagger/releases"
export const ENGINE_IMAGE = `registry.dagger.io/engine:${DAGGER}`
