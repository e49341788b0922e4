// Which Rust a source needs, and which one a container has.

/** What stands for any Rust of this edition of the language: the newest one. */
const anyRust = "1"

/** The channel of rust-toolchain.toml, else the least version that Cargo.toml names. */
export function rustVersionOf([manifest = "", ...others]: string[]): string {
  const channel = others.map(channelIn).find((found) => found !== undefined)
  if (channel !== undefined) return channelVersion(channel)
  return /^\s*rust-version\s*=\s*"([^"]+)"/m.exec(manifest)?.[1] ?? anyRust
}

/** As rust-toolchain.toml has it, or as the older file rust-toolchain, which is a name alone. */
function channelIn(text: string): string | undefined {
  return /^\s*channel\s*=\s*"([^"]+)"/m.exec(text)?.[1] ?? /^\s*([a-z0-9.-]+)\s*$/.exec(text)?.[1]
}

function channelVersion(channel: string): string {
  if (channel === "stable") return anyRust
  const [, version] = /^(\d+\.\d+(?:\.\d+)?)$/.exec(channel) ?? []
  if (version !== undefined) return version
  throw new Error(
    `rust-toolchain.toml asks for Rust "${channel}", which no image and no package has: expected a version such as "1.87.0", or "stable"`,
  )
}

/**
 * What `rustVersionScript` prints, as one version: that of the package, where Rust is one of the distribution's, because it compiles to
 * other bytes than the same version from its makers.
 */
export function foundRust(output: string): string {
  const found = (name: string) => new RegExp(`^${name}: (\\S+)`, "m").exec(output)?.[1]
  const version = found("package") ?? found("release")
  if (version === undefined) throw new Error("rustc does not say its version")
  return version
}

export const rustVersionScript = `rustc -vV && cargo -V && dpkg-query -W -f 'package: \${Version}\\n' rustc-web 2> /dev/null || true`

/** Whether a wanted version, of which the last parts may be missing, is this one. */
export function isVersion(wanted: string, found: string): boolean {
  return found === wanted || new RegExp(`^${wanted.replaceAll(".", "\\.")}([.+~-]|$)`).test(found)
}
