// The remote images that a Dockerfile needs.

import type { Copy, Dockerfile, From, Instruction, ModifiableInstruction } from "dockerfile-ast"
import { readReference } from "../../base/references.js"
import { type ArgumentValues, argumentValues, expanded } from "./dockerfileArguments.js"
import type { FoundImage } from "./wantedImages.js"

interface DockerfileStage {
  /** By which FROM and --from call it, in small letters. */
  name: string
  /** What it is called in a list: its name, or its number, which begins with 0. */
  title: string
  /** The stage that it begins with, or an image. */
  base: { stage: number } | { image: string } | undefined
  /** Images that its instructions take files from. */
  files: [image: string, purpose: string][]
}

/** The usual names: Dockerfile, Dockerfile.web, web.Dockerfile. Files about Dockerfiles, such as dockerfile.ts, are none. */
export function isDockerfile(path: string): boolean {
  const name = path.split("/").at(-1) ?? ""
  if (/\.(dockerignore|md)$/i.test(name)) return false
  return /^(Docker|Container)file(\..+)?$/.test(name) || /(^|\.)(docker|container)file$/i.test(name)
}

/**
 * In the order of their lines. Stages of the file and scratch are not remote images; a platform changes nothing about the name.
 * `given` are values of ARGs.
 */
export async function dockerfileImages(file: string, text: string, given: Record<string, string> = {}): Promise<FoundImage[]> {
  // Loaded here, because every call of the module reads this file.
  const { DockerfileParser } = await import("dockerfile-ast")
  const parsed = DockerfileParser.parse(text)
  const stages = readStages(file, parsed, argumentValues(file, declaredArguments(parsed), given))
  if (stages.length === 0) throw new Error(`${file}: no FROM: this is not a Dockerfile`)
  const final = finalStages(stages)
  return stages.flatMap(({ title: stage, base, files }, index) => {
    const used: [image: string, purpose: string][] = [...files]
    if (base !== undefined && "image" in base) used.unshift([base.image, final.has(index) ? "final image" : "build stage"])
    return used.map(([image, purpose]): FoundImage => [checked(file, image), { where: file, stage, purpose }])
  })
}

function declaredArguments(parsed: Dockerfile): [string, string | null][] {
  return parsed.getInitialARGs().flatMap((arg): [string, string | null][] => {
    // One ARG may declare several.
    return arg.getProperties().map((property) => [property.getName(), property.getValue()])
  })
}

function readStages(file: string, parsed: Dockerfile, values: ArgumentValues): DockerfileStage[] {
  const stages: DockerfileStage[] = []
  for (const instruction of parsed.getInstructions()) {
    const stage = stages.at(-1)
    if (instruction.getKeyword() === "FROM") {
      const from = instruction as From
      const image = unquoted(expanded(file, from.getImage() ?? "", values))
      if (image === "") throw new Error(`${file}: a FROM without an image, line ${instruction.getRange().start.line + 1}`)
      const name = from.getBuildStage() ?? String(stages.length)
      stages.push({ name: name.toLowerCase(), title: name, base: baseOfStage(stages, image), files: [] })
    } else if (stage !== undefined) {
      const earlier = stages.slice(0, -1)
      for (const [source, purpose] of sourcesOf(instruction)) {
        const image = expanded(file, source, values)
        if (indexOfStage(earlier, image) === undefined && image !== "scratch") stage.files.push([image, purpose])
      }
    }
  }
  return stages
}

function baseOfStage(stages: DockerfileStage[], image: string): DockerfileStage["base"] {
  const index = indexOfName(stages, image)
  if (index !== -1) return { stage: index }
  return image === "scratch" ? undefined : { image }
}

/** --from may also give a stage's number. */
function indexOfStage(stages: DockerfileStage[], source: string): number | undefined {
  const named = indexOfName(stages, source)
  if (named !== -1) return named
  return /^\d+$/.test(source) && Number(source) < stages.length ? Number(source) : undefined
}

function indexOfName(stages: DockerfileStage[], name: string): number {
  return stages.map((stage) => stage.name).lastIndexOf(name.toLowerCase())
}

/** What an instruction takes files from. A trigger (ONBUILD) takes them in other builds, not in this one. */
function sourcesOf(instruction: Instruction): [source: string, purpose: string][] {
  switch (instruction.getKeyword()) {
    case "COPY": {
      const from = (instruction as Copy).getFromFlag()?.getValue()
      return from ? [[from, "files copied from it"]] : []
    }
    case "RUN": {
      const mounts = (instruction as ModifiableInstruction).getFlags().filter((flag) => flag.getName() === "mount")
      return mounts.flatMap((flag): [string, string][] => {
        const from = flag.getOption("from")?.getValue()
        return from ? [[from, "files mounted from it"]] : []
      })
    }
    default:
      return []
  }
}

/** The last stage and those that it begins with: what they start from is in the final image. */
function finalStages(stages: DockerfileStage[]): Set<number> {
  const final = new Set<number>()
  let next = stages.length - 1
  for (let stage = stages.at(-1); stage !== undefined; stage = stages[next]) {
    final.add(next)
    if (stage.base === undefined || !("stage" in stage.base)) break
    next = stage.base.stage
  }
  return final
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, "$2")
}

function checked(file: string, image: string): string {
  try {
    readReference(image)
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`)
  }
  return image
}
