// The programs of a Rust source. What they depend on is compiled before the source is there.

import { type Container, type Directory, dag } from "@dagger.io/dagger"
import { Problem } from "../../../base/problem.js"
import type { ProgramEntry } from "../../../catalogue/types.js"
import {
  buildScript,
  compileScript,
  fetchScript,
  manifestPatterns,
  notBuilt,
  placeholder,
  programNames,
  rootFiles,
} from "../../../plan/toolchains/rust/cargo.js"
import { byContent, type FoundSource, folderIn, type ResolvedSource, wholeOf } from "../../build/foundSource.js"
import { treeDigest } from "../../build/treeDigest.js"
import type { Settings } from "../../call/settings.js"
import { toolbox } from "../../call/toolbox.js"
import type { BuildOrder, PreparedToolchain, ProgramDigests } from "../toolchain.js"
import { withCrates } from "./container.js"

export async function rustPrograms(settings: Settings, toolchain: PreparedToolchain, order: BuildOrder): Promise<Directory> {
  const compiled = await compiledPrograms(settings, toolchain, order)
  return compiled
    .directory("/out")
    .filter({ include: programNames(order.wanted) })
    .sync()
}

/** All programs of the source in /out, right after the step that has compiled them. */
export async function compiledPrograms(
  settings: Settings,
  { container }: PreparedToolchain,
  { source, all }: BuildOrder,
): Promise<Container> {
  const names = programNames(all)
  const { root } = wholeOf(source)
  return (await withFetched(settings, container, source))
    .withExec(["sh", "-euc", compileScript, "compile", ...names])
    .withDirectory("/src", root, { exclude: notBuilt })
    .withExec(["sh", "-euc", buildScript, "build", ...names])
}

/** All crates that a source names, and of the source itself only what says so. */
export async function withFetched(settings: Settings, container: Container, source: FoundSource): Promise<Container> {
  const { path } = wholeOf(source)
  const ready = (await withCrates(settings, container)).withDirectory("/src", await outline(source)).withWorkdir(folderIn(path))
  return settings.bundle ? ready : ready.withExec(["sh", "-euc", fetchScript])
}

/** A source without its code: manifests, and files that hold nothing in the places of programs and libraries. */
async function outline(source: FoundSource): Promise<Directory> {
  const { root } = wholeOf(source)
  const manifests = await byContent(root.filter({ include: manifestPatterns, exclude: notBuilt }))
  const [paths, files] = await Promise.all([manifests.glob("**/Cargo.toml"), root.filter({ exclude: notBuilt }).glob("**/*.rs")])
  await checkLock(source, manifests)
  const texts = await Promise.all(paths.map(async (path) => [path, await manifests.file(path).contents()] as const))
  return rootFiles(Object.fromEntries(texts), files).reduce((folder, file) => folder.withNewFile(file, placeholder), manifests)
}

/** In the source's folder or in one above it, as cargo finds it. */
async function checkLock(source: FoundSource, manifests: Directory): Promise<void> {
  const { path } = wholeOf(source)
  const found = await manifests.glob("**/Cargo.lock")
  if (found.some((file) => `${path === "." ? "" : `${path}/`}Cargo.lock`.startsWith(file.replace(/Cargo\.lock$/, "")))) return
  throw new Problem(
    `the source (${source.origin}) has no Cargo.lock, so it does not say which crates it is made of`,
    "run cargo generate-lockfile in it and commit the file",
  )
}

/** One for all: crates of a workspace are compiled together. */
export async function rustInputs(
  settings: Settings,
  _toolchain: PreparedToolchain,
  source: ResolvedSource,
  programs: ProgramEntry[],
): Promise<ProgramDigests> {
  const files = wholeOf(source).root.filter({ exclude: [...notBuilt, "**/tests", "**/benches", "**/*.md"] })
  const digest = await treeDigest(await toolbox(settings, []), files)
  return { digests: Object.fromEntries(programs.map(({ program }) => [program, digest])), failures: {} }
}

/** Crates as a folder that cargo takes in the place of crates.io; each with the checksums of its files. */
export async function rustCrates(settings: Settings, container: Container, source: FoundSource): Promise<Directory> {
  const vendored = (await withFetched(settings, container, source)).withExec([
    "cargo",
    "vendor",
    "--locked",
    "--versioned-dirs",
    "/fetched/cargo",
  ])
  return dag.directory().withDirectory("cargo", await vendored.directory("/fetched/cargo").sync())
}
