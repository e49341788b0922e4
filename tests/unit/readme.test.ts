// Each command of the README is one that the module, the wrapper and this repository have; what is shown together fits together.

import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { arrange } from "../../host/call/arrange.js"
import { readCommand } from "../../host/call/command.js"
import { functionList } from "../../host/call/functions.js"
import { commandsOf, inlineCommands, words } from "./readmeCommands.js"

const root = new URL("../..", import.meta.url).pathname
const text = readFileSync(join(root, "README.md"), "utf8")
const main = functionList.objects[functionList.main]!
const help = readFileSync(join(root, "host/help.ts"), "utf8") + readFileSync(join(root, "host/bundle.ts"), "utf8")

/** What is wrong with a command, or nothing. */
function fault(command: string): string | undefined {
  const [program, ...given] = words(command)
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
  if (program === "docker" && given[0] === "build") {
    const file = given[given.indexOf("-f") + 1]!
    return existsSync(join(root, file)) ? undefined : `there is no ${file}`
  }
  return undefined
}

const commands = commandsOf(text)

describe("the README's commands", () => {
  it("are found", () => {
    for (const start of ["./daggerw call build --component=server", "./daggerw call test", "./daggerw engine doctor", "docker run -d"]) {
      expect(commands.some((command) => command.startsWith(start)), start).toBe(true)
    }
    expect(inlineCommands(text, Object.keys(main.functions))).toEqual(expect.arrayContaining(["./daggerw call base-images", "./daggerw call sbom --component=server"]))
  })

  it.each([...commands, ...inlineCommands(text, Object.keys(main.functions))])("%s", (command) => {
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
  ])("would not pass: %s", (command, words) => {
    expect(fault(command)).toContain(words)
  })
})

describe("the containers that the README starts together", () => {
  const runs = commands.filter((command) => command.startsWith("docker run")).map((command) => words(command))
  const variables = (name: string): Record<string, string> => {
    const run = runs.find((given) => given.includes(`--name=${name}`))!
    return Object.fromEntries(run.flatMap((word, at) => (run[at - 1] === "-e" ? [[word.split("=")[0]!, word.includes("=") ? word.slice(word.indexOf("=") + 1) : `$${word}`]] : [])))
  }
  const server = variables("openim")

  it("have the passwords that the server uses", () => {
    expect(server["IMENV_REDIS_PASSWORD"]).toBe(variables("redis")["REDIS_PASSWORD"])
    const mongo = variables("mongo")
    const account = `${mongo["MONGO_OPENIM_USERNAME"]}:${mongo["MONGO_OPENIM_PASSWORD"]}`
    expect(server["IMENV_MONGODB_URI"]).toBe(`mongodb://${account}@mongo:27017/${mongo["MONGO_INITDB_DATABASE"]}`)
    const minio = variables("minio")
    expect([server["IMENV_MINIO_ACCESSKEYID"], server["IMENV_MINIO_SECRETACCESSKEY"]]).toEqual([minio["MINIO_ROOT_USER"], minio["MINIO_ROOT_PASSWORD"]])
    const set = commands.find((command) => command.startsWith("export REDIS_PASSWORD"))!
    for (const name of new Set(runs.flat().flatMap((word) => [...word.matchAll(/\$(\w+)/g)].map(([, one]) => one!)))) expect(set).toContain(`${name}=`)
  })

  it("are on one network, under the names that the server uses", () => {
    const names = runs.map((given) => given.find((word) => word.startsWith("--name="))!.slice("--name=".length))
    for (const given of runs) expect(given).toContain("--network=openim")
    for (const address of [server["IMENV_REDIS_ADDRESS"], server["IMENV_KAFKA_ADDRESS"], server["IMENV_DISCOVERY_ETCD_ADDRESS"], server["IMENV_MINIO_INTERNALADDRESS"]]) {
      expect(names).toContain(address!.split(":")[0])
    }
    expect(variables("kafka")["KAFKA_ADVERTISED_LISTENERS"]).toBe(`PLAINTEXT://${server["IMENV_KAFKA_ADDRESS"]}`)
  })
})
