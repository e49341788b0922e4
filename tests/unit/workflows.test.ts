import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import ts from "typescript"
import { parse } from "yaml"

interface Step {
  uses?: string
  run?: string
  if?: string
  with?: Record<string, unknown>
}
interface Job {
  needs?: string | string[]
  if?: string
  uses?: string
  permissions?: Record<string, string>
  "timeout-minutes"?: number
  strategy?: unknown
  steps?: Step[]
}
interface Workflow {
  name: string
  on: Record<string, unknown>
  permissions: Record<string, string>
  concurrency: unknown
  jobs: Record<string, Job>
}

const github = new URL("../../.github/", import.meta.url)
const read = (path: string) => parse(readFileSync(new URL(path, github), "utf8"))
const workflows: Workflow[] = readdirSync(new URL("workflows/", github)).map((name) => read(`workflows/${name}`))
const named = (name: string) => workflows.find((workflow) => workflow.name === name)!
const action = read("actions/prepare/action.yml") as { runs: { steps: Step[] } }

const jobs = workflows.flatMap((workflow) => Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${workflow.name}: ${name}`, job })))
const ownJobs = jobs.filter(({ job }) => job.uses === undefined)
const steps = [...ownJobs.flatMap(({ job }) => job.steps!), ...action.runs.steps]
const commands = steps.flatMap((step) => (step.run === undefined ? [] : [step.run]))

/** The module's functions with their options, and the options of all calls, as the command line has them. */
function functions() {
  const source = ts.createSourceFile("index.ts", readFileSync(new URL("../src/index.ts", github), "utf8"), ts.ScriptTarget.ES2022, true)
  const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const found: Record<string, string[]> = {}
  const visit = (node: ts.Node): void => {
    if (ts.isConstructorDeclaration(node)) found[""] = node.parameters.map((parameter) => dashed(parameter.name.getText()))
    if (ts.isMethodDeclaration(node) && (ts.getDecorators(node) ?? []).some((entry) => entry.getText().startsWith("@func("))) {
      found[dashed(node.name.getText())] = node.parameters.map((parameter) => dashed(parameter.name.getText()))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** `./daggerw … call [--option=…] function [--option=…]` in commands, whose lines may go on. */
function calls() {
  const lines = commands.flatMap((command) => command.replace(/\\\n/g, " ").split("\n"))
  return lines.flatMap((line) =>
    [...line.matchAll(/\.\/daggerw ([^|&;>]*)/g)].map(([, text]) => {
      const words = text.trim().split(/\s+/)
      const rest = words.slice(words.indexOf("call") + 1)
      const at = rest.findIndex((word) => !word.startsWith("-"))
      const options = (list: string[]) => list.flatMap((word) => /^--([a-z-]+)/.exec(word)?.slice(1) ?? [])
      return { verb: words.find((word) => !word.startsWith("-")), name: rest[at], before: options(rest.slice(0, at)), after: options(rest.slice(at + 1)) }
    }),
  )
}

describe("when workflows run", () => {
  it("the server each day at two, and by hand", () => {
    expect(named("server").on).toEqual({ schedule: [{ cron: "0 2 * * *" }], workflow_dispatch: null })
  })

  it("the base components each Monday at three, by hand, and with each new server", () => {
    expect(named("base").on).toMatchObject({ schedule: [{ cron: "0 3 * * 1" }], workflow_dispatch: null })
    expect(named("base").jobs.image.strategy).toEqual({ "fail-fast": false, matrix: { component: ["mongodb", "redis"] } })
    expect(named("server").jobs.base).toMatchObject({ uses: "./.github/workflows/base.yml", if: named("server").jobs.image.if })
  })

  it("chat by hand only", () => {
    expect(Object.keys(named("chat").on)).toEqual(["workflow_dispatch"])
  })

  it("this repository's own tests at each change", () => {
    expect(named("ci").on).toEqual({ push: null, pull_request: null })
    const steps = named("ci").jobs.ci.steps!
    expect(steps.some((step) => step.run?.startsWith(".ci/run "))).toBe(true)
    expect(steps.some((step) => step.uses?.startsWith("actions/upload-artifact@") && step.if === "always()" && step.with?.path === "report")).toBe(true)
  })
})

describe("tests that need root", () => {
  it("run as root, and may not be skipped there", () => {
    const [{ run }] = named("ci").jobs.host.steps!.filter((step) => step.run !== undefined)
    const words = /^sudo -H env "PATH=\$PATH" tests\/host\/run 2>&1 \| tee (\S+)\ntail -n 1 \1 \| grep -qx '(.+)'\n$/.exec(run!)!
    const good = new RegExp(`^${words[2]}$`)
    expect(["17 passed, 0 failed", "17 passed, 1 failed", "16 passed, 0 failed, 1 skipped"].map((line) => good.test(line))).toEqual([true, false, false])
  })
})

describe("the order of a release", () => {
  it("nothing is built where there is nothing new", () => {
    const { updates, ...others } = named("server").jobs
    expect(updates.needs).toBeUndefined()
    for (const name of ["image", "base"]) expect(others[name]).toMatchObject({ needs: "updates", if: "needs.updates.outputs.version != ''" })
  })

  it("tests come after all images, and the new version is written down after the tests", () => {
    expect(named("server").jobs.test.needs).toEqual(["image", "base"])
    expect(named("server").jobs.commit.needs).toContain("test")
    for (const name of ["server", "base", "chat"]) {
      const { test } = named(name).jobs
      expect(test.needs).toContain("image")
      expect(test.if).toBeUndefined()
      expect(test.steps!.some((step) => step.run?.includes(" call test "))).toBe(true)
    }
  })
})

describe("every call of a workflow", () => {
  it("names a function of the module, with options that it has", () => {
    const known = functions()
    const found = calls()
    expect(found.length).toBeGreaterThan(6)
    for (const { verb, name, before, after } of found) {
      expect(verb).toBe("call")
      expect(Object.keys(known)).toContain(name)
      expect(known[""]).toEqual(expect.arrayContaining(before))
      expect(known[name]).toEqual(expect.arrayContaining(after))
    }
  })
})

describe("every job", () => {
  it.each(ownJobs.map(({ name, job }) => [name, job] as const))("%s ends in time and keeps its logs", (name, job) => {
    expect(job["timeout-minutes"]).toBeGreaterThan(0)
    expect(job.steps!.some((step) => step.uses === "./.github/actions/prepare")).toBe(true)
    const logs = job.steps!.filter((step) => step.uses?.startsWith("actions/upload-artifact@") && step.if === "always()" && step.with?.path === "logs")
    expect(logs).toHaveLength(job.steps!.some((step) => step.run?.includes("logs/")) ? 1 : 0)
  })

  it("may read this repository only, but for the one that writes the new version", () => {
    for (const workflow of workflows) expect(workflow.permissions).toEqual({ contents: "read" })
    const more = jobs.filter(({ job }) => job.permissions !== undefined)
    expect(more.map(({ name, job }) => [name, job.permissions])).toEqual([["server: commit", { contents: "write" }]])
  })

  it("hands its token to no step but the one that pushes", () => {
    const checkouts = ownJobs.flatMap(({ name, job }) => job.steps!.filter((step) => step.uses?.startsWith("actions/checkout@")).map((step) => ({ name, step })))
    const keeping = checkouts.filter(({ step }) => step.with?.["persist-credentials"] !== false)
    expect(keeping.map(({ name }) => name)).toEqual(["server: commit"])
  })

  it("belongs to a group of which one runs at a time", () => {
    for (const workflow of workflows) expect(workflow.concurrency).toHaveProperty("group")
  })

  it("uses actions by their commit", () => {
    for (const uses of steps.flatMap((step) => step.uses ?? [])) expect(uses).toMatch(/^(\.\/\.github\/|[a-z-]+\/[a-z-]+@[0-9a-f]{40}$)/)
  })

  it("puts nothing of GitHub's own language into a command: values come by the environment", () => {
    for (const command of commands) expect(command).not.toContain("${{")
  })

  it("keeps what ./daggerw made, by what that is made from", () => {
    const cache = action.runs.steps.find((step) => step.uses?.startsWith("actions/cache@"))
    expect(cache?.with?.path).toMatch(/^~\/\.cache\/openim-dagger\//)
    expect(cache?.with?.key).toMatch(/hashFiles\('daggerw', 'engine\/\*\*', 'host\/\*\*'\)/)
  })
})
