// README and docs: each command is one that the module, the wrapper and this repository have, each link leads somewhere, and what is
// shown together fits together.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { describe, expect, it } from "vitest"
import { arrange } from "../../host/call/arrange.js"
import { readCommand } from "../../host/call/command.js"
import { functionList } from "../../host/call/functions.js"
import { VARIABLES } from "../../host/env.js"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { builtImageWords } from "../../src/plan/build/built.js"
import { imageOf } from "../../src/plan/build/components.js"
import { anchorsOf, blocksOf, commandsOf, inlineCommands, linksOf, pathsOf, words } from "./markdown.js"

const root = new URL("../..", import.meta.url).pathname
const read = (name: string) => readFileSync(join(root, name), "utf8")
/** What people read: Markdown at the top, and in these folders. */
const pages = ["", "docs", "dockerfiles", "engine"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
)
const readme = read("README.md")
const text = pages.map(read).join("\n\n")
const main = functionList.objects[functionList.main]!
const help = readFileSync(join(root, "host/help.ts"), "utf8") + readFileSync(join(root, "host/bundle.ts"), "utf8")

/** What is wrong with a command, or nothing. */
function fault(command: string): string | undefined {
  const [program, ...given] = words(command.replace(/\s+> \S+$/, ""))
  if (program === "./daggerw") {
    if (given[0] === "engine" || given[0] === "bundle") {
      const verb = given[0] === "bundle" && !/^(verify|prune)$/.test(given[1] ?? "") ? "bundle DIR" : given.slice(0, 2).join(" ")
      return verb === "engine help" || help.includes(`./daggerw ${verb}`) ? undefined : `./daggerw help does not have ${verb}`
    }
    const { name, length } = readCommand(given)
    if (name !== "call") return name !== undefined && /^(check|functions|shell)$/.test(name) ? undefined : `./daggerw has no ${name}`
    try {
      arrange(given, length, functionList)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }
  if (program === "npm") {
    const script = given[0] === "run" ? given[1] : given[0]
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> }
    return script === "ci" || Object.hasOwn(scripts, script!) ? undefined : `package.json has no script ${script}`
  }
  if (program === "npx" && given[0] === "vitest") return existsSync(join(root, given[2]!)) ? undefined : `there is no ${given[2]}`
  if (program === "docker" && given[0] === "build") {
    const file = given[given.indexOf("-f") + 1]!
    return existsSync(join(root, file)) || text.includes(` > ${file}`) ? undefined : `there is no ${file}`
  }
  if (/^(\.\/|\.ci\/|tests\/|bench\/)/.test(program!)) return existsSync(join(root, program!)) ? undefined : `there is no ${program}`
  return undefined
}

const commands = commandsOf(text)
const all = [...new Set([...commands, ...inlineCommands(text, Object.keys(main.functions))])]

describe("the commands of README and docs", () => {
  it("are found", () => {
    for (const start of ["./daggerw call build --component=server", "./daggerw call test", "./daggerw engine doctor", "docker run -d"]) {
      expect(
        commands.some((command) => command.startsWith(start)),
        start,
      ).toBe(true)
    }
    expect(inlineCommands(text, Object.keys(main.functions))).toEqual(
      expect.arrayContaining(["./daggerw call base-images", "./daggerw call mirrors --format=env"]),
    )
  })

  it.each(all)("%s", (command) => {
    expect(fault(command)).toBeUndefined()
  })

  it.each([
    ["./daggerw call biuld --component=server", "there is no function biuld"],
    ["./daggerw call build --component=server --sorce=x", "build has no option --sorce"],
    ["./daggerw call build", "build needs --component"],
    ["./daggerw engine fly", "engine fly"],
    ["./daggerw fly", "./daggerw has no fly"],
    ["npm run fly", "no script fly"],
    ["docker build -f dockerfiles/fly.Dockerfile .", "no dockerfiles/fly.Dockerfile"],
    ["tests/fly/run", "there is no tests/fly/run"],
    ["npx vitest run tests/unit/fly.test.ts", "there is no tests/unit/fly.test.ts"],
  ])("would not pass: %s", (command, words) => {
    expect(fault(command)).toContain(words)
  })
})

describe("the README", () => {
  it("has at most 120 lines", () => {
    expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(120)
  })

  it("and the pages use standard words", () => {
    const odd = /\b(mend(s|ed|ing)?|anew|told|tells?|at hand|is no [a-z]+[:,.]|of (its|their|your|one's) own|(can|cannot) be had)\b/gi
    for (const page of pages) expect(read(page).match(odd) ?? [], page).toEqual([])
  })

  it("names every page of docs/", () => {
    const linked = linksOf(readme).map((target) => target.split("#")[0])
    for (const page of pages.filter((name) => name.startsWith("docs/"))) expect(linked, page).toContain(page)
  })

  it("shows what a build prints at its end", async () => {
    const catalogue = await loadCatalogue("openim", async (name) => read(`stacks/openim/${name}`))
    const { image } = imageOf(catalogue, "server")
    const base = catalogue.bases["debian"]!.image
    const printed = builtImageWords({ component: "server", image, version: "VERSION", base, megabytes: 0 }).join("\n")
    expect(
      blocksOf(readme)
        .find(({ language }) => language === "text")!
        .code.trimEnd(),
    ).toBe(printed.replace("0 MB", "SIZE MB"))
  })
})

describe("the environment variables", () => {
  const known = new Set<string>(VARIABLES.map(({ name }) => name))

  it.each([...new Set(text.match(/(?<![A-Z_])OPENIM_[A-Z0-9_]*[A-Z0-9]/g))])(
    "%s is one that daggerw, the images or an example has",
    (name) => {
      const inImages = read("stacks/openim/stack.yaml").includes(name) || read("compose/openim/env.template").includes(name)
      expect(known.has(name) || inImages || commands.some((command) => command.startsWith("export ") && command.includes(`${name}=`))).toBe(
        true,
      )
    },
  )
})

describe("docs/images.md", () => {
  it("lists every function of the module", () => {
    const rows = [...read("docs/images.md").matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, names]) =>
      [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    )
    expect(Object.keys(main.functions).filter((name) => !rows.includes(name))).toEqual([])
  })
})

describe("README.zh-CN.md", () => {
  const chinese = read("README.zh-CN.md")

  it("shows the same code", () => {
    expect(blocksOf(chinese)).toEqual(blocksOf(readme))
  })

  it("links to the same pages, and each to the other", () => {
    const others = (text: string) => [...new Set(linksOf(text).filter((target) => !/^README(\.zh-CN)?\.md$/.test(target)))].sort()
    expect(others(chinese)).toEqual(others(readme))
    expect(linksOf(readme)).toContain("README.zh-CN.md")
    expect(linksOf(chinese)).toContain("README.md")
  })

  it("has the same sections, and no more lines", () => {
    const levels = (text: string) => [...text.matchAll(/^(#+) /gm)].map(([, level]) => level)
    expect(levels(chinese)).toEqual(levels(readme))
    expect(chinese.trimEnd().split("\n").length).toBeLessThanOrEqual(120)
  })
})

describe("the links", () => {
  /** Why a link of a page leads nowhere. */
  function deadEnd(page: string, target: string): string | undefined {
    if (/^(https:|mailto:)/.test(target)) return undefined
    const [path, anchor] = target.split("#") as [string, string?]
    const file = path === "" ? page : relative(root, join(root, dirname(page), path))
    if (file.startsWith("..")) return "it leaves the repository"
    if (!existsSync(join(root, file))) return `there is no ${file}`
    if (anchor === undefined) return undefined
    if (!statSync(join(root, file)).isFile() || !file.endsWith(".md")) return `${file} has no headings`
    return anchorsOf(read(file)).includes(decodeURIComponent(anchor)) ? undefined : `${file} has no heading #${anchor}`
  }

  it.each(pages.flatMap((page) => linksOf(read(page)).map((target) => [page, target])))("%s: %s", (page, target) => {
    expect(deadEnd(page!, target!)).toBeUndefined()
  })

  it.each([
    ["README.md", "docs/fly.md", "there is no docs/fly.md"],
    ["docs/run.md", "README.md", "there is no docs/README.md"],
    ["README.md", "docs/run.md#fly", "docs/run.md has no heading #fly"],
    ["docs/run.md", "../../fly.md", "it leaves the repository"],
  ])("would not pass: %s: %s", (page, target, words) => {
    expect(deadEnd(page, target)).toBe(words)
  })

  it("go to headings as GitHub names them", () => {
    expect(anchorsOf("# What is `x`, and why?\n## Two [links](a.md)\n```sh\n# not one\n```\n## 运行 镜像\n# A_b-c\n# A_b-c")).toEqual([
      "what-is-x-and-why",
      "two-links",
      "运行-镜像",
      "a_b-c",
      "a_b-c-1",
    ])
  })

  it.each(pages.filter((page) => page !== "CHANGELOG.md").flatMap((page) => pathsOf(read(page)).map((path) => [page, path])))(
    "%s: `%s`",
    (page, path) => {
      // A page in a folder may name what is beside it.
      expect([path!, join(dirname(page!), path!)].some((one) => existsSync(join(root, one)))).toBe(true)
    },
  )

  it("and paths are found, those in code apart", () => {
    expect(pathsOf("`src/a.ts` `stacks/STACK/x` `other/b` `host/`\n```\n`src/c.ts`\n```")).toEqual(["src/a.ts", "host/"])
    expect(linksOf("[a](b.md#c) `[no](code)` ![image](d.png)\n```\n[no](block)\n```\n")).toEqual(["b.md#c", "d.png"])
  })
})

describe("the containers that docs/run.md starts together", () => {
  const runs = commands.filter((command) => command.startsWith("docker run")).map((command) => words(command))
  const variables = (name: string): Record<string, string> => {
    const run = runs.find((given) => given.includes(`--name=${name}`))!
    return Object.fromEntries(
      run.flatMap((word, at) =>
        run[at - 1] === "-e" ? [[word.split("=")[0]!, word.includes("=") ? word.slice(word.indexOf("=") + 1) : `$${word}`]] : [],
      ),
    )
  }
  const server = variables("openim")

  it("have the passwords that the server uses", () => {
    expect(server["IMENV_REDIS_PASSWORD"]).toBe(variables("redis")["REDIS_PASSWORD"])
    const mongo = variables("mongo")
    const account = `${mongo["MONGO_OPENIM_USERNAME"]}:${mongo["MONGO_OPENIM_PASSWORD"]}`
    expect(server["IMENV_MONGODB_URI"]).toBe(`mongodb://${account}@mongo:27017/${mongo["MONGO_INITDB_DATABASE"]}`)
    const minio = variables("minio")
    expect([server["IMENV_MINIO_ACCESSKEYID"], server["IMENV_MINIO_SECRETACCESSKEY"]]).toEqual([
      minio["MINIO_ROOT_USER"],
      minio["MINIO_ROOT_PASSWORD"],
    ])
    const set = commands.find((command) => command.startsWith("export REDIS_PASSWORD"))!
    for (const name of new Set(runs.flat().flatMap((word) => [...word.matchAll(/\$(\w+)/g)].map(([, one]) => one!))))
      expect(set).toContain(`${name}=`)
  })

  it("are on one network, under the names that the server uses", () => {
    const names = runs.map((given) => given.find((word) => word.startsWith("--name="))!.slice("--name=".length))
    for (const given of runs) expect(given).toContain("--network=openim")
    for (const address of [
      server["IMENV_REDIS_ADDRESS"],
      server["IMENV_KAFKA_ADDRESS"],
      server["IMENV_DISCOVERY_ETCD_ADDRESS"],
      server["IMENV_MINIO_INTERNALADDRESS"],
    ]) {
      expect(names).toContain(address!.split(":")[0])
    }
    expect(`${variables("kafka")["KAFKA_HOST"]}:9092`).toBe(server["IMENV_KAFKA_ADDRESS"])
  })
})
