// openimctl update and rollback with a fake docker: one kit takes the place of another, or nothing has changed, whenever the call is killed.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, describe, expect, test } from "vitest"
import { shopDeployment, shopTemplate } from "../unit/deployment.fixture"
import { Kit } from "./kit"

let kit: Kit
afterEach(() => kit.remove())

let ready: Kit | undefined
afterAll(() => ready?.remove())

const quick = ["--watch=1", "--drain=1"]
const api2 = "docker.io/shop/api:2.0"

/** A kit that has been deployed, and beside it the folder of a newer one. */
async function deployed(): Promise<void> {
  if (!ready) {
    ready = new Kit()
    expect((await ready.run(["deploy", "--address=http://shop.test:18080"])).code).toBe(0)
  }
  kit = ready.copy()
  kit.fakeDocker({ images: [...kit.docker().images, api2] })
  newer("2.0", api2)
}

function newer(release: string, image: string, change: (settings: typeof shopDeployment) => object = (same) => same): string {
  const folder = join(kit.root, `kit-${release}`)
  mkdirSync(folder, { recursive: true })
  const settings = shopDeployment.settings.map((setting) => (setting.name === "API_IMAGE" ? { ...setting, default: image } : setting))
  const files = {
    "deployment.json": JSON.stringify(change({ ...shopDeployment, release, settings })),
    "env.template": shopTemplate,
    "docker-compose.prod.yml": `services: {}\n# image api ${image}\n`,
    "edge.cfg": "listen\n",
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const update = (...more: string[]) => kit.run(["update", `--kit=${join(kit.root, "kit-2.0")}`, ...quick, ...more])
const images = () =>
  Object.values(kit.docker().containers)
    .map((one) => (one as unknown as { image: string }).image)
    .sort()
const release = () => (JSON.parse(kit.read("deployment.json")) as { release: string }).release
const fake = () =>
  kit.docker() as unknown as { once?: string[]; places?: Record<string, { weight: number; admin: number }>; sessions?: object }
const at = (version: string) => [
  `docker.io/shop/api:${version}`,
  "docker.io/shop/database:1.0",
  "docker.io/shop/edge:1.0",
  "docker.io/shop/page:1.0",
]
const settled = () => {
  expect(kit.has(".openimctl/update.json")).toBe(false)
  for (const place of Object.values(fake().places ?? {})) expect(place).toMatchObject({ weight: 1, admin: 0 })
}

const rules = (updates: object) => newer("2.0", api2, (deployment) => ({ ...deployment, updates }))
const noRules = { stops: [], changes: {}, together: [] }

const hook = (name: string, script: string) => {
  mkdirSync(join(kit.folder, "hooks"), { recursive: true })
  writeFileSync(join(kit.folder, `hooks/${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
}
const ran = () => (kit.has("hooks.log") ? kit.read("hooks.log").trim().split(/ *\n/) : [])
const note = 'echo "$OPENIMCTL_VERB $OPENIMCTL_FROM $OPENIMCTL_TO $OPENIMCTL_RESULT" >>hooks.log; echo seen'

describe("hooks", () => {
  test("run before and after, with what changes", async () => {
    await deployed()
    for (const name of ["before-update", "after-update", "after-rollback", "before-deploy"]) hook(name, note)
    const done = await update()
    expect(done.stderr).toContain("running hooks/before-update")
    expect(done.stderr).toContain("  | seen")
    expect(done.code).toBe(0)
    expect(ran()).toEqual(["update 1.0 2.0", "update 1.0 2.0 ok"])
    expect((await kit.run(["rollback", ...quick])).code).toBe(0)
    expect(ran().slice(2)).toEqual(["rollback 2.0 1.0 ok"])
    // A deployment that changes nothing runs none.
    await kit.run(["deploy"])
    await kit.run(["stop", "page"])
    await kit.run(["deploy"])
    expect(ran().slice(3)).toEqual(["deploy 1.0 1.0"])
  })

  test.each([
    ["fails", "echo not today; exit 3", 0o755, "hooks/before-update ended with exit code 3: not today; nothing was changed"],
    ["takes too long", "while :; do :; done", 0o755, "gave no result within 1 s; nothing was changed"],
    ["is not executable", "true", 0o644, "hooks/before-update is not executable: chmod +x"],
  ])("one before that %s stops the change, and nothing has changed", async (_, script, mode, expected) => {
    await deployed()
    hook("before-update", script)
    chmodSync(join(kit.folder, "hooks/before-update"), mode)
    hook("after-update", note)
    const done = await kit.run(["update", `--kit=${join(kit.root, "kit-2.0")}`, ...quick], { OPENIMCTL_HOOK_SECONDS: "1" })
    expect(done.stderr).toContain(expected)
    expect([done.code, images(), release(), ran()]).toEqual([4, at("1.0"), "1.0", []])
    settled()
  })

  test("one after runs as well where the update was taken back; its own failure changes nothing", async () => {
    await deployed()
    hook("after-update", `${note}; exit 1`)
    kit.fakeDocker({ failing: { [api2]: "exit" } })
    const done = await update("--timeout=3")
    expect(done.code).toBe(1)
    expect(ran()).toEqual(["update 1.0 2.0 failed"])
    expect(done.stderr).toContain("warning: hooks/after-update ended with exit code 1")
    expect(images()).toEqual(at("1.0"))
  })
})

describe("versions that must not be left out", () => {
  test("an update over one is refused before anything changes, by deploy and start as well", async () => {
    await deployed()
    rules({ ...noRules, stops: [{ service: "api", through: ["1.5"], why: "it moves the data" }] })
    const before = kit.docker().containers
    for (const words of [[], ["--plan"]]) {
      const done = await update(...words)
      expect(done.stderr).toContain("api 1.0 → 2.0 leaves out 1.5: it moves the data")
      expect(done.stderr).toContain("update to 1.5 first and let it start; then to 2.0")
      expect(done.code).toBe(4)
    }
    kit.write("deployment.json", kit.read("../kit-2.0/deployment.json"))
    for (const words of [["deploy"], ["deploy", "--dry-run"], ["start"], ["restart", "api"]]) {
      const done = await kit.run(words)
      expect(done.stdout + done.stderr).toContain("leaves out 1.5")
      expect(done.code).toBe(4)
    }
    expect(kit.docker().containers).toEqual(before)
    expect((await kit.run(["doctor"])).stdout).toContain("leaves out 1.5")
  })

  test("a change is acknowledged by its name, and asked for once", async () => {
    await deployed()
    rules({ ...noRules, changes: { prices: { service: "api", since: "2.0", about: "prices are in cents: run tools/cents before" } } })
    const refused = await update()
    expect(refused.stderr).toContain("api 1.0 → 2.0: prices are in cents: run tools/cents before")
    expect(refused.stderr).toContain("--accept=prices")
    expect([refused.code, images()]).toEqual([4, at("1.0")])
    const unknown = await update("--accept=price")
    expect(unknown.stderr).toContain('Did you mean "prices"?')
    expect(unknown.code).toBe(2)
    expect((await update("--accept=prices")).code).toBe(0)
    expect(images()).toEqual(at("2.0"))
    expect((await kit.run(["deploy"])).stderr).toContain("nothing to change")
    // The containers are gone, and what the data was used with is known.
    expect((await kit.run(["clean"])).code).toBe(0)
    kit.write(".env", kit.read(".env").concat("API_IMAGE=docker.io/shop/api:1.0\n"))
    const back = await kit.run(["deploy"])
    expect(back.stderr).toContain("api 2.0 → 1.0 goes back over 2.0")
    expect(back.code).toBe(4)
  })
})

describe("update", () => {
  test("new containers start beside the old ones, get all connections, and the old ones leave and end", async () => {
    await deployed()
    kit.fakeDocker({ sessions: { "0x1": "api1", "0x2": "api1" } })
    const done = await update()
    expect(done.stderr).toContain("will start new containers of api beside the old ones")
    expect(done.stderr).toMatch(/1\.0 → 2\.0 in /)
    expect(done.code).toBe(0)
    expect([images(), release()]).toEqual([at("2.0"), "2.0"])
    expect(fake().once?.map((line) => line.replace(/^\S+ /, ""))).toEqual(["stop", "leave"])
    expect(fake().sessions).toEqual({})
    settled()
    const again = await kit.run(["deploy"])
    expect(again.stderr).toContain("nothing to change: 4 containers")
  })

  test("--plan prints the steps and changes nothing", async () => {
    await deployed()
    const before = kit.docker()
    const done = await update("--plan")
    expect(done.stdout).toContain("1.0 → 2.0\nwill start new containers of api beside the old ones")
    expect(done.code).toBe(0)
    expect(kit.docker()).toEqual(before)
    expect([release(), kit.has(".openimctl/releases")]).toEqual(["1.0", false])
  })

  test("canary gives share by share", async () => {
    await deployed()
    const done = await update("--strategy=canary", "--steps=10,50")
    expect(done.stderr).toMatch(/10 % of new connections.*\n.*50 % of new connections.*\n.*100 % of new connections/)
    expect([done.code, release()]).toEqual([0, "2.0"])
    settled()
  })

  test("recreate stops and starts, without a second set", async () => {
    await deployed()
    const done = await update("--strategy=recreate")
    expect(done.stderr).toContain("will stop api and start it again")
    expect([done.code, images()]).toEqual([0, at("2.0")])
    settled()
  })

  test("secrets that the newer kit adds are made, and taken back with it", async () => {
    await deployed()
    const added = { ...shopDeployment.settings.find(({ name }) => name === "API_SECRET")!, name: "TOKEN_SECRET", uses: [], earlier: [] }
    newer("2.0", api2, (same) => ({ ...same, settings: [...(same as typeof shopDeployment).settings, added] }))
    const before = kit.read(".env")
    const done = await update()
    expect(done.stderr).toContain("added to .env: TOKEN_SECRET")
    expect(done.code).toBe(0)
    expect(kit.value("TOKEN_SECRET")).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(kit.read(".env").startsWith(before)).toBe(true)
    for (const text of [done.stdout, done.stderr]) expect(text).not.toContain(kit.value("TOKEN_SECRET"))
    kit.remove()
    await deployed()
    newer("2.0", api2, (same) => ({ ...same, settings: [...(same as typeof shopDeployment).settings, added] }))
    kit.fakeDocker({ failing: { [api2]: "exit" } })
    expect((await update("--timeout=5")).code).toBe(1)
    expect(kit.read(".env")).toBe(before)
  })

  test("rollback goes back to the kit of before, and forth again", async () => {
    await deployed()
    expect((await update()).code).toBe(0)
    const back = await kit.run(["rollback", ...quick])
    expect(back.stderr).toMatch(/2\.0 → 1\.0 in /)
    expect([back.code, images(), release()]).toEqual([0, at("1.0"), "1.0"])
    expect((await kit.run(["rollback", "2.0", ...quick])).code).toBe(0)
    expect([images(), release()]).toEqual([at("2.0"), "2.0"])
    settled()
    const history = await kit.run(["history", "--format=json"])
    expect((JSON.parse(history.stdout) as { detail: string }[]).slice(-2).map(({ detail }) => detail)).toEqual(["2.0 → 1.0", "1.0 → 2.0"])
  })
})

describe("an update that fails goes back", () => {
  /** In the old one and, where it runs, in the new one. */
  const [oldOnly, bothLeave] = [
    ["stop", "start"],
    ["stop", "stop", "start", "leave"],
  ]

  test.each([
    ["new containers that are not healthy", { failing: { [api2]: "unhealthy" } }, "api did not start: its health check fails", bothLeave],
    ["new containers that end", { failing: { [api2]: "exit" } }, "api did not start", oldOnly],
    ["new containers that answer with errors", { answers500: [api2] }, /\d+ of \d+ requests to api\/api2 failed/, bothLeave],
  ])("%s", async (_, behaviour, words, commands) => {
    await deployed()
    kit.fakeDocker(behaviour)
    const env = kit.read(".env")
    const done = await update("--timeout=5")
    expect(done.stderr).toMatch(words)
    expect(done.stderr).toMatch(/the deployment is back at 1\.0 since .* after the failure/)
    expect(done.code).toBe(1)
    expect([images(), release(), kit.read(".env")]).toEqual([at("1.0"), "1.0", env])
    expect(fake().once?.map((line) => line.replace(/^\S+ /, ""))).toEqual(commands)
    settled()
  })
})

describe("configuration files of services", () => {
  test("come with a kit, go with it, and are there again after a rollback", async () => {
    await deployed()
    const file = "files/api/limits.json"
    mkdirSync(join(kit.root, "kit-2.0/files/api"), { recursive: true })
    writeFileSync(join(kit.root, "kit-2.0", file), "of 2.0")
    expect((await update()).code).toBe(0)
    expect(kit.read(file)).toBe("of 2.0")
    expect((await kit.run(["rollback", ...quick])).code).toBe(0)
    expect(kit.has(file)).toBe(false)
    expect((await kit.run(["rollback", "2.0", ...quick])).code).toBe(0)
    expect(kit.read(file)).toBe("of 2.0")
  })
})

describe("what cannot be an update is refused, and nothing is changed", () => {
  test.each([
    ["the kit that is deployed", () => kit.folder, "is the kit that is deployed here: 1.0"],
    ["an older one", () => newer("0.9", "docker.io/shop/api:0.9"), "0.9 is older than 1.0\nopenimctl: next: openimctl rollback"],
    ["another product", () => newer("3.0", api2, (same) => ({ ...same, stack: "tea" })), "is a kit of tea, this is one of shop"],
    ["a folder without a kit", () => kit.root, "is not the folder of a kit"],
    ["an image that is not there", () => newer("3.0", "docker.io/shop/api:3.0"), "docker.io/shop/api:3.0"],
  ])("%s", async (_, folder, words) => {
    await deployed()
    const before = kit.docker().containers
    const done = await kit.run(["update", `--kit=${folder()}`, ...quick])
    expect(done.stderr).toContain(words)
    expect(done.code).not.toBe(0)
    expect([kit.docker().containers, release()]).toEqual([before, "1.0"])
  })

  test("a damaged kit", async () => {
    await deployed()
    writeFileSync(join(kit.root, "kit-2.0/SHA256SUMS"), `${"0".repeat(64)}  docker-compose.prod.yml\n`)
    const done = await update()
    expect(done.stderr).toContain("is damaged")
    expect([done.code, release()]).toEqual([4, "1.0"])
  })

  test("two sets that the edge has no places for", async () => {
    await deployed()
    expect((await kit.run(["scale", "api=2"])).code).toBe(0)
    const done = await update()
    expect(done.stderr).toContain("two sets of 2 containers of api do not fit: the edge finds at most 2")
    expect([done.code, release()]).toEqual([4, "1.0"])
  })

  test("wrong options", async () => {
    await deployed()
    for (const [words, expected] of [
      [["update"], "needs the folder of a newer kit"],
      [["update", "--kit=x", "--strategy=blue"], 'unknown strategy "blue"'],
      [["update", "--kit=x", "--strategy=rolling"], "--strategy=rolling is not offered: one container after the other"],
      [["update", "--kit=x", "--steps=5,25"], "--steps is for --strategy=canary"],
      [["update", "--kit=x", "--strategy=canary", "--steps=50,10"], "is not a list of rising shares"],
      [["rollback"], "no earlier release is kept here"],
    ] as const) {
      const done = await kit.run([...words])
      expect(done.stderr).toContain(expected)
      expect([2, 4]).toContain(done.code)
    }
  })
})

describe("another version of a service, without a kit", () => {
  const byVersion = (...words: string[]) => {
    kit.write(
      "docker-compose.prod.yml",
      kit.read("docker-compose.prod.yml").replace(/^services: \{\}\n$/, "$&# image api docker.io/shop/api:1.0\n"),
    )
    return kit.run(["update", ...words, ...quick])
  }

  test("takes its place like a kit, and rollback goes back", async () => {
    await deployed()
    const planned = await byVersion("--version=api=2.0", "--plan")
    expect(planned.stdout).toContain("1.0 → 1.0, api 2.0\nwill start new containers of api beside the old ones")
    expect([planned.code, images(), release()]).toEqual([0, at("1.0"), "1.0"])
    const done = await byVersion("--version=api=2.0")
    expect(done.stderr).toContain("1.0 → 1.0, api 2.0 in ")
    expect([done.code, images(), release()]).toEqual([0, at("2.0"), "1.0, api 2.0"])
    expect(kit.read("docker-compose.prod.yml")).toContain(`# image api ${api2}`)
    settled()
    expect((await kit.run(["deploy"])).stderr).toContain("nothing to change")
    expect((await kit.run(["rollback", ...quick])).code).toBe(0)
    expect([images(), release()]).toEqual([at("1.0"), "1.0"])
  })

  test("one that does not start is taken back", async () => {
    await deployed()
    kit.fakeDocker({ failing: { [api2]: "exit" } })
    const done = await byVersion("--version=api=2.0", "--timeout=3")
    expect(done.stderr).toContain("the deployment is back at 1.0")
    expect([done.code, images(), release()]).toEqual([1, at("1.0"), "1.0"])
    settled()
  })

  test("rules of versions hold, and what was tested together is still known", async () => {
    await deployed()
    const rules = { ...noRules, stops: [{ service: "api", through: ["1.5"], why: "it moves the data" }], together: ["api", "page"] }
    kit.write("deployment.json", JSON.stringify({ ...JSON.parse(kit.read("deployment.json")), updates: rules }))
    expect((await byVersion("--version=api=2.0")).stderr).toContain("api 1.0 → 2.0 leaves out 1.5")
    kit.write("deployment.json", JSON.stringify({ ...JSON.parse(kit.read("deployment.json")), updates: { ...rules, stops: [] } }))
    expect((await byVersion("--version=api=2.0")).code).toBe(0)
    expect((await kit.run(["doctor"])).stdout).toContain("api is 2.0, but this kit was tested with 1.0")
  })

  test.each([
    [["--version=2.0"], "--version does not say of which service"],
    [["--version=apo=2.0"], 'Did you mean "api"?'],
    [["--version=api=1.0"], "api is 1.0 already"],
    [["--version=api=0.9"], "api 0.9 is older than 1.0"],
    [["--version=api=2.0,api=2.1"], "--version names api twice"],
    [["--version=api=a b"], '"a b" is not a version of api'],
    [["--version="], "--version needs a value"],
    [["--version=,"], "--version names no version"],
    [["--version=api=2.0", "--kit=../kit-2.0"], "--kit or --version, not both"],
    [["--version=api=3.0"], "docker.io/shop/api:3.0"],
  ])("%j is refused before anything changes", async (words, expected) => {
    await deployed()
    const done = await byVersion(...words)
    expect(done.stderr).toContain(expected)
    expect([2, 4]).toContain(done.code)
    expect([images(), release(), kit.has(".openimctl/releases")]).toEqual([at("1.0"), "1.0", false])
  })

  test("an image in .env wins, and is named", async () => {
    await deployed()
    kit.write(".env", `${kit.read(".env")}\nAPI_IMAGE=docker.io/other/api:1.0\n`)
    const done = await byVersion("--version=api=2.0")
    expect(done.stderr).toContain(".env names the image of api: API_IMAGE=docker.io/other/api:1.0")
    expect(done.code).toBe(4)
  })
})

describe("killed", () => {
  test("at each change: the next call finishes it or undoes it", async () => {
    await deployed()
    kit.fakeDocker({ sessions: { "0x1": "api1" }, changes: 0 })
    expect((await update()).code).toBe(0)
    const changes = (kit.docker() as unknown as { changes: number }).changes
    expect(changes).toBeGreaterThan(8)
    kit.remove()
    const ends = new Set<string>()
    for (let change = 1; change <= changes; change++) {
      await deployed()
      kit.fakeDocker({ sessions: { "0x1": "api1" }, changes: 0, killAtChange: change })
      expect((await update()).code).not.toBe(0)
      kit.fakeDocker({ killAtChange: 0 })
      const next = await kit.run(["deploy"])
      expect(next.stderr).toMatch(/(finishing|undoing) the update to 2\.0, which was interrupted/)
      expect(next.code).toBe(0)
      expect(images()).toEqual(at(release()))
      settled()
      ends.add(release())
      expect((await update("--plan")).code).toBe(release() === "1.0" ? 0 : 4)
      kit.remove()
    }
    expect(ends).toEqual(new Set(["1.0", "2.0"]))
    await deployed()
  }, 300_000)

  test("status says that an update was interrupted", async () => {
    await deployed()
    kit.fakeDocker({ changes: 0, killAtChange: 3 })
    expect((await update()).code).not.toBe(0)
    expect(existsSync(join(kit.folder, ".openimctl/update.json"))).toBe(true)
    const status = await kit.run(["status"])
    expect(status.stdout + status.stderr).toContain("an update to 2.0 was interrupted; the next change undoes it")
  })
})
