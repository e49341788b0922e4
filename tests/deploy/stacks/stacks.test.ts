// A kit of any stack on a machine with a real Docker daemon. What must be there is read from the kit's own deployment.json; what the
// product answers is in its checks, which `health` asks. What its users do beyond that is a file of this folder.

import { cpSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { home, openimctl, publicName, refuses, works } from "../support/kit.js"
import { allContainers, answerTo, docker, startDaemon, stopDaemon } from "../support/machine.js"
import { backupCases } from "./backup.js"
import { imAppCases } from "./imApp.js"
import { kratosCases } from "./kratos.js"
import { v7Cases } from "./v7.js"

const products: Record<string, () => void> = { "im-app": imAppCases, kratos: kratosCases, v7: v7Cases }

/** What the daemon keeps is in memory here, and less than a server needs. */
const deploy = ["deploy", "--ignore=disk"]

interface Deployed {
  stack: string
  project: string
  networks: { name: string; internal: boolean; called?: string }[]
  services: { name: string; stage: number }[]
  checks: { name: string }[]
}

const deployment = JSON.parse(readFileSync("/kit/deployment.json", "utf8")) as Deployed

beforeAll(async () => {
  cpSync("/kit", home, { recursive: true, verbatimSymlinks: true })
  answerTo(publicName)
  await startDaemon()
})

afterAll(async () => {
  await stopDaemon()
})

const statusOf = () => JSON.parse(works("status", "--format=json")) as { ok: boolean; services: { service: string; state: string }[] }

interface Inspected {
  Name: string
  State: { StartedAt: string }
  Config: { Labels: Record<string, string>; User: string }
  HostConfig: { PortBindings: object | null; ReadonlyRootfs: boolean; Memory: number }
}

const inspected = () => JSON.parse(docker("inspect", ...allContainers())) as Inspected[]
const serviceOf = ({ Config }: Inspected) => Config.Labels["com.docker.compose.service"] ?? ""

describe("the kit", () => {
  test("deploy starts every service of deployment.yaml, and each is healthy", () => {
    works(...deploy, `--address=${publicName}`)
    const states = Object.fromEntries(statusOf().services.map(({ service, state }) => [service, state]))
    expect(states).toEqual(Object.fromEntries(deployment.services.map(({ name }) => [name, "healthy"])))
  })

  test("health asks the product's own checks through the public address", () => {
    const { out, err, code } = openimctl(["health", "--format=json"])
    expect(code, `${out}\n${err}`).toBe(0)
    expect(deployment.checks.length).toBeGreaterThan(0)
    for (const { name } of deployment.checks) expect(out).toContain(name)
  })

  test("services started in the order of their stages", () => {
    const began = Object.fromEntries(inspected().map((one) => [serviceOf(one), Date.parse(one.State.StartedAt)]))
    for (const one of deployment.services)
      for (const other of deployment.services)
        if (one.stage < other.stage) expect(began[one.name]!, `${one.name} before ${other.name}`).toBeLessThan(began[other.name]!)
  })

  test("networks have the names that deployment.yaml says, only the edge has ports of the machine, and nobody is root", () => {
    const names = docker("network", "ls", "--format", "{{.Name}}").split("\n")
    for (const { name, called } of deployment.networks) expect(names).toContain(called ?? `${deployment.project}_${name}`)
    for (const one of inspected()) {
      const published = Object.keys(one.HostConfig.PortBindings ?? {}).length > 0
      expect(`${one.Name} publishes: ${published}`).toBe(`${one.Name} publishes: ${serviceOf(one) === "edge"}`)
      const { ReadonlyRootfs, Memory } = one.HostConfig
      expect(`${one.Name} ${ReadonlyRootfs} ${Memory > 0}`).toBe(`${one.Name} true true`)
      expect(one.Config.User, one.Name).not.toMatch(/^(0|root)?(:|$)/)
    }
  })

  test("a second deploy changes nothing", () => {
    const before = { containers: allContainers(), env: readFileSync(join(home, ".env"), "utf8") }
    works(...deploy)
    expect({ containers: allContainers(), env: readFileSync(join(home, ".env"), "utf8") }).toEqual(before)
  })
})

products[deployment.stack]?.()

describe("its end", () => {
  test("after a stop and a start it is healthy again", () => {
    works("stop")
    expect(docker("ps", "-q")).toBe("")
    works("start")
    works("health")
  })
})

backupCases()

describe("removing", () => {
  test("destroy asks for the project's name, and leaves no container", () => {
    refuses(["destroy", "--data"], "name")
    works("destroy", "--data", "--no-backup", `--confirm=${deployment.project}`)
    expect(allContainers()).toEqual([])
  })
})
