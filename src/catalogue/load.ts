// Finds a stack's files: below the module, or in a folder that the caller gives instead.

import { readdirSync } from "node:fs"
import { join } from "node:path"
import { unknownName } from "../base/nearest.js"
import type { DeploymentData } from "./deployment.js"
import { Examined, refuse } from "./examine.js"
import { moduleRoot, ownText } from "./ownFiles.js"
import { pinReferences } from "./references.js"
import { examinedStack } from "./stack.js"
import type { Catalogue } from "./types.js"
import { versionsSchema } from "./versions.js"

/** Answers with the text of a file of the stack. */
export type ReadStackFile = (name: string) => Promise<string>

export async function loadCatalogue(stack: string, read?: ReadStackFile): Promise<Catalogue> {
  const folder = read === undefined ? `stacks/${stack}` : "catalogue"
  const { "stack.yaml": stackText, "versions.yaml": versionsText } = await bothFiles(folder, read ?? ownFiles(stack))
  const examined = examinedStack(`${folder}/stack.yaml`, stackText)
  const versions = Examined.file(`${folder}/versions.yaml`, versionsText, versionsSchema)
  if (examined.data !== undefined && versions.data !== undefined) versions.report(pinReferences(examined.data, versions.data))
  const [part, pins] = Examined.outputs(examined, versions)
  return { ...part, pins }
}

/** How a stack runs on a server; undefined where it does not say. Read by what needs it only. */
export async function loadDeployment(catalogue: Catalogue, stack: string, read?: ReadStackFile): Promise<DeploymentData | undefined> {
  const folder = read === undefined ? `stacks/${stack}` : "catalogue"
  const text = await (read ?? ownFiles(stack))("deployment.yaml").catch(() => undefined)
  if (text === undefined) return undefined
  const { readDeployment } = await import("./deployment.js")
  return readDeployment(`${folder}/deployment.yaml`, text, catalogue)
}

const names = ["stack.yaml", "versions.yaml"] as const

async function bothFiles(folder: string, read: ReadStackFile): Promise<Record<(typeof names)[number], string>> {
  const texts = await Promise.all(names.map(async (name) => [name, await read(name).catch(() => undefined)] as const))
  const missing = texts.flatMap(([name, text]) => (text === undefined ? [name] : []))
  refuse(missing.map((name) => `${folder}/${name}: expected a readable file, found none. A stack is ${names.join(" and ")}`))
  return Object.fromEntries(texts) as Record<(typeof names)[number], string>
}

/** Those of the module. */
export function stackNames(): string[] {
  const entries = readdirSync(join(moduleRoot(), "stacks"), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

function ownFiles(stack: string): ReadStackFile {
  const names = stackNames()
  if (!names.includes(stack)) throw unknownName("stack", stack, names)
  return async (name) => ownText(join("stacks", stack, name))
}
