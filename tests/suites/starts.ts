// A server that does not reach what it needs: it says so at once, and says at its end which programs that kept down.

import { type Container, ReturnType } from "@dagger.io/dagger"
import { entryOf, firstIn } from "../../src/base/entries.js"
import { sourceEntry } from "../../src/catalogue/lookup.js"
import { type BuildOptions, componentImage } from "../../src/graph/build/components.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { type Stack, withNeeds } from "../../src/graph/stack/stack.js"
import { programsOf } from "../../src/plan/build/components.js"
import { launchFile, launchProgram } from "../../src/plan/build/image.js"
import { launchPlan } from "../../src/plan/build/launch.js"
import { runnableGroups } from "../../src/plan/stack/services.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, same } from "./cases.js"
import { firstGroup } from "./groups.js"

/** Nothing listens there. */
const closed = "127.0.0.1:9"

export async function startTests(settings: Settings, options: BuildOptions, stack: Stack, nonce: string): Promise<TestCase[]> {
  const { catalogue } = settings
  const suite = firstGroup(catalogue)
  const plan = launchPlan(catalogue, suite)
  const programs = programsOf(catalogue, suite)
  // One that uses some stores, and not all.
  const alone = programs.find(({ stores }) => stores.length > 0 && plan.stores.some(({ name }) => !stores.includes(name)))
  if (alone === undefined) throw new Error(`each program of ${suite.name} uses all stores`)
  const image = async (component: string) => (await componentImage(settings, { ...options, component })).container
  const [server, single] = await Promise.all([image(suite.name), image(alone.name)])
  const connected = (image: Container) => withNeeds(catalogue, image, suite, stack.parts).withEnvVariable("STACK_RUN", nonce)
  /** What a start says that is asked to end after so many seconds. */
  const said = async (image: Container, seconds: number, launch = [launchProgram, launchFile]): Promise<string> => {
    const script = `timeout ${seconds} "$@" 2>&1 >/dev/null; echo "exit code $?"`
    return image.withExec(["sh", "-c", script, "start", ...launch], { expect: ReturnType.Any }).stdout()
  }
  const wrongIn = (image: Container, store: string) => {
    const variable = firstIn(plan.stores.find(({ name }) => name === store)?.variables ?? [], `variable of ${store}`)
    const value = entryOf("variable", suite.connect, variable)
    return image.withEnvVariable(variable, value.replace(/(?<=^|\/\/)[a-z]+:\d+/, closed))
  }
  const named = (text: string, store: string) =>
    text.includes(`launch: ${store} at ${closed} (`) && text.includes("does not answer: connect: connection refused")

  return casesOf([
    ...plan.stores.map(({ name }): [string, () => Promise<void>] => [
      `with a wrong address of ${name}, the server names it and no other`,
      async () => {
        const text = await said(wrongIn(connected(server), name), 15)
        for (const other of plan.stores) {
          if (named(text, other.name) !== (other.name === name)) throw new Error(`${other.name}: ${text.slice(-2000)}`)
        }
      },
    ]),
    [
      "with all addresses wrong it names all, gives up, and says which programs were down, and why",
      async () => {
        const all = plan.stores.reduce((image, { name }) => wrongIn(image, name), server.withEnvVariable("STACK_RUN", nonce))
        const connectedWrong = Object.entries(suite.connect).reduce((image, [name, value]) => {
          return plan.stores.some(({ variables }) => variables[0] === name) ? image : image.withEnvVariable(name, value)
        }, all)
        const hasty = { ...plan, supervisor: { ...plan.supervisor, giveUpSeconds: 20 } }
        const text = await said(connectedWrong.withNewFile(launchFile, JSON.stringify(hasty)), 200)
        for (const { name } of plan.stores) if (!named(text, name)) throw new Error(`${name} is not named: ${text.slice(-3000)}`)
        const names = programs.map(({ program }) => program).join("|")
        const ends = new RegExp(`launch: this container ends: .*(${names}).* could not be kept running for 20 s`)
        const was = new RegExp(`launch: (${names}) was down, it ended (once|\\d+ times): \\S`)
        for (const words of [ends, was]) if (!words.test(text)) throw new Error(text.slice(-3000))
        same(text.trim().split("\n").at(-1), "exit code 1")
      },
    ],
    [
      "a single program names what it needs as well, and goes on trying",
      async () => {
        const [used = ""] = alone.stores
        const text = await said(wrongIn(connected(single), used), 10, [
          launchProgram,
          launchFile,
          ...sourceEntry(catalogue, suite.source).image.arguments,
        ])
        for (const { name } of plan.stores) same(named(text, name), name === used)
      },
    ],
    [
      "a secret that everybody knows is refused, by all groups and by single programs, unless it is allowed",
      async () => {
        const others = runnableGroups(catalogue).filter(({ name }) => name !== suite.name)
        for (const started of [server, single, ...(await Promise.all(others.map(({ name }) => image(name))))]) {
          const refused = started.withExec([], { useEntrypoint: true, expect: ReturnType.Failure })
          same((await refused.stderr()).includes("which everybody knows: whoever has it is an administrator"), true)
          const allowed = await said(started.withEnvVariable(plan.allow, "yes"), 2)
          same(allowed.includes("everybody knows"), false)
        }
      },
    ],
  ])
}
