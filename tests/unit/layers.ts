// The layers of src/ and who may import whom: each layer only what stands below it, nothing in a circle.

import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import ts from "typescript"

/** From the bottom up. mirrors and catalogue stand beside each other. */
const layers = [["base"], ["mirrors", "catalogue"], ["plan"], ["graph"], ["tasks"], ["objects"], ["index"]]

/** Dagger's client is for those who make objects of the graph. */
const mayUseClient = ["graph", "objects", "index"]

/** What the host's program shares with the module. */
const sharedWithHost = ["base", "mirrors"]
/** Decisions about a deployment: openimctl makes them on the server, and the module renders what they are about. */
const decisionsOfHost = "src/plan/deploy/"

interface Import {
  from: string
  to: string
  line: number
  /** The names that are imported as values. */
  values: string[]
  /** Nothing of it is left in the program. */
  typeOnly: boolean
}

/** Every fault as "file:line: what is wrong". */
export function layerFaults(root: string): string[] {
  const module = filesBelow(root, "src").flatMap((file) => importsOf(root, file))
  const host = filesBelow(root, "host").flatMap((file) => importsOf(root, file))
  return [
    ...module.flatMap(upward),
    ...module.flatMap(clientUse),
    ...host.flatMap(fromHost),
    ...beyondHost(root, [...host, ...module]),
    ...circles(module),
  ]
}

function upward({ from, to, line }: Import): string[] {
  if (!to.startsWith("src/")) return []
  const [above, below] = [layerOf(from), layerOf(to)]
  if (above === -1 || below === -1) return [`${from}:${line}: ${above === -1 ? from : to} is in none of the layers`]
  const sideways = above === below && folderOf(from) !== folderOf(to)
  return below > above || sideways ? [`${from}:${line}: ${folderOf(from)} may not import ${to}`] : []
}

function clientUse({ from, to, line, values }: Import): string[] {
  if (to !== "@dagger.io/dagger" || !values.includes("dag") || mayUseClient.includes(folderOf(from))) return []
  return [`${from}:${line}: ${folderOf(from)} may not use dag`]
}

function fromHost({ from, to, line }: Import): string[] {
  if (!to.startsWith("src/") || sharedWithHost.includes(folderOf(to)) || to.startsWith(decisionsOfHost)) return []
  return [`${from}:${line}: the host may import ${sharedWithHost.join(" and ")} only, not ${to}`]
}

/**
 * What the host's program would take in through the files that it shares with the module: on a server and in a fresh clone there
 * are the packages of host/ only, and ./daggerw makes its program again when one of the shared folders changes, not for others.
 */
function beyondHost(root: string, imports: Import[]): string[] {
  const packages = Object.keys(JSON.parse(readFileSync(join(root, "host/package.json"), "utf8")).dependencies)
  const shared = (file: string) => sharedWithHost.some((folder) => file.startsWith(`src/${folder}/`)) || file.startsWith(decisionsOfHost)
  const installed = (name: string) => name.startsWith("node:") || packages.some((one) => name === one || name.startsWith(`${one}/`))
  const isFile = (to: string) => to.startsWith("src/") || to.startsWith("host/")
  const reached = new Set(imports.map(({ from }) => from).filter((file) => file.startsWith("host/")))
  const faults: string[] = []
  for (const file of reached) {
    for (const { to, line } of imports.filter(({ from, typeOnly }) => from === file && !typeOnly)) {
      if (isFile(to)) reached.add(to)
      if (file.startsWith("host/") || (isFile(to) ? shared(to) : installed(to))) continue
      faults.push(`${file}:${line}: the host's program takes in this file and cannot take in ${to}`)
    }
  }
  return faults
}

/** Files that import each other, directly or through others; each circle once. */
function circles(imports: Import[]): string[] {
  const targets = new Map<string, string[]>()
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to])
  const done = new Set<string>()
  const faults: string[] = []
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file)
    if (at >= 0) faults.push(`${file}:1: a circle of imports: ${[...path.slice(at), file].join(" → ")}`)
    if (at >= 0 || done.has(file)) return
    for (const to of targets.get(file) ?? []) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of targets.keys()) visit(file, [])
  return faults
}

function layerOf(file: string): number {
  return layers.findIndex((names) => names.includes(folderOf(file)))
}

/** The folder below src/; for index.ts its own name. */
function folderOf(file: string): string {
  return file.split("/")[1].replace(/\.ts$/, "")
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.m?ts$/.test(name) && !name.includes("node_modules"))
    .map((name) => `${folder}/${name}`)
}

function importsOf(root: string, from: string): Import[] {
  const source = ts.createSourceFile(from, readFileSync(join(root, from), "utf8"), ts.ScriptTarget.ES2022, true)
  return source.statements.flatMap((node) => {
    const given = ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined
    if (given === undefined || !ts.isStringLiteral(given)) return []
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
    const typeOnly = ts.isImportDeclaration(node) ? node.importClause?.isTypeOnly === true : (node as ts.ExportDeclaration).isTypeOnly
    return [{ from, to: fileOf(root, from, given.text), line, values: valuesOf(node), typeOnly }]
  })
}

function fileOf(root: string, from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier
  return `${relative(root, join(root, dirname(from), specifier)).replace(/\.(js|ts)$/, "")}.ts`
}

function valuesOf(node: ts.Statement): string[] {
  const clause = ts.isImportDeclaration(node) ? node.importClause : undefined
  const named = clause?.namedBindings
  if (clause === undefined || clause.isTypeOnly || named === undefined || !ts.isNamedImports(named)) return []
  return named.elements.filter((element) => !element.isTypeOnly).map((element) => (element.propertyName ?? element.name).text)
}
