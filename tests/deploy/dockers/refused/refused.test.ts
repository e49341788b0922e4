// A Docker that is too old for the images: refused before anything starts, and what is said of it is true.

import { spawnSync } from "node:child_process"
import { cpSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "vitest"
import { home, publicName, refuses, works } from "../../support/kit.js"
import { answerTo, docker, startDaemon, stopDaemon } from "../../support/machine.js"
import { kitImages } from "../registry.js"

const deploy = ["deploy", `--address=${publicName}`]

beforeAll(async () => {
  cpSync("/kit", home, { recursive: true, verbatimSymlinks: true })
  answerTo(publicName)
  await startDaemon()
})
afterAll(() => stopDaemon())

test("deploy names its version and the one that is needed, and nothing is started", () => {
  const version = docker("version", "--format", "{{.Server.Version}}")
  expect(version).toMatch(new RegExp(process.env.DOCKER_VERSION!))
  refuses([...deploy, "--ignore=disk"], `docker is ${version}, at least 20.10.10 is needed: older ones refuse the system call clone3`)
  expect(docker("ps", "-aq")).toBe("")
  expect(docker("images", "-q")).toBe("")
})

test("its filter does refuse the threads of Redis", () => {
  works(...deploy, "--ignore=disk,engine", "--build-only")
  const { image } = kitImages(home).find(({ service }) => service === "redis")!
  const { status, stdout, stderr } = spawnSync("docker", ["run", "--rm", "-e", "ALLOW_EMPTY_PASSWORD=yes", image], {
    encoding: "utf8",
    timeout: 60_000,
  })
  expect(`${stdout}${stderr}`).toContain("redis-server cannot start threads: this Docker is older than 20.10.10")
  expect(status).not.toBe(0)
})
