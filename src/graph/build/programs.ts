// Binaries: all programs of a source as one that picks by name, or each for itself.

import type { Directory } from "@dagger.io/dagger"
import { firstOf } from "../../base/attempts.js"
import { firstIn } from "../../base/entries.js"
import { Problem } from "../../base/problem.js"
import { sourceEntry } from "../../catalogue/lookup.js"
import { ownText } from "../../catalogue/ownFiles.js"
import type { ProgramEntry } from "../../catalogue/types.js"
import { programFolders, startSeconds } from "../../plan/build/image.js"
import { fallbackLayout } from "../../plan/build/imageInputs.js"
import { hurtByMerging, noneStarts, type ProgramStart, readStarts, started, startReport } from "../../plan/build/starts.js"
import { layoutOf } from "../../plan/toolchains/toolchains.js"
import { tailOf } from "../call/failures.js"
import { log, type Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import type { BuildOrder, PreparedToolchain } from "../toolchains/toolchain.js"
import { programMaker, toolchainByName } from "../toolchains/toolchains.js"
import type { ResolvedSource } from "./foundSource.js"
import { ownerOf, withUser } from "./images.js"

/** Binaries, and the layout that they came out in. */
export interface BuiltPrograms {
  directory: Directory
  /** What an image's inputs say about it: not the request, where programs could not be put into one. */
  layout: string
}

/** The binaries of some programs; in a multicall layout one file, and a link for each program. Each has been run once. */
export async function buildPrograms(settings: Settings, toolchain: PreparedToolchain, order: BuildOrder): Promise<BuiltPrograms> {
  const maker = toolchainByName(toolchain.name)
  const { builders, refusal } = maker
  const { build } = programMaker(toolchain.name)
  const { source, wanted, builder } = order
  const layout = layoutOf(maker, order.layout)
  // Compilers print many lines; the list of refusals has one for each attempt.
  let output: string | undefined
  let problem: Problem | undefined
  const attempt = (name: string, as: string, limitSeconds: number, build: () => Promise<Directory>) => ({
    name,
    limitSeconds,
    async run() {
      try {
        return { directory: await build(), layout: as }
      } catch (error) {
        problem = error instanceof Problem ? error : undefined
        output = tailOf(error)
        throw new Error(tailOf(error, 3))
      }
    },
  })
  const one = attempt("one program for all", "multicall", 3600, () => startedTogether(settings, toolchain, order))
  const each = attempt("separate programs", layout === "multicall" ? fallbackLayout : layout, 7200, () =>
    build(settings, toolchain, separately(order)),
  )
  const other = attempt(builder, layout, 7200, () => build(settings, toolchain, order))

  const subject = `build of ${wanted.map((entry) => entry.program).join(", ")}`
  const attempts = builder !== builders[0] ? [other] : layout === "multicall" ? [one, each] : [each]
  let built: BuiltPrograms
  try {
    built = (await firstOf(subject, attempts, log)).value
  } catch (error) {
    // Something that no compiler has looked at yet, such as a lock file that is missing.
    if (problem !== undefined) throw new Problem(`${subject} failed: ${problem.what}`, problem.next)
    const reason = output ?? (error as Error).message
    const refused = refusal(reason)
    const [first, ...others] = wanted
    if (refused !== undefined)
      throw new Error(`${others.length === 0 ? first?.program : `${wanted.length} programs`} cannot be built: ${refused}:\n${reason}`)
    throw new Error(`${subject} failed:\n${reason}\nFix the source and call again; what was built is kept.`)
  }
  const starts = await runOnce(settings, source, built.directory, wanted)
  const nobody = noneStarts(starts)
  if (nobody !== undefined)
    throw new Error(`${subject}: ${nobody}\nFix the source: a program must answer --help without its services and settings.`)
  for (const start of starts.filter((start) => !started(start))) log(`WARNING: ${startReport(start, " ")} when run with --help`)
  return built
}

/** Programs in one binary run each other's initialisers: it is taken only when they start as they do on their own. */
async function startedTogether(settings: Settings, toolchain: PreparedToolchain, order: BuildOrder): Promise<Directory> {
  const { source, wanted } = order
  const { build } = programMaker(toolchain.name)
  const merged = await build(settings, toolchain, { ...order, layout: "multicall" })
  const bad = (await runOnce(settings, source, merged, wanted)).filter((start) => !started(start))
  if (bad.length === 0) return merged
  const those = wanted.filter((entry) => bad.some(({ program }) => program === entry.program))
  const alone = await runOnce(settings, source, await build(settings, toolchain, separately({ ...order, wanted: those })), those)
  const [hurt] = hurtByMerging(bad, alone)
  if (hurt === undefined) return merged
  throw new Error(`${startReport(hurt, " ")} when it shares a binary with the others, but not on its own`)
}

function separately(order: BuildOrder): BuildOrder {
  return { ...order, layout: "separate" }
}

/** Without caches, secrets and sources, as the image's user, with the configuration where the image has it. */
async function runOnce(settings: Settings, source: ResolvedSource, programs: Directory, wanted: ProgramEntry[]): Promise<ProgramStart[]> {
  const { config, image } = sourceEntry(settings.catalogue, firstIn(wanted, "program").source)
  const container = await withUser(settings.catalogue, await toolbox(settings, []), image.home, programFolders(image))
  const files = config === undefined ? [] : await source.directory.glob(`${config}/*`)
  const configured = files.length === 0 ? container : container.withDirectory(image.config, source.directory.directory(config!))
  const output = await configured
    .withMountedDirectory("/programs", programs)
    .withUser(ownerOf(settings.catalogue))
    .withWorkdir(image.home)
    .withExec(["sh", "-c", ownText("shell/try-starts.sh"), "start", String(startSeconds), ...wanted.map((entry) => entry.program)])
    .stdout()
  return readStarts(output)
}
