// Finds a stack's files: below the module, or in a folder that the caller gives instead.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { unknownName } from "../base/nearest.js"
import { readStack } from "./stack.js"
import type { Catalogue } from "./types.js"
import { readVersions } from "./versions.js"

/** Answers with the text of a file of the stack. */
export type ReadStackFile = (name: string) => Promise<string>

export async function loadCatalogue(stack: string, read?: ReadStackFile): Promise<Catalogue> {
  const folder = read === undefined ? `stacks/${stack}` : "catalogue"
  const reader = read ?? ownFiles(stack)
  const [stackText, versionsText] = await Promise.all([
    readOr(reader, folder, "stack.yaml"),
    readOr(reader, folder, "versions.yaml"),
  ])
  const catalogue = readStack(`${folder}/stack.yaml`, stackText)
  return assemble(folder, catalogue, readVersions(`${folder}/versions.yaml`, versionsText))
}

function assemble(folder: string, part: Omit<Catalogue, "pins">, pins: Catalogue["pins"]): Catalogue {
  const missing = (what: string) => new Error(`${folder}/versions.yaml: expected ${what}, found nothing`)
  for (const source of Object.keys(part.sources)) {
    if (pins.sources[source] === undefined) throw missing(`sources.${source} (the pin of a source in stack.yaml)`)
  }
  for (const { kind, name } of Object.values(part.components)) {
    if (kind === "reference" && pins.references[name] === undefined) throw missing(`references.${name} (the tag of a referenced image)`)
  }
  for (const component of Object.values(part.components)) {
    if (component.kind !== "installed") continue
    for (const { archive } of Object.values(component.install)) {
      const build = archive === undefined ? true : pins.archives[component.name]?.builds[archive]
      if (build === undefined) throw missing(`archives.${component.name}.builds.${archive} (the archive of a component in stack.yaml)`)
    }
  }
  for (const { origin } of Object.values(part.services)) {
    if ("component" in origin) continue
    if (pins.images[origin.image] === undefined) throw missing(`images.${origin.image} (the image of a service in stack.yaml)`)
    const { tool } = origin.packaged
    if (tool !== undefined && pins.tools[tool] === undefined) throw missing(`tools.${tool} (the tool of a service in stack.yaml)`)
  }
  for (const image of ["golang", "debian", "node"]) if (!pins.images[image]) throw missing(`images.${image}`)
  return { ...part, pins }
}

async function readOr(read: ReadStackFile, folder: string, name: string): Promise<string> {
  let text: string
  try {
    text = await read(name)
  } catch {
    throw new Error(`${folder}/${name}: expected a readable file, found none. A stack is stack.yaml and versions.yaml`)
  }
  // What is not UTF-8 has become this character on its way here.
  const line = text.split("\n").findIndex((one) => one.includes("\uFFFD"))
  if (line >= 0) throw new Error(`${folder}/${name}:${line + 1}: this line is not UTF-8: save the file as UTF-8 (iconv -f ISO-8859-1 -t UTF-8)`)
  return text
}

function ownFiles(stack: string): ReadStackFile {
  const stacks = join(moduleRoot(), "stacks")
  const known = readdirSync(stacks, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const names = known.map((entry) => entry.name)
  if (!names.includes(stack)) throw unknownName("stack", stack, names)
  return async (name) => readFileSync(join(stacks, stack, name), "utf8")
}

/** Upwards from this file, because an SDK may run a compiled copy of it from another depth. */
export function moduleRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "dagger.json")) && existsSync(join(folder, "stacks"))) return folder
    if (folder === dirname(folder)) throw new Error("the module's folder stacks/ is missing: check out the module again")
  }
}
