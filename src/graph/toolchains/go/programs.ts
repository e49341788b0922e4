// The programs of a source: all as one binary that picks by name, each as its own binary, or by the source's own magefile or
// Makefile.

import { posix } from "node:path"
import { type Container, type Directory, dag } from "@dagger.io/dagger"
import type { ProgramEntry } from "../../../catalogue/types.js"
import type { Trust } from "../../../plan/build/caches.js"
import { buildFlags, multicallBinary, multicallCommand, programArguments } from "../../../plan/toolchains/go/programs.js"
import { withSystemPackages } from "../../build/bases.js"
import { folderIn, type ResolvedSource, wholeOf } from "../../build/foundSource.js"
import type { Settings } from "../../call/settings.js"
import type { BuildOrder, PreparedToolchain, ProgramDigests } from "../toolchain.js"
import { compiling, withBuildCache, withModuleCache } from "./caches.js"
import { buildHelper, buildTool } from "./tools.js"

export function goPrograms(
  settings: Settings,
  toolchain: PreparedToolchain,
  { source, wanted, all, layout, builder }: BuildOrder,
): Promise<Directory> {
  if (builder === "mage") return byMagefile(settings, toolchain, source, wanted)
  if (builder === "make") return byMakefile(settings, toolchain, source, wanted)
  return layout === "multicall" ? multicall(settings, toolchain, source, wanted, all) : separate(settings, toolchain, source, wanted, all)
}

/** Digests of the packages that programs import. */
export async function goInputs(
  settings: Settings,
  toolchain: PreparedToolchain,
  source: ResolvedSource,
  programs: ProgramEntry[],
): Promise<ProgramDigests> {
  const { root, path } = wholeOf(source)
  const output = await toolchain.container
    .withDirectory("/src", root)
    .withFile("/usr/local/bin/inputs", buildHelper(settings, toolchain, "inputs"))
    .withExec(["inputs", "-source", folderIn(path), ...programArguments(programs)])
    .stdout()
  return JSON.parse(output)
}

/** No modules are fetched before the source is there: they are kept in their own cache, and only a build knows which it needs. */
function workspace(
  settings: Settings,
  { version, container }: PreparedToolchain,
  { root, path }: { root: Directory; path: string },
  trust?: Trust,
): Container {
  const go = trust === undefined ? container : withModuleCache(settings, container, trust)
  return withBuildCache(settings, version, go, trust).withDirectory("/src", root).withWorkdir(folderIn(path))
}

async function multicall(
  settings: Settings,
  toolchain: PreparedToolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
  all: ProgramEntry[],
): Promise<Directory> {
  const binary = multicallBinary(settings.catalogue.stack, all)
  const whole = wholeOf(source)
  const built = workspace(settings, toolchain, whole)
    .withFile("/usr/local/bin/multicall", buildHelper(settings, toolchain, "multicall"))
    .withExec(compiling(binary, ["sh", "-c", multicallCommand(binary, '"$@"', folderIn(whole.path)), "sh", ...programArguments(all)]))
    .directory("/out")
  return wanted.reduce((folder, entry) => folder.withSymlink(binary, entry.program), built).sync()
}

/** Each in its own step, which does not see the other programs' main packages. */
async function separate(
  settings: Settings,
  toolchain: PreparedToolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
  all: ProgramEntry[],
): Promise<Directory> {
  let folder = dag.directory()
  for (const entry of wanted) {
    const others = all.filter((other) => other.package !== entry.package).map((other) => other.package)
    const { root, path } = wholeOf(source)
    const narrowed = others.reduce((directory, other) => directory.withoutDirectory(posix.join(path, other)), root)
    const built = workspace(settings, toolchain, { root: narrowed, path })
      .withExec(compiling(entry.program, ["go", "build", ...buildFlags, "-o", `/out/${entry.program}`, `./${entry.package}`]))
      .file(`/out/${entry.program}`)
    // One after the other: each uses all processors, and the later ones find what the first has compiled.
    folder = folder.withFile(entry.program, await built.sync())
  }
  return folder.sync()
}

/** The source after its own build, which makes all programs and tools: mage takes further arguments for targets. */
function ownBuild(
  settings: Settings,
  toolchain: PreparedToolchain,
  source: ResolvedSource,
  tool: string,
  environment: Record<string, string> = {},
): Container {
  const trust = settings.custom === undefined ? undefined : "custom"
  return Object.entries(environment)
    .reduce((box, [name, value]) => box.withEnvVariable(name, value), workspace(settings, toolchain, wholeOf(source), trust))
    .withExec(compiling(`${settings.catalogue.stack} with ${tool}`, [tool, "build"]))
}

async function byMagefile(
  settings: Settings,
  toolchain: PreparedToolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
): Promise<Directory> {
  const built = ownBuild(settings, await withMage(settings, toolchain), source, "mage", {
    PLATFORMS: "linux_amd64",
    RELEASE: "true",
  }).directory("_output/bin/platforms/linux/amd64")
  const names = wanted.map((entry) => entry.program)
  return built.filter({ include: names }).sync()
}

/** `make build`, which leaves programs in bin/. */
async function byMakefile(
  settings: Settings,
  toolchain: PreparedToolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
): Promise<Directory> {
  const container = await withSystemPackages(settings, { container: toolchain.container, reference: "" }, "debian", ["make"])
  const built = ownBuild(settings, { ...toolchain, container }, source, "make").directory("bin")
  return wanted.reduce((folder, { program }) => folder.withFile(program, built.file(program)), dag.directory()).sync()
}

/** The toolchain with mage on its PATH. */
export async function withMage(settings: Settings, toolchain: PreparedToolchain): Promise<PreparedToolchain> {
  const mage = await buildTool(settings, toolchain, "mage")
  return { ...toolchain, container: toolchain.container.withFile("/go/bin/mage", mage) }
}
