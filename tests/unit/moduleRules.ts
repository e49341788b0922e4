// The rules that a module must keep to load, and to be cached, on the stock TypeScript SDK as well as on ours.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { dirname, join, relative } from "node:path"
import ts from "typescript"

/** What the SDK bundle inside a module exports besides the generated client; the npm package has more. */
const bundle = ["connection", "connect", "Context", "func", "check", "generate", "argument", "object", "field", "enumType", "entrypoint"]

export interface ModuleFiles {
  root: string
  /** Names that the generated client exports. */
  client: Set<string>
}

export function clientNames(root: string): Set<string> {
  const file = join(root, "node_modules/@dagger.io/dagger/dist/src/api/client.gen.d.ts")
  return new Set(
    [...readFileSync(file, "utf8").matchAll(/^export (?:declare )?(?:class|type|enum|const|interface) (\w+)/gm)].map(([, name]) => name),
  )
}

/** Every fault as "file:line: what is wrong". */
export function moduleFaults({ root, client }: ModuleFiles): string[] {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.m?ts$/.test(name))
    .map((name) => join(root, "src", name))
  const parsed = files.map((file) => ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true))
  const faults: string[] = []
  const exported = new Map<string, string>()
  for (const source of parsed) {
    const name = relative(root, source.fileName)
    const report = (node: ts.Node, what: string) => {
      faults.push(`${name}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`)
    }
    checkVolumes(source, report)
    if (/\.(test|spec)\.m?ts$/.test(name)) report(source, "a test below src/ is imported at every call")
    for (const statement of source.statements) {
      if (ts.isImportDeclaration(statement)) checkImport(statement, source.fileName, root, client, report)
      if (ts.isClassDeclaration(statement) && decorator(statement, "object")) checkObject(statement, report)
      for (const type of exportedTypes(statement)) {
        const other = exported.get(type)
        if (other !== undefined) report(statement, `type ${type} is exported by ${other} too, and types are found by name`)
        if (client.has(type)) report(statement, `type ${type} has the name of one of Dagger's own`)
        exported.set(type, name)
      }
    }
  }
  return [...faults, ...descriptionFaults(root), ...lengthFaults(root), ...lockFaults(root)]
}

type Report = (node: ts.Node, what: string) => void

/** An engine keeps a volume for as long as it has room: names are few, and the same each time. */
function checkVolumes(node: ts.Node, report: Report): void {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "cacheVolume") {
    if (/\b(Date|random\w*|nonce|fresh)\b/.test(node.arguments.map((argument) => argument.getText()).join()))
      report(node, "a cache volume for each run is never removed")
  }
  ts.forEachChild(node, (child) => checkVolumes(child, report))
}

function checkImport(node: ts.ImportDeclaration, file: string, root: string, client: Set<string>, report: Report): void {
  const from = (node.moduleSpecifier as ts.StringLiteral).text
  const clause = node.importClause
  if (from.startsWith(".")) {
    const target = join(dirname(file), from)
    if (!/\.js$/.test(from)) report(node, `import "${from}" needs the ending .js`)
    else if (!existsSync(target.replace(/\.js$/, ".ts"))) report(node, `import "${from}" has no file`)
    else if (relative(join(root, "src"), target).startsWith("..")) report(node, `import "${from}" leaves src/`)
    return
  }
  if (from === "@dagger.io/dagger") {
    const named = clause?.namedBindings
    if (clause?.isTypeOnly) return
    if (named === undefined || !ts.isNamedImports(named)) return report(node, "import single names from @dagger.io/dagger")
    for (const element of named.elements) {
      const name = (element.propertyName ?? element.name).text
      if (!bundle.includes(name) && !client.has(name)) report(element, `the stock SDK bundle does not export ${name}`)
    }
    return
  }
  if (from.startsWith("node:") && builtinModules.includes(from.slice(5).split("/")[0])) return
  const dependencies = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies ?? {}
  const name = from
    .split("/")
    .slice(0, from.startsWith("@") ? 2 : 1)
    .join("/")
  if (!Object.hasOwn(dependencies, name)) report(node, `import "${from}" is neither a node: module nor a dependency`)
}

function checkObject(node: ts.ClassDeclaration, report: Report): void {
  if (!node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) report(node, "the object is not exported")
  for (const member of node.members) {
    if (member.name && ts.isPrivateIdentifier(member.name)) report(member, `${member.name.text} is lost between calls`)
    if (ts.isConstructorDeclaration(member)) checkParameters("constructor", member, report)
    if (!ts.isMethodDeclaration(member)) continue
    const name = member.name.getText()
    const func = decorator(member, "func")
    if (!func) {
      if (decorator(member, "check")) report(member, `${name} has @check() without @func()`)
      continue
    }
    const cache =
      func.arguments[0] && ts.isObjectLiteralExpression(func.arguments[0])
        ? func.arguments[0].properties.find((property) => property.name?.getText() === "cache")
        : undefined
    const policy = cache && ts.isPropertyAssignment(cache) && ts.isStringLiteral(cache.initializer) ? cache.initializer.text : ""
    if (!/^(never|session|\d+[smh])$/.test(policy)) report(member, `${name} names no cache policy`)
    checkDescription(name, member, report)
    checkParameters(name, member, report)
    if (decorator(member, "check") && member.parameters.some((parameter) => !optional(parameter))) {
      report(member, `${name} is a check that needs an argument`)
    }
  }
}

function checkParameters(owner: string, node: ts.ConstructorDeclaration | ts.MethodDeclaration, report: Report): void {
  for (const parameter of node.parameters) {
    if (!documented(parameter)) report(parameter, `${owner}: ${parameter.name.getText()} has no description`)
    checkWords(`${owner}: ${parameter.name.getText()}`, parameter, report)
  }
}

function optional(parameter: ts.ParameterDeclaration): boolean {
  const argument = decorator(parameter, "argument")
  return Boolean(parameter.questionToken || parameter.initializer || argument?.getText().includes("defaultPath"))
}

/** `./daggerw functions` shows the first line of a description, cut where the source breaks it. */
const mostLetters = 90

/** Words that readers stumble over. */
const oddWords = /\b(told|tells?|anew|mend\w*|at hand|(of|on) (your|its|one's) own|can(not)? be had|is no [a-z]+\b(?! (longer|more)))\b/i

function checkDescription(name: string, node: ts.MethodDeclaration, report: Report): void {
  const text = description(node)
  if (text === undefined) return report(node, `${name} has no description`)
  checkWords(name, node, report)
  const [first = ""] = text.split("\n")
  if (!/^[A-Za-z].*\.$/.test(first) || first.length > mostLetters) {
    report(node, `the first line of ${name}'s description is not a whole sentence of at most ${mostLetters} letters: "${first}"`)
  }
}

function checkWords(what: string, node: ts.Node, report: Report): void {
  const odd = oddWords.exec(description(node) ?? "")?.[0]
  if (odd !== undefined) report(node, `${what}: the description has "${odd}": write it in plain English`)
}

function documented(node: ts.Node): boolean {
  return description(node) !== undefined
}

/** The comment in front, on separate lines or on the same one; in a parameter list the compiler's own finder only knows @param tags. */
function description(node: ts.Node): string | undefined {
  const text = node.getSourceFile().text
  const start = node.getFullStart()
  const ranges = [...(ts.getTrailingCommentRanges(text, start) ?? []), ...(ts.getLeadingCommentRanges(text, start) ?? [])]
  const comment = ranges.map((range) => text.slice(range.pos, range.end)).find((one) => /^\/\*\*\s*\S/.test(one))
  return comment?.replace(/^\/\*\*[\s*]*|\s*\*\/$/g, "").replace(/\n\s*\* ?/g, "\n")
}

/** The main object says what there is; the work is done by tasks. */
const mostLines = 450

function lengthFaults(root: string): string[] {
  const lines = readFileSync(join(root, "src/index.ts"), "utf8").trimEnd().split("\n").length
  return lines > mostLines
    ? [
        `src/index.ts:${mostLines + 1}: it has ${lines} lines, more than ${mostLines}: put what is not a parameter or a description into src/tasks`,
      ]
    : []
}

function decorator(node: ts.Node, name: string): ts.CallExpression | undefined {
  const list = ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : []
  return list
    .map((entry) => entry.expression)
    .find((call): call is ts.CallExpression => ts.isCallExpression(call) && call.expression.getText() === name)
}

function exportedTypes(node: ts.Statement): string[] {
  const type =
    ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node) || ts.isEnumDeclaration(node)
  return type && node.name && node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ? [node.name.text] : []
}

function descriptionFaults(root: string): string[] {
  const text = readFileSync(join(root, "src/index.ts"), "utf8")
  return /^\/\*\*[\s\S]*?\*\/\s*import /.test(text) ? [] : ["src/index.ts:1: the module's description must stand before the first import"]
}

/** The lock file's first entry repeats package.json; npm refuses to install from one that does not. */
function lockFaults(root: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages
  const faults: string[] = []
  for (const kind of ["dependencies", "devDependencies"]) {
    const wanted = manifest[kind] ?? {}
    const locked = lock[""][kind] ?? {}
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(locked)])) {
      const found = lock[`node_modules/${name}`]?.version
      if (wanted[name] !== locked[name] || found !== wanted[name]) {
        faults.push(`package-lock.json: ${name} is ${found ?? "missing"}, package.json pins ${wanted[name] ?? "none"}: run npm install`)
      }
    }
  }
  return faults
}
