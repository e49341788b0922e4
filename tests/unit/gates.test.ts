// Which tests an image must pass before it is pushed, and what stands in the stack; what may be signed.

import { execFileSync } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { readStack } from "../../src/catalogue/stack.js"
import type { Catalogue, InstalledEntry } from "../../src/catalogue/types.js"
import { gateNeeds, gatePlan, placeInStack, readGate, serviceWith, stackOf, testedWords } from "../../src/plan/publish/gates.js"
import { planRows, readPlanRecord } from "../../src/plan/publish/planRows.js"
import { readPublishedInputs } from "../../src/plan/publish/publishing.js"
import { checkExpected, failedCases, readExpected, releasedTable, releaseRecord } from "../../src/plan/publish/released.js"
import { checkDockerConfig, emptySecret, missingSecret } from "../../src/plan/publish/secrets.js"
import { serviceOf } from "../../src/plan/stack/services.js"
import { imagesToSign, readSignedImage } from "../../src/plan/supplychain/signing.js"

const catalogue = await loadCatalogue("openim")
const all = Object.values(catalogue.components)
const digest = `sha256:${"a".repeat(64)}`
const other = `sha256:${"b".repeat(64)}`

/** A stack of this test's own: a suite, a single program, a server that is in the stack, one that takes a place there, one that is not. */
const stackText = `
stack: tea
title: Tea
sources:
  house: { title: House, url: https://git.example.com/house, toolchain: go, module: example.com/house, image: { home: /h, config: /h/c, logs: /h/l, arguments: [], env: {} } }
user: { name: tea, uid: 10001 }
components:
  house: { purpose: All, source: house, stages: [[pot]], needs: [cache, store], image: tea/house, rhythm: daily, mode: auto }
  pot: { purpose: Pot, source: house, program: pot, package: cmd/pot, image: tea/pot, rhythm: daily, mode: auto }
  quick: &installed { purpose: Cache, url: https://git.example.com/quick, server: quick, install: { debian: { packages: [quick] } }, start: start-quick, data: /data, image: tea/quick, rhythm: weekly, mode: auto }
  deep: { <<: *installed, purpose: Store }
  lonely: { <<: *installed, purpose: Alone }
bases:
  debian: { image: docker.io/library/debian:trixie-slim, distribution: debian, packages: [], probe: bash }
supervisor: { backoffDelay: 1s, backoffFactor: 2, backoffLimit: 10s, checkPeriod: 2s, downChecks: 3, waitSeconds: 5 }
services:
  cache: { purpose: Cache, component: quick, command: [start-quick], ports: [1], ready: [probe] }
  store:
    purpose: Store
    image: deep
    packaged: { packages: [deep], standIn: something like it }
    command: [deep, --easy]
    env: { EASY: "1" }
    data: /easy
    ports: [2]
    ready: [probe]
    published: { component: deep, command: [start-deep], user: tea, env: { HARD: "1" }, data: /deep }
`
const tea = { ...readStack("stack.yaml", stackText.replaceAll("<<: *installed, ", installed())), pins: catalogue.pins } as Catalogue

/** YAML 1.2 has no merge keys. */
function installed(): string {
  return "url: https://git.example.com/quick, server: quick, install: { debian: { packages: [quick] } }, start: start-quick, data: /data, image: tea/other, rhythm: weekly, mode: auto, "
}

describe("the gate", () => {
  it("is one of four words", () => {
    expect(["integration", "smoke", "all", "none"].map(readGate)).toEqual(["integration", "smoke", "all", "none"])
    expect(() => readGate("integraton")).toThrow('unknown value of --gate "integraton". Did you mean "integration"?')
    expect(() => readGate("")).toThrow("unknown value of --gate")
  })

  it("is the stack for what runs there, and a test of the image alone for anything else", () => {
    expect(gatePlan(tea, "integration", "house")).toEqual({ smoke: true, suites: ["integration"] })
    expect(gatePlan(tea, "integration", "quick").suites).toEqual(["integration"])
    expect(gatePlan(tea, "integration", "deep").suites).toEqual(["integration"])
    expect(gatePlan(tea, "integration", "pot")).toEqual({ smoke: true, suites: [] })
    expect(gatePlan(tea, "integration", "lonely")).toEqual({ smoke: true, suites: [] })
    expect(gatePlan(tea, "all", "house").suites).toEqual(expect.arrayContaining(["integration", "health", "faults"]))
    expect(gatePlan(tea, "smoke", "house")).toEqual({ smoke: true, suites: [] })
    expect(testedWords(gatePlan(tea, "integration", "house"))).toBe("smoke, integration")
    expect(testedWords(gatePlan(tea, "none", "house"))).toBe("nothing")
  })

  it("never lets an image of the catalogue out untested unless that is asked for", () => {
    for (const { name, kind } of all.filter((entry) => entry.kind !== "reference")) {
      expect(gatePlan(catalogue, "integration", name).smoke, name).toBe(true)
      // Whatever has a place in the stack is tested there.
      expect(gatePlan(catalogue, "integration", name).suites.length > 0, `${name} (${kind})`).toBe(
        placeInStack(catalogue, name) !== undefined,
      )
      expect(gatePlan(catalogue, "none", name)).toEqual({ smoke: false, suites: [] })
    }
    const inStack = all.filter(({ name }) => placeInStack(catalogue, name) !== undefined).map(({ name }) => name)
    expect(inStack).toEqual(expect.arrayContaining(["server", "chat", "redis", "mongodb"]))
  })

  it("puts an image that is published into its service's place, with its own command, user and data", () => {
    expect(placeInStack(tea, "deep")).toBe("store")
    expect(serviceWith(tea, "store", [])).toEqual(serviceOf(tea, "store"))
    expect(serviceWith(tea, "store", ["quick", "house"])).toEqual(serviceOf(tea, "store"))
    expect(serviceWith(tea, "store", ["deep"])).toEqual({
      ...serviceOf(tea, "store"),
      origin: { component: "deep" },
      command: ["start-deep"],
      user: "tea",
      env: { HARD: "1" },
      files: {},
      data: "/deep",
    })
    expect(serviceWith(tea, "cache", ["quick"]).origin).toEqual({ component: "quick" })
  })

  it("runs the image as the component says, not as the other image does", () => {
    const bare = tea.services.store!
    if ("component" in bare.origin) throw new Error("store is an official image")
    const store = { ...bare, user: "mongo", origin: { ...bare.origin, published: { component: "deep", env: {} } } }
    const services = { ...tea.services, store } as Catalogue["services"]
    const { start, data } = tea.components.deep as InstalledEntry
    expect(serviceWith({ ...tea, services }, "store", ["deep"])).toMatchObject({ command: [start], user: tea.user.name, data })
  })

  it("starts what uses the image, and nothing else", () => {
    expect(stackOf(tea, ["deep"])).toEqual(["house"])
    expect(stackOf(tea, ["house", "quick"])).toEqual(["house"])
    expect(stackOf(catalogue, ["server"])).toEqual(["server"])
    expect(stackOf(catalogue, ["chat"])).toEqual(["chat"])
    expect(stackOf(catalogue, ["redis"])).toEqual(["server", "chat"])
  })

  it("says what a bundle must hold for it", () => {
    expect(gateNeeds(tea, "integration", ["pot", "lonely"])).toEqual({ components: [], services: [], tools: [] })
    expect(gateNeeds(tea, "integration", ["quick"])).toEqual({ components: ["house"], services: ["cache", "store"], tools: [] })
    expect(gateNeeds(tea, "all", ["house"]).tools).toEqual(["k6"])
    expect(gateNeeds(tea, "none", ["house"])).toEqual({ components: [], services: [], tools: [] })
  })

  it("has its place in the catalogue checked", () => {
    const changed = (from: string, to: string) => () =>
      readStack("stack.yaml", readFileSync("stacks/openim/stack.yaml", "utf8").replace(from, to))
    expect(changed("      component: mongodb", "      component: server")).toThrow(
      "services.mongodb-stand-in.published.component: expected the name of a component that is installed",
    )
    expect(changed("    component: redis\n", "    component: redis\n    published: {}\n")).toThrow("no published next to component")
  })
})

describe("what is not pushed", () => {
  it("says which cases failed, with what in the stack", () => {
    const cases = [
      { name: "a message arrives", ok: false, detail: "expected 1\nfound 0\n\nat x\nat y" },
      { name: "b", ok: true },
    ]
    expect(failedCases("integration", ["server", "redis"], cases)).toBe(
      "not pushed: 1 of 2 cases of integration failed with server, redis in the stack\na message arrives\n  expected 1\n  found 0\n  at x",
    )
    expect(failedCases("integration", ["server"], [])).toContain("integration has no cases")
    const many = Array.from({ length: 9 }, (_, index) => ({ name: `case ${index}`, ok: false }))
    expect(failedCases("integration", ["server"], many).split("\n").at(-1)).toBe("and 6 more")
  })

  it("is an image that was not the tested one", () => {
    expect(readExpected(tea, [`pot=${digest}`])).toEqual({ pot: digest })
    for (const text of ["pot", `pot=${digest.slice(0, 20)}`, `=${digest}`, `pot=${digest} `, ""]) {
      expect(() => readExpected(tea, [text])).toThrow(`--expect "${text}": expected COMPONENT=sha256:…`)
    }
    expect(() => readExpected(tea, [`pott=${digest}`])).toThrow('Did you mean "pot"?')
    checkExpected("pot", digest, { pot: digest })
    checkExpected("house", digest, { pot: other })
    checkExpected("pot", digest)
    expect(() => checkExpected("pot", digest, { pot: other })).toThrow(`not pushed: it is ${digest} now, but ${other} was tested`)
  })

  it("is listed with what was tested in one table", () => {
    const tags = [{ reference: `r/a:v1@${digest}`, outcome: "pushed" }]
    const text = releasedTable([{ component: "a", result: "published", detail: "new", digest, tested: "smoke, integration", tags }])
    expect(text).toMatch(/IMAGES +TESTED +REASON\na .*smoke, integration +new/)
  })
})

describe("a record", () => {
  const inputs = { source: "1", toolchain: { name: "go", version: "1" }, base: "b", packages: "1", recipe: "1" }
  const row = { component: "pot", source: "git", version: "v1", inputs }
  const to = { registries: [], tags: [] }

  it("holds the digests that were pushed, and gives them back to what is skipped", () => {
    const rows = planRows([row], {})
    const text = releaseRecord(tea, rows, [{ component: "pot", result: "published", detail: "", digest, tags: [] }], to)
    const [skipped] = planRows([row], readPlanRecord(text, to))
    expect(skipped).toMatchObject({ action: "skip", digest })
    // From record to record, though nothing is built any more.
    expect(
      JSON.parse(releaseRecord(tea, [skipped], [{ component: "pot", result: "skipped", detail: "", tags: [] }], to)).rows[0].digest,
    ).toBe(digest)
  })

  it("names no digest that only a registry's label stands for", () => {
    const [skipped] = planRows([row], { pot: [{ inputs, from: "r/pot:v1" }] })
    expect(skipped.action).toBe("skip")
    expect(skipped.digest).toBeUndefined()
    expect(releaseRecord(tea, [skipped], [{ component: "pot", result: "skipped", detail: "", tags: [] }], to)).not.toContain("sha256:")
  })

  it("is refused with a digest that is not one", () => {
    const text = JSON.stringify({ stack: "tea", rows: [{ ...row, digest: "v1" }] })
    expect(() => readPlanRecord(text)).toThrow("--record: pot has a digest that is not one")
  })
})

describe("what is signed", () => {
  it("has a digest: a tag may point elsewhere a moment later", () => {
    expect(imagesToSign([`r.example:5000/a/b:v1@${digest}`, `r.example:5000/a/b@${digest}`])).toEqual([
      { repository: "r.example:5000/a/b", tag: "v1", digest },
      { repository: "r.example:5000/a/b", tag: undefined, digest },
    ])
    for (const text of ["r.example/a:v1", "r.example/a", "localhost:5000/a:latest"]) {
      expect(() => imagesToSign([`r.example/ok@${digest}`, text])).toThrow(`"${text}" has no digest`)
    }
    expect(() => imagesToSign(["r.example/a:v1"])).toThrow("give it as r.example/a:v1@sha256:…")
  })

  it("is read with its name", () => {
    expect(readSignedImage("localhost:5000/a/b:v1")).toEqual({
      host: "localhost:5000",
      repository: "localhost:5000/a/b",
      tag: "v1",
      digest: undefined,
    })
    expect(() => readSignedImage(`a/b@${digest}`)).toThrow("expected an image with its registry")
  })
})

describe("secrets", () => {
  it("that are missing are said in one line that names the option, and the variable", () => {
    expect(missingSecret("password", 'failed to get secret: secret env var not found: "UNS..."')).toBe(
      "--password: the environment variable UNS… that it names is not set: set and export it, and call again",
    )
    expect(missingSecret("sign-key", "open /no/such: no such file or directory")).toBe(
      "--sign-key: the secret cannot be read: open /no/such: no such file or directory",
    )
    expect(emptySecret("password")).toMatch(/^--password: the secret is empty/)
    for (const text of [missingSecret("password", "x"), emptySecret("password")]) expect(text.split("\n")).toHaveLength(1)
  })

  it("of docker's are JSON with users", () => {
    checkDockerConfig('{"auths":{"r.example":{"auth":"YTpi"}}}')
    for (const text of ["{", "", "user:password"]) expect(() => checkDockerConfig(text)).toThrow("--registry-config: not JSON")
    for (const text of ["{}", "null", "[]", '{"auths":{}}', '{"credsStore":"desktop"}', '"text"']) {
      expect(() => checkDockerConfig(text)).toThrow("--registry-config: it has no users")
    }
  })
})

/** A folder with programs that stand for the real ones, for the scripts below shell/. */
function programs(texts: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "gates-"))
  made.push(folder)
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}
const made: string[] = []
afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true })))
const run = (folder: string, ...args: string[]) =>
  execFileSync("sh", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
  })

describe("labels that others wrote", () => {
  const inputs = '{"source":"1","go":"1"}'

  it.each([
    ["a line for another image", `x\\nr/b:v1\\tinputs\\t${inputs}`],
    ["tabs", `x\\tinputs\\t${inputs}`],
    ["carriage returns and other controls", `x\\r\\nr/b:v1\\tinputs\\t${inputs}\\v\\f`],
  ])("speak for their own image alone: %s", (_, label) => {
    const regctl = `#!/bin/sh\nif [ "$3" = r/a:v1 ]; then printf '${label}\\n'; else echo 'http 404' >&2; exit 1; fi\n`
    const found = readPublishedInputs(run(programs({ regctl }), "shell/published.sh", "label", "5", "r/b:v1", "r/a:v1"))
    expect(Object.keys(found).sort()).toEqual(["r/a:v1", "r/b:v1"])
    expect(found["r/b:v1"]).toEqual({ none: "r/b:v1 is not published yet" })
    expect(found["r/a:v1"]).toEqual({ none: "r/a:v1 was not built by this project" })
  })

  it("in errors do so as well", () => {
    const regctl = `#!/bin/sh\nprintf 'no\\tinputs\\t${inputs}\\r' >&2\nexit 1\n`
    const found = readPublishedInputs(run(programs({ regctl }), "shell/published.sh", "label", "5", "r/a:v1"))
    expect(found).toEqual({ "r/a:v1": { none: `r/a:v1 cannot be asked for: noinputs${inputs}` } })
  })
})

describe("signatures.sh", () => {
  // Signed as NAME:v1 alone; cosign says no to any other annotation.
  const cosign = `#!/bin/sh
case "$1 $*" in
  "triangulate "*absent*) echo "not found" >&2; exit 1 ;;
  "triangulate "*) echo "r/a:sha256-${"a".repeat(64)}.sig" ;;
  "verify "*"-a version=v2"* | "verify "*"-a repository=r/b"*) echo "no matching signatures" >&2; exit 1 ;;
  "verify "*"@${digest}") echo '[{"optional":{"repository":"r/a","version":"v1"}}]' ;;
  "verify "*) echo "no signatures found" >&2; exit 1 ;;
  *) echo "$@" >&2 ;;
esac
`
  const ask = (step: string, ...words: string[]) => run(programs({ cosign }), "shell/signatures.sh", step, "", ...words)

  it("names the digest that a tag has, and the name that is signed", () => {
    expect(ask("verify", "r/a", "v1", "")).toBe(`r/a:v1@${digest}: signed by this key as r/a:v1\n`)
    expect(ask("verify", "r/a", "", digest)).toBe(`r/a@${digest}: signed by this key as r/a\n`)
  })

  it.each([
    ["another tag", "r/a", "v2", ""],
    ["another repository", "r/b", "v1", digest],
  ])("refuses a right signature under %s", (_, repository, tag, of) => {
    expect(() => ask("verify", repository, tag, of)).toThrow(`is signed by this key, but as r/a:v1, not as ${repository}:${tag}`)
  })

  it("refuses what is not signed, and what is not there", () => {
    expect(() => ask("verify", "r/a", "v1", other)).toThrow("no signatures found")
    expect(() => ask("verify", "r/absent", "v1", "")).toThrow("r/absent:v1: the registry has no such image")
  })

  it("answers for each image, and signs what is missing", () => {
    expect(ask("ask", "r/a", "v1", "", "r/a", "v2", "", "r/absent", "v1", "")).toBe("yes\nno\nno\n")
    expect(ask("sign", "r/a", "v1", digest, "r/a", "v2", digest)).toBe(
      `r/a:v1@${digest}: has this key's signature already\nr/a:v2@${digest}: signed\n`,
    )
  })
})
