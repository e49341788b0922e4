import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { stackNames } from "../../src/catalogue/load.js"
import { nightlySuites } from "../suites/all.js"

interface Step {
  uses?: string
  run?: string
  if?: string
  with?: Record<string, unknown>
  env?: Record<string, string>
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
interface NightlyMatrix {
  stack: string[]
  suites: string[]
  include: { stack: string; suites: string }[]
}
interface Workflow {
  name: string
  on: Record<string, unknown>
  permissions: Record<string, string>
  concurrency: unknown
  env?: Record<string, string>
  jobs: Record<string, Job>
}

const github = new URL("../../.github/", import.meta.url)
const read = (path: string) => parse(readFileSync(new URL(path, github), "utf8"))
const workflows: Workflow[] = readdirSync(new URL("workflows/", github)).map((name) => read(`workflows/${name}`))
const named = (name: string) => workflows.find((workflow) => workflow.name === name)!
const action = read("actions/prepare/action.yml") as { runs: { steps: Step[] } }

const jobs = workflows.flatMap((workflow) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${workflow.name}: ${name}`, job })),
)
const ownJobs = jobs.filter(({ job }) => job.uses === undefined)
const steps = [...ownJobs.flatMap(({ job }) => job.steps!), ...action.runs.steps]
const commands = steps.flatMap((step) => (step.run === undefined ? [] : [step.run]))

it("every workflow that makes or tests images lets a variable choose their base", () => {
  const makers = workflows.filter(({ jobs }) =>
    Object.values(jobs).some(({ steps = [] }) => steps.some(({ run }) => run?.includes("./daggerw"))),
  )
  expect(makers.length).toBeGreaterThan(0)
  for (const { env } of makers) expect(env?.BASE).toBe("${{ vars.BASE }}")
  const [line] = action.runs.steps.flatMap(({ run }) => (run?.includes(".env") ? [run] : []))
  const written = (BASE: string) => {
    const folder = mkdtempSync(join(tmpdir(), "workflow-base-"))
    execFileSync("bash", ["-euc", `${line}; cat .env 2>/dev/null || :`], { cwd: folder, env: { ...process.env, BASE } })
    return execFileSync("sh", ["-c", "cat .env 2>/dev/null || :"], { cwd: folder, encoding: "utf8" })
  }
  expect([written("anolis"), written("")]).toEqual(["BASE=anolis\n", ""])
})

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
      return {
        verb: words.find((word) => !word.startsWith("-")),
        name: rest[at],
        before: options(rest.slice(0, at)),
        after: options(rest.slice(at + 1)),
      }
    }),
  )
}

describe("when workflows run", () => {
  it("the server each day at two, and by hand", () => {
    expect(named("server").on).toEqual({ schedule: [{ cron: "0 2 * * *" }], workflow_dispatch: null })
  })

  it("the base components each Monday at three, by hand, and with each new server, as the catalogue names them", () => {
    expect(named("base").on).toMatchObject({ schedule: [{ cron: "0 3 * * 1" }], workflow_dispatch: null })
    expect(named("base").jobs.image.strategy).toEqual({
      "fail-fast": false,
      matrix: { component: "${{ fromJSON(needs.components.outputs.names) }}" },
    })
    expect(named("base").jobs.components.steps!.some((step) => step.run?.includes(" call components --format=json"))).toBe(true)
    expect(named("server").jobs.base).toMatchObject({ uses: "./.github/workflows/base.yml" })
  })

  it("a scan for known vulnerabilities each week", () => {
    const { on, jobs } = named("scan")
    expect(on).toMatchObject({ schedule: [{ cron: expect.stringMatching(/ \* \* 1$/) }] })
    expect(
      Object.values(jobs)
        .flatMap((job) => job.steps!)
        .some((step) => / call scan .*--fail-on=/.test(step.run ?? "")),
    ).toBe(true)
  })

  it("chat by hand only", () => {
    expect(Object.keys(named("chat").on)).toEqual(["workflow_dispatch"])
  })

  it("this repository's own tests at each change", () => {
    expect(named("ci").on).toEqual({ push: null, pull_request: null })
    const steps = named("ci").jobs.ci.steps!
    expect(steps.some((step) => step.run?.startsWith(".ci/run "))).toBe(true)
    expect(
      steps.some((step) => step.uses?.startsWith("actions/upload-artifact@") && step.if === "always()" && step.with?.path === "report"),
    ).toBe(true)
  })
})

describe("tests that need root", () => {
  it("run as root, and may not be skipped there", () => {
    const [{ run }] = named("ci").jobs.host.steps!.filter((step) => step.run !== undefined)
    const words = /^sudo -H env "PATH=\$PATH" tests\/host\/run 2>&1 \| tee (\S+)\ntail -n 1 \1 \| grep -qx '(.+)'\n$/.exec(run!)!
    const good = new RegExp(`^${words[2]}$`)
    expect(["17 passed, 0 failed", "17 passed, 1 failed", "16 passed, 0 failed, 1 skipped"].map((line) => good.test(line))).toEqual([
      true,
      false,
      false,
    ])
  })
})

/** Jobs with all that must have ended well before them. */
function before(workflow: Workflow, name: string): string[] {
  const needs = [workflow.jobs[name].needs ?? []].flat()
  return [...new Set(needs.flatMap((need) => [need, ...before(workflow, need)]))]
}

const runs = (job: Job) =>
  (job.steps ?? [])
    .flatMap((step) => step.run ?? [])
    .join("\n")
    .replace(/\\\n\s*/g, "")
const publishing = workflows.flatMap((workflow) =>
  Object.entries(workflow.jobs)
    .filter(([, job]) => / (release|publish) /.test(runs(job)))
    .map(([name, job]) => ({ workflow, name, job })),
)

it("every suite that a run without names leaves out runs each night, and the documentation says so", () => {
  const { matrix } = named("nightly").jobs.suites.strategy as { matrix: NightlyMatrix }
  expect(matrix.suites.flatMap((suites) => suites.split(",")).sort()).toEqual([...nightlySuites.openim].sort())
  const others = stackNames().filter((name) => !matrix.stack.includes(name))
  expect(matrix.include).toEqual(others.sort().map((stack) => ({ stack, suites: nightlySuites.others.join(",") })))
  const rows = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8").matchAll(/^\| `([^|]*)` \| \*each night\*/gm)
  expect([...rows].map(([, name]) => name).sort()).toEqual([...nightlySuites.openim].sort())
})

describe("the order of a release", () => {
  it("nothing is built where there is nothing new", () => {
    const { updates, test, ...others } = named("server").jobs
    expect(updates.needs).toBeUndefined()
    expect(test).toMatchObject({ needs: "updates", if: "needs.updates.outputs.version != ''" })
    for (const name of Object.keys(others)) {
      expect(before(named("server"), name)).toContain("test")
      // A job of which one that it needs was skipped is skipped as well, unless it says otherwise.
      expect(others[name].if).toBeUndefined()
    }
  })

  it("takes newer versions of everything that is watched, the server first, and each alone", () => {
    const bump = named("server").jobs.updates.steps!.find((step) => step.run?.includes(" call bump "))!
    expect(bump.if).toBe("steps.updates.outputs.any == 'true'")
    expect(bump.run).toContain('if index("server") then "server" else .[] end')
    expect(bump.run).toContain("for component in")
  })

  it("is published after the tests, and the new version is written down after both", () => {
    expect(publishing.map(({ workflow, name }) => `${workflow.name}: ${name}`).sort()).toEqual([
      "base: image",
      "chat: image",
      "server: image",
    ])
    for (const { workflow, name } of publishing) {
      expect(before(workflow, name)).toContain("test")
      const { test } = workflow.jobs
      expect(runs(test)).toMatch(/ call .*\btest\b/)
      expect(runs(test)).not.toMatch(/--suites/)
    }
    expect(before(named("server"), "commit")).toEqual(expect.arrayContaining(["test", "image", "base"]))
  })

  it("is pushed through a gate only, with the digests that the tests' job saw", () => {
    for (const { workflow, job } of publishing) {
      const calls = runs(job)
        .split("\n")
        .filter((line) => / (release|publish) /.test(line))
      for (const call of calls) {
        expect(call).toMatch(/--gate=(integration|all)\b/)
        expect(call).toMatch(/--expect="[^"]*\$DIGESTS?"/)
      }
      expect(JSON.stringify(job.steps!.map((step) => step.env ?? {}))).toMatch(/needs\.test\.outputs\.digests?/)
      expect(runs(workflow.jobs.test)).toMatch(/ digest --component=/)
    }
  })

  it("is of the same versions in all of its jobs", () => {
    for (const name of ["test", "image", "commit"]) {
      expect(named("server").jobs[name].steps!.find((step) => step.uses === "./.github/actions/prepare")?.with).toEqual({
        versions: "server-versions",
      })
    }
    expect(named("server").jobs.base).toMatchObject({ with: { versions: "server-versions", digests: "${{ needs.test.outputs.digests }}" } })
    for (const job of Object.values(named("base").jobs)) {
      expect(job.steps!.find((step) => step.uses === "./.github/actions/prepare")?.with).toEqual({ versions: "${{ inputs.versions }}" })
    }
  })

  it("is tested once: where the caller has tested, base does not", () => {
    expect(named("base").jobs.test.if).toBe("inputs.digests == ''")
    // A skipped job would skip this one, too; a failed one must.
    expect(named("base").jobs.image.if).toBe("${{ !failure() && !cancelled() }}")
  })

  it("of chat tests the source that it publishes", () => {
    const { test, image } = named("chat").jobs
    const sources = (job: Job) => [...runs(job).matchAll(/ call (--.*?) (?:test|digest|release)\b/g)].map(([, options]) => options)
    expect(sources(test)).toHaveLength(2)
    expect(sources(image)).toHaveLength(1)
    expect(new Set([...sources(test), ...sources(image)]).size).toBe(1)
    expect(sources(image)[0]).toContain('--git="$GIT" --git-ref="$REF"')
    const own = (job: Job) =>
      job
        .steps!.map((step) => step.env ?? {})
        .flatMap((env) => Object.keys(env))
        .filter((name) => ["GIT", "REF"].includes(name))
    expect([...own(test), ...own(image)]).toEqual([])
    expect(named("chat").env).toMatchObject({ GIT: expect.stringContaining("vars.CHAT_GIT"), REF: "${{ inputs.ref }}" })
  })
})

describe("what a release is trusted with", () => {
  it.each(publishing.map(({ workflow, name, job }) => [`${workflow.name}: ${name}`, job] as const))(
    "%s signs where there is a key, and has no user or password in an argument",
    (_, job) => {
      const text = runs(job)
      expect(text).toContain('if [ -n "$COSIGN_KEY" ]; then sign+=(--sign-key=env://COSIGN_KEY); fi')
      expect(text).toMatch(/ release .*"\$\{sign\[@\]\}"/)
      expect(text).toContain("--registry-config=env://REGISTRY_CONFIG")
      expect(text).not.toMatch(/--(username|password)\b/)
    },
  )

  it("reaches no job that tests: only the ones that publish have the registry's password and the key", () => {
    for (const { name, job } of ownJobs) {
      const secrets = [...JSON.stringify(job).matchAll(/secrets\.([A-Z_]+)/g)].map(([, secret]) => secret)
      if (publishing.some((one) => one.job === job)) continue
      expect(
        secrets.filter((secret) => /PASSWORD|KEY|USERNAME/.test(secret)),
        name,
      ).toEqual([])
    }
  })

  it("is kept out of the logs by a script that prints what registries read", () => {
    const env = { REGISTRY: "docker.io", REGISTRY_USERNAME: "me", REGISTRY_PASSWORD: 'p"w$\n', PATH: process.env.PATH }
    const printed = (more: Record<string, string>) =>
      JSON.parse(
        execFileSync(".github/scripts/registry-config", {
          encoding: "utf8",
          env: { ...env, ...more },
          stdio: ["ignore", "pipe", "ignore"],
        }),
      )
    const auth = Buffer.from('me:p"w$\n').toString("base64")
    expect(printed({})).toEqual({ auths: { "https://index.docker.io/v1/": { auth } } })
    expect(printed({ REGISTRY: "harbor.example:5000/im" })).toEqual({ auths: { "harbor.example:5000": { auth } } })
    expect(() => printed({ REGISTRY_PASSWORD: "" })).toThrow()
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
      // ./daggerw takes options of the whole call anywhere.
      expect([...known[""], ...known[name]]).toEqual(expect.arrayContaining(after))
    }
  })
})

describe("every job", () => {
  it.each(ownJobs.map(({ name, job }) => [name, job] as const))("%s ends in time and keeps its logs", (name, job) => {
    expect(job["timeout-minutes"]).toBeGreaterThan(0)
    expect(job.steps!.some((step) => step.uses === "./.github/actions/prepare")).toBe(true)
    const logs = job.steps!.filter(
      (step) => step.uses?.startsWith("actions/upload-artifact@") && step.if === "always()" && step.with?.path === "logs",
    )
    expect(logs).toHaveLength(job.steps!.some((step) => step.run?.includes("logs/")) ? 1 : 0)
    for (const step of job.steps!.filter((step) => step.uses?.startsWith("actions/upload-artifact@"))) {
      expect(step.with?.["retention-days"], name).toBeLessThanOrEqual(30)
    }
  })

  it("may read this repository only, but for the one that writes the new version", () => {
    for (const workflow of workflows) expect(workflow.permissions).toEqual({ contents: "read" })
    const more = jobs.filter(({ job }) => job.permissions !== undefined)
    expect(more.map(({ name, job }) => [name, job.permissions])).toEqual([["server: commit", { contents: "write" }]])
  })

  it("hands its token to no step but the one that pushes", () => {
    const checkouts = ownJobs.flatMap(({ name, job }) =>
      job.steps!.filter((step) => step.uses?.startsWith("actions/checkout@")).map((step) => ({ name, step })),
    )
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
