// What a kit must do with every Docker that it promises to work with: from archives, then from a registry.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { keepFigure } from "../../stacks/openim/support/results.js"
import { healthy, home, openimctl, works } from "../support/kit.js"
import { allContainers, containerOf, docker, stopDaemon } from "../support/machine.js"
import { prepareMachine } from "../support/prepared.js"
import { exchange, newPair, type Pair } from "../support/users.js"
import { kitImages, registryAddress, registryCases } from "./registry.js"

const deploy = ["deploy", "--ignore=disk"]

let users: Pair
let texts: string[]

beforeAll(() => prepareMachine(["--insecure-registry", registryAddress()]))
afterAll(() => stopDaemon())

interface Report {
  ok: boolean
  checks: { name: string; kind: string; ok: boolean; detail: string }[]
}

describe("from archives", () => {
  test("the daemon is the one that is meant, and the images are loaded under the names of the kit", () => {
    expect(docker("version", "--format", "{{.Server.Version}}")).toMatch(new RegExp(process.env.DOCKER_VERSION!))
    const wanted = [...new Set(kitImages(home).map(({ image }) => image.replace(/^docker\.io\//, "")))]
    const loaded = docker("images", "--format", "{{.Repository}}:{{.Tag}}").split("\n")
    expect(loaded).toEqual(expect.arrayContaining(wanted))
    expect(loaded.join("\n")).not.toContain("<none>")
  })

  test("deploy starts everything, and two users reach each other", async () => {
    const began = Date.now()
    const text = works(...deploy)
    const { services } = JSON.parse(works("status", "--format=json")) as { services: { service: string; state: string }[] }
    for (const { service, state } of services) expect(`${service}: ${state}`).toBe(`${service}: healthy`)
    users = await newPair()
    texts = [await exchange(users)]
    const note = /with (docker .*)/.exec(text)?.[1] ?? ""
    keepFigure({ name: "from deploy to a message", value: Math.round((Date.now() - began) / 1000), unit: "s", note })
  })

  test("health sends a message and a picture", () => {
    const { code, out, err } = openimctl(["health", "--format=json"])
    const { ok, checks } = JSON.parse(out) as Report
    expect({ code, ok, failed: checks.filter((check) => !check.ok) }, err).toEqual({ code: 0, ok: true, failed: [] })
    const asked = checks.filter(({ kind }) => kind === "synthetic").map(({ name }) => name)
    const { checks: wanted } = JSON.parse(readFileSync(join(home, "deployment.json"), "utf8")) as { checks: { name: string }[] }
    expect(asked).toEqual(wanted.map(({ name }) => name))
  })

  test("a second deploy changes nothing", async () => {
    const before = { containers: allContainers(), env: readFileSync(join(home, ".env"), "utf8") }
    expect(works(...deploy)).toContain("nothing to change")
    expect({ containers: allContainers(), env: readFileSync(join(home, ".env"), "utf8") }).toEqual(before)
  })

  test("restart makes only this service start again", async () => {
    const started = () => docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", ...allContainers()).split("\n")
    const [before, server] = [started(), containerOf("server")]
    works("restart", "server")
    const changed = started().filter((line) => !before.includes(line))
    expect(changed.map((line) => line.startsWith(server))).toEqual([true])
    await healthy()
    texts.push(await exchange(users))
  })
})

registryCases({ deploy, sameMessages })

describe("at the end", () => {
  test("clean keeps .env and data", async () => {
    works("clean")
    expect(allContainers()).toEqual([])
    works(...deploy)
    await sameMessages()
  })
})

async function sameMessages(): Promise<void> {
  await eventually("all messages are there", async () => expect(await users.history()).toEqual(texts))
}
