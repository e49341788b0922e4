import { describe, expect, test } from "vitest"
import {
  allHealthy,
  type ContainerState,
  changeOf,
  chosenProfiles,
  diagnosis,
  serviceNamed,
  stagesOf,
  statusRows,
  verdict,
} from "../../src/plan/deploy/stages.js"
import { shopDeployment as shop } from "./deployment.fixture.js"

const container = (service: string, more: Partial<ContainerState> = {}): ContainerState => ({
  id: `id-${service}`,
  service,
  state: "running",
  health: "healthy",
  exitCode: 0,
  restarts: 0,
  outOfMemory: false,
  image: "i",
  imageId: "1",
  startedAt: "2026-01-02T03:04:05Z",
  ports: [],
  ...more,
})

test("stages are those of the profiles", () => {
  const names = (profiles: string[]) => stagesOf(shop, profiles).map((stage) => stage.map(({ name }) => name))
  expect(names(["core"])).toEqual([["database"], ["api"], ["edge"]])
  expect(names(["all"])).toEqual([["database"], ["api"], ["page", "edge"]])
  expect(names(["frontend"])).toEqual([["page"]])
})

test("unknown profiles and services are answered with the nearest name", () => {
  expect(() => chosenProfiles(shop, ["fronted"])).toThrow('unknown profile "fronted". Did you mean "frontend"? Known: core, frontend, all')
  expect(() => serviceNamed(shop, "databse")).toThrow('Did you mean "database"?')
  expect(chosenProfiles(shop, ["frontend", "core"])).toEqual(["core", "frontend"])
})

describe("a service that starts", () => {
  test.each<[string, ContainerState[], number, string]>([
    ["healthy", [container("a")], 1, "ready"],
    ["without a health check", [container("a", { health: "" })], 1, "ready"],
    ["starting", [container("a", { health: "starting" })], 1, "waiting"],
    ["not created", [], 1, "waiting"],
    ["one of two", [container("a")], 2, "waiting"],
    ["unhealthy", [container("a", { health: "unhealthy" })], 1, "failed"],
    ["ended", [container("a", { state: "exited", exitCode: 1 })], 1, "failed"],
    ["restarting", [container("a", { state: "restarting", restarts: 1 })], 1, "waiting"],
    ["restarting again and again", [container("a", { state: "restarting", restarts: 5 })], 1, "failed"],
    ["out of memory", [container("a", { outOfMemory: true })], 1, "failed"],
  ])("%s", (_, containers, wanted, expected) => expect(verdict(containers, wanted).state).toBe(expected))

  test("restarts of an earlier day do not count", () => {
    expect(verdict([container("a", { restarts: 7 })], 1, { "id-a": 7 }).state).toBe("ready")
  })
})

describe("why it does not start", () => {
  test.each<[string, Partial<ContainerState>, string, string]>([
    ["the log says that a password is refused", {}, "SASL: (AuthenticationFailed) SCRAM authentication failed", "another one than .env"],
    ["Redis says so", {}, "WRONGPASS invalid username-password pair", "another one than .env"],
    ["no disk", {}, "write: no space left on device", "disk is full"],
    ["no AVX", { exitCode: 132 }, "", "CPU lacks"],
    ["memory", { outOfMemory: true }, "", "memory is missing"],
    ["Java's memory", {}, "Native memory allocation (mmap) failed: Not enough space", "memory is missing"],
    ["another architecture", {}, "exec /usr/bin/server: exec format error", "architecture"],
    ["a name", {}, "dial tcp: lookup kafka: no such host", "not found by its name"],
    ["the health check's words", { healthOutput: "permission denied" }, "", "may not be read"],
  ])("%s", (_, more, log, words) => {
    const { why, next } = diagnosis([container("a", more)], log)
    expect(why).toContain(words)
    expect(next).toBeTruthy()
  })

  test("an unknown cause has a next step, too", () =>
    expect(diagnosis([container("a")], "foo")).toEqual({ next: expect.stringContaining("openimctl logs") }))
})

describe("status", () => {
  const all = ["database", "api", "page", "edge"].map((name) => container(name))

  test("has one row for each service that should run", () => {
    const rows = statusRows(shop, ["all"], all)
    expect(rows.map(({ service, state }) => `${service} ${state}`)).toEqual([
      "database healthy",
      "api healthy",
      "page healthy",
      "edge healthy",
    ])
    expect(allHealthy(rows)).toBe(true)
  })

  test("names what is missing, stopped, unhealthy, and what is too much", () => {
    const rows = statusRows(
      shop,
      ["core"],
      [
        container("database", { health: "unhealthy", healthOutput: "first\nno answer" }),
        container("api", { state: "exited", exitCode: 137, health: "" }),
        container("page"),
      ],
    )
    expect(rows.map(({ service, state, note }) => `${service}: ${state}, ${note}`)).toEqual([
      "database: unhealthy, no answer",
      "api: stopped, exit code 137",
      "edge: missing, no container: openimctl deploy",
      "page: healthy, not part of the deployed profiles",
    ])
    expect(allHealthy(rows)).toBe(false)
  })

  test("one of two instances is not healthy", () => {
    expect(allHealthy(statusRows(shop, ["core"], all, { api: 2 }))).toBe(false)
  })

  test("nothing at all is not healthy", () => expect(allHealthy(statusRows(shop, [], []))).toBe(false))
})

describe("a second deployment changes", () => {
  const api = serviceNamed(shop, "api")
  const own = [container("api")]
  const facts = { hash: "h", hashBefore: "h", imageId: "1", files: "f", filesBefore: "f", wanted: 1 }
  test.each<[string, ContainerState[], Partial<typeof facts>, string | undefined]>([
    ["nothing where all is as it was", own, {}, undefined],
    ["what is new", [], {}, "new"],
    ["what has other secrets", own, { files: "g" }, "its secrets or files have changed"],
    ["what has other settings", own, { hash: "i" }, "its settings have changed"],
    ["what has another image", own, { imageId: "2" }, "another image"],
    ["what is stopped", [container("api", { state: "exited" })], {}, "not running"],
    ["the number of instances", own, { wanted: 2 }, "1 instead of 2 instances"],
  ])("%s", (_, containers, more, expected) => expect(changeOf(api, containers, { ...facts, ...more })).toBe(expected))
})
