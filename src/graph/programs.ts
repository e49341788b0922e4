// Binaries: all programs of a source as one that picks by name, or each for itself.

import { type Container, dag, type Directory } from "@dagger.io/dagger"
import type { ProgramEntry } from "../catalogue/types.js"
import { firstOf } from "../plan/attempts.js"
import type { Trust } from "../plan/caches.js"
import { buildFlags, programArguments, multicallBinary, multicallCommand } from "../plan/programs.js"
import { tailOf } from "./failures.js"
import { log, type Settings } from "./settings.js"
import type { ResolvedSource } from "./sources.js"
import { buildHelper, buildTool, type Toolchain, withBuildCache, withModuleCache } from "./toolchain.js"

export type ProgramLayout = "multicall" | "separate"
export type ProgramBuilder = "go" | "mage"

/** The binaries of some programs; in a multicall layout one file, and a link for each program. */
export async function buildPrograms(
  settings: Settings,
  toolchain: Toolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
  all: ProgramEntry[],
  layout: ProgramLayout,
  builder: ProgramBuilder,
): Promise<Directory> {
  // Compilers print many lines; the list of refusals has one for each attempt.
  let output: string | undefined
  const attempt = (name: string, limitSeconds: number, build: () => Promise<Directory>) => ({
    name,
    limitSeconds,
    async run() {
      try {
        return await build()
      } catch (error) {
        output = tailOf(error)
        throw new Error(tailOf(error, 3))
      }
    },
  })
  const one = attempt("one program for all", 3600, () => multicall(settings, toolchain, source, wanted, all))
  const each = attempt("separate programs", 7200, () => separate(settings, toolchain, source, wanted, all))
  const mage = attempt("mage", 7200, () => byMagefile(settings, toolchain, source, wanted))

  const subject = `build of ${wanted.map((entry) => entry.program).join(", ")}`
  const attempts = builder === "mage" ? [mage] : layout === "multicall" ? [one, each] : [each]
  try {
    return (await firstOf(subject, attempts, log)).value
  } catch (error) {
    const reason = output ?? (error as Error).message
    throw new Error(`${subject} failed:\n${reason}\nMend the source and call again; what was built is kept.`)
  }
}

/** Modules come before sources, so that an edit does not fetch them again. */
function workspace(settings: Settings, { version, container }: Toolchain, source: Directory, trust?: Trust): Container {
  const fetched = (trust === undefined ? container : withModuleCache(settings, container, trust))
    .withWorkdir("/src")
    .withDirectory("/src", source, { include: ["go.mod", "go.sum"] })
    .withExec(["go", "mod", "download"])
  return withBuildCache(settings, version, fetched, trust).withDirectory("/src", source)
}

async function multicall(
  settings: Settings,
  toolchain: Toolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
  all: ProgramEntry[],
): Promise<Directory> {
  const binary = multicallBinary(settings.catalogue.stack, all)
  const built = workspace(settings, toolchain, source.directory)
    .withFile("/usr/local/bin/multicall", buildHelper(settings, toolchain, "multicall"))
    .withExec(["sh", "-c", multicallCommand(binary, '"$@"'), "sh", ...programArguments(all)])
    .directory("/out")
  return wanted.reduce((folder, entry) => folder.withSymlink(binary, entry.program), built).sync()
}

/** Each in a step of its own, which does not see the other programs' main packages. */
async function separate(
  settings: Settings,
  toolchain: Toolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
  all: ProgramEntry[],
): Promise<Directory> {
  let folder = dag.directory()
  for (const entry of wanted) {
    const others = all.filter((other) => other.package !== entry.package).map((other) => other.package)
    const narrowed = others.reduce((directory, other) => directory.withoutDirectory(other), source.directory)
    const built = workspace(settings, toolchain, narrowed)
      .withExec(["go", "build", ...buildFlags, "-o", `/out/${entry.program}`, `./${entry.package}`])
      .file(`/out/${entry.program}`)
    // One after the other: each uses all processors, and the later ones find what the first has compiled.
    folder = folder.withFile(entry.program, await built.sync())
  }
  return folder.sync()
}

async function byMagefile(
  settings: Settings,
  toolchain: Toolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
): Promise<Directory> {
  const trust = settings.custom === undefined ? undefined : "custom"
  const built = workspace(settings, await withMage(settings, toolchain), source.directory, trust)
    .withEnvVariable("PLATFORMS", "linux_amd64")
    .withEnvVariable("RELEASE", "true")
    // It builds all programs and tools: mage takes further arguments for targets.
    .withExec(["mage", "build"])
    .directory("_output/bin/platforms/linux/amd64")
  const names = wanted.map((entry) => entry.program)
  return built.filter({ include: names }).sync()
}

/** The toolchain with mage on its PATH. */
export async function withMage(settings: Settings, toolchain: Toolchain): Promise<Toolchain> {
  const mage = await buildTool(settings, toolchain, "mage")
  return { ...toolchain, container: toolchain.container.withFile("/go/bin/mage", mage) }
}
