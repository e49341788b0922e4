// Binaries: all programs of a source as one that picks by name, or each for itself.

import { posix } from "node:path"
import { type Container, dag, type Directory } from "@dagger.io/dagger"
import type { ProgramEntry } from "../../catalogue/types.js"
import { firstOf } from "../../base/attempts.js"
import type { Trust } from "../../plan/build/caches.js"
import { refusedModule } from "../../plan/toolchains/go/modules.js"
import { programFolders } from "../../plan/build/image.js"
import { fallbackLayout } from "../../plan/build/imageInputs.js"
import { buildFlags, multicallBinary, multicallCommand, programArguments } from "../../plan/toolchains/go/programs.js"
import { noneStarts, type ProgramStart, readStarts, hurtByMerging, started, startReport, startScript, startSeconds } from "../../plan/build/starts.js"
import { tailOf } from "../call/failures.js"
import { ownerOf, withUser } from "./images.js"
import { log, type Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { buildHelper, buildTool, type Toolchain, withBuildCache, withModuleCache } from "../toolchains/go/container.js"
import { type ResolvedSource, wholeOf } from "./foundSource.js"

export type ProgramLayout = "multicall" | "separate"
export type ProgramBuilder = "go" | "mage"

/** Binaries, and the layout that they came out in. */
export interface BuiltPrograms {
  directory: Directory
  /** What an image's inputs say about it: not the wish, where programs could not be put into one. */
  layout: string
}

/** The binaries of some programs; in a multicall layout one file, and a link for each program. Each has been run once. */
export async function buildPrograms(
  settings: Settings,
  toolchain: Toolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
  all: ProgramEntry[],
  layout: ProgramLayout,
  builder: ProgramBuilder,
): Promise<BuiltPrograms> {
  // Compilers print many lines; the list of refusals has one for each attempt.
  let output: string | undefined
  const attempt = (name: string, as: string, limitSeconds: number, build: () => Promise<Directory>) => ({
    name,
    limitSeconds,
    async run() {
      try {
        return { directory: await build(), layout: as }
      } catch (error) {
        output = tailOf(error)
        throw new Error(tailOf(error, 3))
      }
    },
  })
  const separately = () => separate(settings, toolchain, source, wanted, all)
  const one = attempt("one program for all", "multicall", 3600, () => startedTogether(settings, toolchain, source, wanted, all))
  const each = attempt("separate programs", layout === "multicall" ? fallbackLayout : layout, 7200, separately)
  const mage = attempt("mage", layout, 7200, () => byMagefile(settings, toolchain, source, wanted))

  const subject = `build of ${wanted.map((entry) => entry.program).join(", ")}`
  const attempts = builder === "mage" ? [mage] : layout === "multicall" ? [one, each] : [each]
  let built: BuiltPrograms
  try {
    built = (await firstOf(subject, attempts, log)).value
  } catch (error) {
    const reason = output ?? (error as Error).message
    const module = refusedModule(reason)
    if (module !== undefined) throw new Error(`${wanted.length === 1 ? wanted[0].program : `${wanted.length} programs`} cannot be built: ${module}:\n${reason}`)
    throw new Error(`${subject} failed:\n${reason}\nFix the source and call again; what was built is kept.`)
  }
  const starts = await runOnce(settings, source, built.directory, wanted)
  const nobody = noneStarts(starts)
  if (nobody !== undefined) throw new Error(`${subject}: ${nobody}\nFix the source: a program must answer --help without its services and settings.`)
  for (const start of starts.filter((start) => !started(start))) log(`WARNING: ${startReport(start, " ")} when run with --help`)
  return built
}

/** Programs in one binary run each other's initialisers: it is taken only when they start as they do on their own. */
async function startedTogether(
  settings: Settings,
  toolchain: Toolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
  all: ProgramEntry[],
): Promise<Directory> {
  const merged = await multicall(settings, toolchain, source, wanted, all)
  const bad = (await runOnce(settings, source, merged, wanted)).filter((start) => !started(start))
  if (bad.length === 0) return merged
  const those = wanted.filter((entry) => bad.some(({ program }) => program === entry.program))
  const alone = await runOnce(settings, source, await separate(settings, toolchain, source, those, all), those)
  const [hurt] = hurtByMerging(bad, alone)
  if (hurt === undefined) return merged
  throw new Error(`${startReport(hurt, " ")} when it shares a binary with the others, but not on its own`)
}

/** Without caches, secrets and sources, as the image's user, with the configuration where the image has it. */
async function runOnce(settings: Settings, source: ResolvedSource, programs: Directory, wanted: ProgramEntry[]): Promise<ProgramStart[]> {
  const { config, image } = settings.catalogue.sources[wanted[0].source]
  const box = await withUser(settings.catalogue, await toolbox(settings, []), image.home, programFolders(image))
  const files = config === undefined ? [] : await source.directory.glob(`${config}/*`)
  const configured = files.length === 0 ? box : box.withDirectory(image.config, source.directory.directory(config!))
  const output = await configured
    .withMountedDirectory("/programs", programs)
    .withUser(ownerOf(settings.catalogue))
    .withWorkdir(image.home)
    .withExec(["sh", "-c", startScript, "start", String(startSeconds), ...wanted.map((entry) => entry.program)])
    .stdout()
  return readStarts(output)
}

/** No modules are fetched before the source is there: they are kept in a cache of their own, and only a build knows which it needs. */
function workspace(settings: Settings, { version, container }: Toolchain, { root, path }: { root: Directory; path: string }, trust?: Trust): Container {
  const go = trust === undefined ? container : withModuleCache(settings, container, trust)
  return withBuildCache(settings, version, go, trust).withDirectory("/src", root).withWorkdir(folderIn(path))
}

function folderIn(path: string): string {
  return path === "." ? "/src" : `/src/${path}`
}

async function multicall(
  settings: Settings,
  toolchain: Toolchain,
  source: ResolvedSource,
  wanted: ProgramEntry[],
  all: ProgramEntry[],
): Promise<Directory> {
  const binary = multicallBinary(settings.catalogue.stack, all)
  const whole = wholeOf(source)
  const built = workspace(settings, toolchain, whole)
    .withFile("/usr/local/bin/multicall", buildHelper(settings, toolchain, "multicall"))
    .withExec(["sh", "-c", multicallCommand(binary, '"$@"', folderIn(whole.path)), "sh", ...programArguments(all)])
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
    const { root, path } = wholeOf(source)
    const narrowed = others.reduce((directory, other) => directory.withoutDirectory(posix.join(path, other)), root)
    const built = workspace(settings, toolchain, { root: narrowed, path })
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
  const built = workspace(settings, await withMage(settings, toolchain), wholeOf(source), trust)
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
