// The module's functions with their options and types, as ./daggerw knows them: read from the sources, and for what a call may go
// on with (containers, files, services) from Dagger's client.

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import type { FunctionList, KnownFunction, KnownObject, Options } from "../../host/call/list.js"
import { kebab } from "../../host/call/names.js"

const clientFile = "node_modules/@dagger.io/dagger/dist/src/api/client.gen.d.ts"

/** All that a call may name, starting from the class with the constructor. */
export function moduleFunctions(root: string, main: string): FunctionList {
  const own = ownObjects(root)
  const core = coreObjects(readFileSync(join(root, clientFile), "utf8"))
  const objects: Record<string, KnownObject> = {}
  const add = (name: string): void => {
    const found = own[name] ?? core[name]
    if (found === undefined || Object.hasOwn(objects, name)) return
    objects[name] = found
    for (const entry of Object.values(found.functions)) add(entry.gives)
  }
  add(main)
  return { main, own: Object.keys(objects).filter((name) => Object.hasOwn(own, name)), objects }
}

/** The file that ./daggerw reads. */
export function functionsFile(list: FunctionList): string {
  const lines = Object.entries(list.objects).map(([name, { options, functions }]) => {
    const entries = Object.entries(functions).map(([key, entry]) => `      ${JSON.stringify(key)}: ${JSON.stringify(entry)},\n`)
    return `    ${name}: {\n      options: ${JSON.stringify(options)},\n      functions: {\n${entries.map((line) => `  ${line}`).join("")}      },\n    },\n`
  })
  return `// Made by \`npm run generate\` from src/ and Dagger's client; do not edit.
import type { FunctionList } from "./list"

export const functionList: FunctionList = {
  main: ${JSON.stringify(list.main)},
  own: ${JSON.stringify(list.own)},
  objects: {
${lines.join("")}  },
}
`
}

function parse(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true)
}

function ownObjects(root: string): Record<string, KnownObject> {
  const found: Record<string, KnownObject> = {}
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
  for (const file of files.sort()) {
    const text = readFileSync(join(root, "src", file), "utf8")
    if (!text.includes("@object()")) continue
    for (const node of parse(file, text).statements) {
      if (!ts.isClassDeclaration(node) || !node.name || !decorated(node, "object")) continue
      const constructor = node.members.find(ts.isConstructorDeclaration)
      const functions: Record<string, KnownFunction> = {}
      for (const member of node.members) {
        if (!ts.isMethodDeclaration(member) || !decorated(member, "func")) continue
        functions[kebab(member.name.getText())] = {
          gives: typeName(member.type),
          ...(decorated(member, "check") || decorated(member, "generate") ? { check: true as const } : {}),
          options: ownOptions(member.parameters),
        }
      }
      found[node.name.text] = { options: constructor ? ownOptions(constructor.parameters) : {}, functions }
    }
  }
  return found
}

function ownOptions(parameters: readonly ts.ParameterDeclaration[]): Options {
  return Object.fromEntries(
    parameters.map((parameter) => {
      const optional =
        parameter.questionToken || parameter.initializer || decorated(parameter, "argument")?.getText().includes("defaultPath")
      return [kebab(parameter.name.getText()), `${typeName(parameter.type)}${optional ? "" : "!"}`]
    }),
  )
}

function coreObjects(text: string): Record<string, KnownObject> {
  const classes: ts.ClassDeclaration[] = []
  const optional = new Map<string, ts.TypeLiteralNode>()
  for (const node of parse("client.d.ts", text).statements) {
    if (ts.isClassDeclaration(node)) classes.push(node)
    if (ts.isTypeAliasDeclaration(node) && ts.isTypeLiteralNode(node.type)) optional.set(node.name.text, node.type)
  }
  const found: Record<string, KnownObject> = {}
  for (const node of classes) {
    const functions: Record<string, KnownFunction> = {}
    for (const member of node.members) {
      if (!ts.isPropertyDeclaration(member) || !member.type || !ts.isFunctionTypeNode(member.type)) continue
      const name = member.name.getText().replace(/_$/, "")
      // `with` takes a function of the language.
      if (name === "id" || name === "with") continue
      const options: Options = {}
      for (const parameter of member.type.parameters) {
        const more = parameter.name.getText() === "opts" ? optional.get(parameter.type?.getText() ?? "") : undefined
        if (more === undefined) options[kebab(parameter.name.getText().replace(/_$/, ""))] = `${typeName(parameter.type)}!`
        else for (const field of more.members.filter(ts.isPropertySignature)) options[kebab(field.name.getText())] = typeName(field.type)
      }
      functions[kebab(name)] = { gives: typeName(member.type.type), options }
    }
    if (node.name) found[node.name.text] = { options: {}, functions }
  }
  return found
}

const plainTypes: Record<string, string> = { string: "String", boolean: "Boolean", number: "Int", "String[]": "[String]" }

/** Promise<string[]> → [String]. */
function typeName(node: ts.TypeNode | undefined): string {
  const text = (node?.getText() ?? "void").replace(/^Promise<(.*)>$/, "$1")
  const [, element] = /^(.*)\[\]$/.exec(text) ?? []
  return element === undefined ? (plainTypes[text] ?? text) : `[${plainTypes[element] ?? element}]`
}

function decorated(node: ts.Node, name: string): ts.Decorator | undefined {
  const list = ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : []
  return list.find(({ expression }) => ts.isCallExpression(expression) && expression.expression.getText() === name)
}
