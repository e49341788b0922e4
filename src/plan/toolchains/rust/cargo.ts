// How cargo compiles programs: what they depend on first, so that an edit of the source compiles nothing else again.

import { posix } from "node:path"
import type { ProgramEntry } from "../../../catalogue/types.js"

export const cargoHome = "/cargo"
export const targetFolder = "/target"

/** Where crates are in a bundle, and where a build finds them. */
export const vendorFolder = "/bundle/cargo"

export const cargoVariables: Record<string, string> = {
  CARGO_HOME: cargoHome,
  CARGO_TARGET_DIR: targetFolder,
  CARGO_INCREMENTAL: "0",
  CARGO_TERM_COLOR: "never",
  CARGO_NET_RETRY: "3",
}

/** cargo's settings for another place of crates. */
export function cargoConfig(mirror?: string): string {
  if (mirror === undefined) return ""
  return `[source.crates-io]\nreplace-with = "mirror"\n\n[source.mirror]\nregistry = "sparse+${mirror}/"\n`
}

/** For a folder of crates that have been checked. */
export const vendorConfig = `[source.crates-io]\nreplace-with = "bundle"\n\n[source.bundle]\ndirectory = "${vendorFolder}"\n`

/** Files that say what a source consists of and takes from outside. */
export const manifestPatterns = ["**/Cargo.toml", "**/Cargo.lock", "**/rust-toolchain", "**/rust-toolchain.toml", "**/.cargo/config.toml"]

/** What is no part of a source's programs. */
export const notBuilt = ["**/target", "**/.git"]

/**
 * The files that cargo must find for a manifest to be valid: the roots of programs, libraries and build scripts. `manifests` are the
 * texts by their paths, `files` the paths of all .rs files.
 */
export function rootFiles(manifests: Record<string, string>, files: string[]): string[] {
  const named = Object.entries(manifests).flatMap(([path, text]) =>
    [...text.matchAll(/^\s*(?:path|build)\s*=\s*"([^"]+\.rs)"/gm)].map(([, file = ""]) => posix.join(posix.dirname(path), file)),
  )
  const others = Object.entries(manifests).flatMap(([path, text]) =>
    ["test", "bench", "example"]
      .filter((kind) => text.includes(`[[${kind}]]`))
      .map((kind) => posix.join(posix.dirname(path), folders[kind]!)),
  )
  const usual = files.filter(
    (file) =>
      /(^|\/)(src\/(main|lib)|build)\.rs$|(^|\/)src\/bin\/[^/]+(\/main)?\.rs$/.test(file) ||
      others.some((folder) => file.startsWith(folder)),
  )
  return [...new Set([...usual, ...named])].sort()
}

const folders: Record<string, string> = { test: "tests/", bench: "benches/", example: "examples/" }

/** Compiles as a program, a library and a build script. */
export const placeholder = "fn main() {}\n"

/**
 * Shell: compiles these programs, "$@", without a network. Linked with all that they need, they run on every base. Paths of the machine
 * stay out of them. The list of crates goes in where cargo-auditable is there.
 */
export const compileScript = `
host=$(rustc -vV | sed -n 's/^host: //p')
flags="-C target-feature=+crt-static"
for folder in ${cargoHome}/registry/src/* ${vendorFolder}; do flags="$flags --remap-path-prefix=$folder=/crates"; done
export RUSTFLAGS="$flags" CARGO_NET_OFFLINE=true
for program; do shift; set -- "$@" --bin "$program"; done
if command -v cargo-auditable > /dev/null; then auditable=auditable; else auditable=; fi
cargo $auditable build --release --locked --target "$host" "$@"`

/** The same after the source has come: cargo compares times of files, and those of a source say nothing. */
export const buildScript = `
find . -type f -exec touch {} +
(${compileScript}
)
mkdir -p /out
for program; do cp "${targetFolder}/$(rustc -vV | sed -n 's/^host: //p')/release/$program" /out/; done`

export const fetchScript = `cargo fetch --locked --target "$(rustc -vV | sed -n 's/^host: //p')"`

/** All at once: cargo chooses features of crates for all programs that it compiles together. */
export function programNames(all: ProgramEntry[]): string[] {
  return all.map(({ program }) => program)
}

/** What to do about a failure whose reason lies before the compiler; undefined for errors of the source itself. */
export function cargoRefusal(output: string): string | undefined {
  if (/lock file .* needs to be updated|cannot update the lock file/.test(output))
    return "Cargo.lock does not fit Cargo.toml: run cargo update --workspace in the source and commit Cargo.lock"
  const old = /requires rustc (\S+)|is not supported by the following packages?:\s*\n\s*(\S+ requires rustc \S+)/.exec(output)
  if (old !== null)
    return `it needs Rust ${(old[1] ?? old[2] ?? "").replace(/.*requires rustc /, "")}, which is newer than the Rust here: use an engine that reaches a registry with Rust's image (--bases=registry), or lower rust-version and choose older crates`
  const bin = /no bin target named `([^`]+)`/.exec(output)?.[1]
  if (bin !== undefined) return `Cargo.toml has no program ${bin}, which stack.yaml names: correct the name in one of them`
  const crate = /failed to (?:download|get) `([^`]+)`|no matching package named `([^`]+)` found|failed to download from `([^`]+)`/.exec(
    output,
  )
  if (crate !== null)
    return `the crate ${crate[1] ?? crate[2] ?? crate[3]} cannot be fetched: check the network, or name a mirror (--mirrors=cargo=https://…)`
  const script = /failed to run custom build command for `([^`]+)`/.exec(output)?.[1]
  if (script !== undefined)
    return `the build script of ${script} failed: it may use nothing but its own files and packages of the toolchain, no network`
  return undefined
}
