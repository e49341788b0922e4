import { describe, expect, it } from "vitest"
import { nearest } from "../../src/base/nearest.js"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { GroupEntry } from "../../src/catalogue/types.js"
import { fixtureText } from "./fixtures.js"

const files = ["stack.yaml", "versions.yaml"] as const
const own = Object.fromEntries(files.map((name) => [name, fixtureText(name)]))

type Change = [file: (typeof files)[number], from: string, to: string]

/** Loads the catalogue of the fixtures with some places of its files changed. */
function loadChanged(...changes: Change[]) {
  const changed: Record<string, string> = { ...own }
  for (const [file, from, to] of changes) {
    expect(changed[file]).toContain(from)
    changed[file] = changed[file]!.replace(from, to)
  }
  return loadTexts(changed)
}

const loadWith = (...change: Change) => loadChanged(change)

const loadTexts = (texts: Record<string, string>) => loadCatalogue("openim", async (name) => texts[name]!)

/** The message of a catalogue that does not load. */
async function messageOf(loading: Promise<unknown>): Promise<string> {
  return loading.then(
    () => "no fault",
    (error: Error) => error.message,
  )
}

const lineOf = (file: string, text: string) => own[file].slice(0, own[file].indexOf(text)).split("\n").length

describe("the openim catalogue", () => {
  it("has the server with twelve programs, chat with four, and the front ends", async () => {
    const catalogue = await loadCatalogue("openim")
    const members = (name: string) => (catalogue.components[name] as GroupEntry).stages.flat()
    expect(members("server")).toHaveLength(12)
    expect(members("chat")).toHaveLength(4)
    expect(catalogue.components.web.kind).toBe("reference")
    expect(catalogue.components["server-rpc-auth"]).toMatchObject({ program: "openim-rpc-auth", ports: [10200] })
  })
})

describe("a broken catalogue", () => {
  it("says where YAML ends to be YAML", async () => {
    const text = "title: OpenIM Server\n"
    await expect(loadWith("stack.yaml", text, "title: OpenIM: Server\n")).rejects.toThrow(
      `catalogue/stack.yaml:${lineOf("stack.yaml", text)}: not valid YAML`,
    )
  })

  it("names file, line, path and what was expected", async () => {
    await expect(loadWith("stack.yaml", "probe: 10320", "probe: high")).rejects.toThrow(
      `catalogue/stack.yaml:${lineOf("stack.yaml", "probe: 10320")}: components.server-rpc-user.probe: ` +
        'expected a port number from 1 to 65535, found "high"',
    )
  })

  it.each([
    ["stack.yaml", "rhythm: daily", "rhythm: hourly", 'expected one of daily, weekly, on-demand, low, found "hourly"'],
    ["stack.yaml", "rhythm: daily", "rythm: daily", 'server.rythm: unknown key "rythm". Did you mean "rhythm"?'],
    ["stack.yaml", "purpose: All services", "# purpose: All services", "server.purpose: expected a text, found nothing"],
    ["stack.yaml", "- server-rpc-auth\n", "- server-rpc-aut\n", "expected the name of a component that has a program"],
    [
      "stack.yaml",
      "    source: server\n",
      "    source: sever\n",
      'server.source: expected the name of a source, found "sever". Did you mean "server"?',
    ],
    ["stack.yaml", "ports: [10001, 10002]", "ports: 10001", "components.server.ports: expected a list, found 10001"],
    ["stack.yaml", "uid: 10001", "uid: 0", "user.uid: expected a user number from 1000 to 65533, found 0"],
    ["stack.yaml", "package: cmd/openim-api", "package: ../openim-api", "expected the main package's folder"],
    ["stack.yaml", "image: docker.io/library/debian:trixie-slim", "image: debian", "expected a full image reference"],
    ["versions.yaml", "    commit: ", "    commit: x", "sources.server.commit: expected a full commit"],
    ["versions.yaml", "sum: h1:", "sum: h2:", "expected a Go module's checksum"],
    [
      "versions.yaml",
      "  server:",
      "  sever:",
      'sources.server: expected the pin of sources.server in stack.yaml, found nothing. Did you mean "sever"?',
    ],
    [
      "versions.yaml",
      "  web:",
      "  wep:",
      'references.web: expected the tag of components.web in stack.yaml, found nothing. Did you mean "wep"?',
    ],
    [
      "stack.yaml",
      "    reference: true\n",
      "    reference: true\n    source: chat\n",
      "web.source: no source next to reference: the keys that go with reference are purpose, ",
    ],
    ["stack.yaml", "    reference: true\n", "    reference: true\n    program: web\n", "no reference next to program"],
    ["stack.yaml", "      alpine:\n        unavailable: it is not made for musl\n", "", "install.alpine: expected how to install it there"],
    [
      "stack.yaml",
      "archive: rhel80",
      "archive: rhel70",
      "archives.mongodb.builds.rhel70: expected the archive of components.mongodb.install.anolis in stack.yaml, found nothing",
    ],
    [
      "stack.yaml",
      "        unavailable: it is not made for musl\n",
      "        packages: []\n",
      "expected packages, an archive, a tool, a runtime, or the reason",
    ],
    ["versions.yaml", "sha256: 0a0b0c0d", "sha256: 0A0B0C0D", "builds.ubuntu2204.sha256: expected 64 lower-case"],
    ["stack.yaml", "image: openim/openim-server", "image: docker.io:80/x", "expected an image name without registry"],
  ] as const)("%s with %s as %s", async (file, from, to, message) => {
    await expect(loadWith(file, from, to)).rejects.toThrow(message)
  })

  it.each<[Change, string]>([
    [
      ["stack.yaml", "      arguments: [", "      arguments: []\n      argument: ["],
      'sources.server.image.argument: unknown key "argument". Did you mean "arguments"?',
    ],
    [
      ["stack.yaml", "    purpose: All services", "    zzz: 1\n    purpose: All services"],
      'components.server.zzz: unknown key "zzz". Known: purpose, ports, env, image, registry, rhythm, mode, source, stages, needs, connect',
    ],
    [
      ["stack.yaml", "        TZ: UTC", "        tz: UTC"],
      `sources.server.image.env.tz: expected a variable's name in capitals as the key, found "tz"`,
    ],
    [["stack.yaml", '"true"', "true"], "sources.server.image.env.IMENV_LOG_ISSTDOUT: expected a text, found true. Put it in quotes"],
    [
      ["stack.yaml", "uid: 10001", 'uid: "10001"'],
      'user.uid: expected a user number from 1000 to 65533, found "10001". Write it without quotes',
    ],
    [["stack.yaml", "uid: 10001", "uid: 1.50"], "user.uid: expected a user number from 1000 to 65533, found 1.50"],
    [
      ["stack.yaml", "rhythm: daily", "rhythm: dialy"],
      'expected one of daily, weekly, on-demand, low, found "dialy". Did you mean "daily"?',
    ],
    [["stack.yaml", "  name: openim", "  name: []"], "user.name: expected a user name, found an empty list"],
    [
      ["stack.yaml", "user:\n  name: openim\n  uid: 10001\n", "user: []\n"],
      "user: expected a mapping with the keys name, uid, found an empty list",
    ],
    [
      ["stack.yaml", "      env:\n", "      start: []\n      env:\n"],
      "sources.server.image.start: expected a mapping, found an empty list",
    ],
    [
      ["stack.yaml", "    program: openim-api", "    progam: openim-api"],
      'components.server-api.progam: unknown key "progam". Did you mean "program"?',
    ],
    [
      ["stack.yaml", "    program: openim-api\n", ""],
      "components.server-api: expected a component with one of the keys stages, program, install, reference, found a mapping",
    ],
    [
      ["stack.yaml", "  web:\n", "  zzz:\n  web:\n"],
      "components.zzz: expected a component with one of the keys stages, program, install, reference, found nothing",
    ],
    [["stack.yaml", "  web:\n", "  constructor: {}\n  web:\n"], 'components.constructor: the name "constructor" cannot be used'],
    [
      ["stack.yaml", "      - - server-rpc-user", "      - - chat-rpc"],
      'stages[0][0]: expected a component of source server, found "chat-rpc". It is of source chat',
    ],
    [
      ["stack.yaml", "    needs: [etcd, redis, kafka", "    needs: [etcd, redys, kafka"],
      'needs[1]: expected the name of a service or of another group, found "redys". Did you mean "redis"?',
    ],
    [
      ["versions.yaml", "    commit: 1111111111111111111111111111111111111a11", `    commit: ${"1".repeat(40)}`],
      "hexadecimal digits, found 1111111111111111111111111111111111111111. Put it in quotes",
    ],
    [
      ["versions.yaml", "  node: docker", "  nodes: docker"],
      'images.node: expected an image, which every stack needs, found nothing. Did you mean "nodes"?',
    ],
  ])("says it once: %j", async (change, message) => {
    const found = await messageOf(loadChanged(change))
    expect(found).toContain(message)
    expect(found).toMatch(new RegExp(`^catalogue/${change[0]}:\\d+: .*$`))
  })

  it("says everything that is wrong with both files in one answer, in the order of their lines", async () => {
    const line = (file: string, text: string) => `catalogue/${file}:${lineOf(file, text)}`
    const loading = loadChanged(
      ["stack.yaml", "purpose: All services", "purpos: All services"],
      ["stack.yaml", "probe: 10320", "probe: high"],
      ["stack.yaml", "rhythm: weekly", "rythm: weekly\n    zzz: 1"],
      ["stack.yaml", "uid: 10001", "uid: 0"],
      ["stack.yaml", "  service: nginx", "  service: nginks"],
      ["versions.yaml", "  web:", "  wep:"],
      ["versions.yaml", "go: 1.21.5", "go: 1.21.5.6"],
    )
    const go = own["versions.yaml"]!.split("\n").findIndex((text) => text.includes("go: 1.21.5")) + 1
    expect((await messageOf(loading)).split("\n")).toEqual([
      "the catalogue has 8 faults:",
      `${line("stack.yaml", "uid: 10001")}: user.uid: expected a user number from 1000 to 65533, found 0`,
      `${line("stack.yaml", "purpose: All services")}: components.server.purpos: unknown key "purpos". Did you mean "purpose"?`,
      `${line("stack.yaml", "probe: 10320")}: components.server-rpc-user.probe: expected a port number from 1 to 65535, found "high"`,
      `${line("stack.yaml", "rhythm: weekly")}: components.mongodb.rythm: unknown key "rythm". Did you mean "rhythm"?`,
      `catalogue/stack.yaml:${lineOf("stack.yaml", "rhythm: weekly") + 1}: components.mongodb.zzz: unknown key "zzz". Known: purpose, ports, env, image, registry, rhythm, mode, url, licenses, server, install, versionOption, open, development, files, start, helper, data, content`,
      // One line was added above.
      `catalogue/stack.yaml:${lineOf("stack.yaml", "  service: nginx") + 1}: front.service: expected the name of a service, found "nginks". Did you mean "nginx"?`,
      `${line("versions.yaml", "references:")}: references.web: expected the tag of components.web in stack.yaml, found nothing. Did you mean "wep"?`,
      `catalogue/versions.yaml:${go}: tools.regctl.go: expected a full Go version such as 1.25.0, found "1.21.5.6"`,
    ])
  })

  it("is not YAML in one place, which is reported alone", async () => {
    const tab = loadWith("stack.yaml", "    probe: 10320", "\tprobe: 10320")
    expect(await messageOf(tab)).toBe(
      `catalogue/stack.yaml:${lineOf("stack.yaml", "probe: 10320")}: not valid YAML: Tabs are not allowed as indentation`,
    )
    const colon = loadWith("stack.yaml", "title: OpenIM Server\n", "title: OpenIM: Server\n")
    expect(await messageOf(colon)).toBe(
      `catalogue/stack.yaml:${lineOf("stack.yaml", "title: OpenIM Server")}: not valid YAML: Nested mappings are not allowed in compact mappings. A value with ": " in it needs quotes`,
    )
    const both = loadChanged(["stack.yaml", "title: OpenIM Server\n", "title: [\n"], ["versions.yaml", "    commit: ", "    commit: x"])
    expect((await messageOf(both)).split("\n").map((line) => line.slice(0, 40))).toEqual([
      "the catalogue has 2 faults:",
      expect.stringMatching(/^catalogue\/stack.yaml:\d+: not valid YAML/),
      expect.stringMatching(/^catalogue\/versions.yaml:\d+: sources.s/),
    ])
  })

  it("has a key twice, beside other faults", async () => {
    const found = await messageOf(
      loadChanged(["stack.yaml", "    probe: 10320\n", "    probe: 10320\n    probe: 10320\n"], ["stack.yaml", "uid: 10001", "uid: 0"]),
    )
    expect(found.split("\n").slice(1)).toEqual([
      expect.stringContaining(`:${lineOf("stack.yaml", "uid: 10001")}: user.uid: `),
      `catalogue/stack.yaml:${lineOf("stack.yaml", "probe: 10320") + 1}: this key stands here twice: probe`,
    ])
  })

  it.each<[string, (text: string) => string]>([
    ["lines that end as on Windows", (text) => text.replaceAll("\n", "\r\n")],
    ["a byte order mark", (text) => `\uFEFF${text}`],
    ["both", (text) => `\uFEFF${text.replaceAll("\n", "\r\n")}`],
  ])("is read with %s, and has the same lines", async (_, written) => {
    const as = (stack: string) => loadTexts({ "stack.yaml": written(stack), "versions.yaml": written(own["versions.yaml"]!) })
    expect(await as(own["stack.yaml"]!)).toEqual(await loadTexts(own))
    expect(await messageOf(as(own["stack.yaml"]!.replace("probe: 10320", "probe: high")))).toBe(
      `catalogue/stack.yaml:${lineOf("stack.yaml", "probe: 10320")}: components.server-rpc-user.probe: expected a port number from 1 to 65535, found "high"`,
    )
  })

  it("is in another encoding", async () => {
    const latin = new TextDecoder().decode(Buffer.from(own["stack.yaml"]!.replace("title: IM", "title: München"), "latin1"))
    expect(await messageOf(loadTexts({ ...own, "stack.yaml": latin }))).toBe(
      `catalogue/stack.yaml:${lineOf("stack.yaml", "title: IM")}: this line is not UTF-8: save the file as UTF-8 (iconv -f ISO-8859-1 -t UTF-8)`,
    )
  })

  it.each(["hello", "- a\n- b\n"])("is something else: %j", async (text) => {
    const found = text === "hello" ? '"hello"' : "a list"
    expect(await messageOf(loadTexts({ ...own, "stack.yaml": text }))).toBe(
      `catalogue/stack.yaml:1: expected a mapping with the keys stack, title, sources, user, components, bases, supervisor, found ${found}`,
    )
  })

  it("has one of its files only", async () => {
    const loading = loadCatalogue("openim", async (name) =>
      name === "stack.yaml" ? own[name]! : Promise.reject(new Error("no such file")),
    )
    expect(await messageOf(loading)).toBe(
      "catalogue/versions.yaml: expected a readable file, found none. A stack is stack.yaml and versions.yaml",
    )
  })

  it("may leave a key that is optional without a value", async () => {
    const { front: _, ...rest } = await loadTexts(own)
    const stack = own["stack.yaml"]!
    expect(await loadTexts({ ...own, "stack.yaml": `${stack.slice(0, stack.indexOf("front:"))}front:\n` })).toEqual(rest)
  })

  it("says so when a file is missing", async () => {
    const none = async () => {
      throw new Error("no such file")
    }
    await expect(loadCatalogue("openim", none)).rejects.toThrow(
      "the catalogue has 2 faults:\n" +
        "catalogue/stack.yaml: expected a readable file, found none. A stack is stack.yaml and versions.yaml\n" +
        "catalogue/versions.yaml: expected a readable file, found none. A stack is stack.yaml and versions.yaml",
    )
  })

  it("says so when a file is empty", async () => {
    await expect(loadCatalogue("openim", async () => "")).rejects.toThrow(
      "the catalogue has 2 faults:\n" +
        "catalogue/stack.yaml:1: expected a mapping with the keys stack, title, sources, user, components, bases, supervisor, found nothing\n" +
        "catalogue/versions.yaml:1: expected a mapping with the keys go, found nothing",
    )
  })
})

describe("unknown names", () => {
  it("answers with the known stacks", async () => {
    await expect(loadCatalogue("openin")).rejects.toThrow(/^unknown stack "openin"\. Did you mean "openim"\? Known: .*\bopenim\b/)
  })

  it.each([
    ["server-apy", "server-api"],
    ["api", "server-api"],
    ["rpc-user", "server-rpc-user"],
    ["SERVER", "server"],
    ["postgresql", undefined],
  ])("%s is probably %s", (name, expected) => {
    expect(nearest(name, ["server", "server-api", "server-rpc-user"])).toBe(expected)
  })
})
