import { describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { GroupEntry } from "../../src/catalogue/types.js"
import { nearest } from "../../src/base/nearest.js"
import { fixtureText } from "./fixtures.js"

const files = ["stack.yaml", "versions.yaml"] as const
const own = Object.fromEntries(files.map((name) => [name, fixtureText(name)]))

/** Loads the catalogue of the fixtures with one place of one file changed. */
function loadWith(file: (typeof files)[number], from: string, to: string) {
  expect(own[file]).toContain(from)
  const changed: Record<string, string> = { ...own, [file]: own[file].replace(from, to) }
  return loadCatalogue("openim", async (name) => changed[name])
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
    ["stack.yaml", "rhythm: daily", "rythm: daily", "expected no such key"],
    ["stack.yaml", "purpose: All services", "# purpose: All services", "server.purpose: expected a text, found nothing"],
    ["stack.yaml", "- server-rpc-auth\n", "- server-rpc-aut\n", "expected the name of a component that has a program"],
    ["stack.yaml", "    source: server\n", "    source: sever\n", 'unknown source "sever"'],
    ["stack.yaml", "ports: [10001, 10002]", "ports: 10001", "components.server.ports: expected a list, found 10001"],
    ["stack.yaml", "uid: 10001", "uid: 0", "user.uid: expected a user number from 1000 to 65533, found 0"],
    ["stack.yaml", "package: cmd/openim-api", "package: ../openim-api", "expected the main package's folder"],
    ["stack.yaml", "image: docker.io/library/debian:trixie-slim", "image: debian", "expected a full image reference"],
    ["versions.yaml", "    commit: ", "    commit: x", "sources.server.commit: expected a full commit"],
    ["versions.yaml", "sum: h1:", "sum: h2:", "expected a Go module's checksum"],
    ["versions.yaml", "  server:", "  sever:", "expected sources.server"],
    ["versions.yaml", "  web:", "  wep:", "expected references.web"],
    ["stack.yaml", "    reference: true\n", "    reference: true\n    source: chat\n", "expected no such key"],
    ["stack.yaml", "    reference: true\n", "    reference: true\n    program: web\n", "no reference next to program"],
    ["stack.yaml", "      alpine:\n        unavailable: it is not made for musl\n", "", "install.alpine: expected how to install it there"],
    ["stack.yaml", "archive: rhel80", "archive: rhel70", "expected archives.mongodb.builds.rhel70"],
    ["stack.yaml", "        unavailable: it is not made for musl\n", "        packages: []\n", "expected packages, an archive, or the reason"],
    ["versions.yaml", "sha256: 0a0b0c0d", "sha256: 0A0B0C0D", "builds.ubuntu2204.sha256: expected 64 lower-case"],
    ["stack.yaml", "image: openim/openim-server", "image: docker.io:80/x", "expected an image name without registry"],
  ] as const)("%s with %s as %s", async (file, from, to, message) => {
    await expect(loadWith(file, from, to)).rejects.toThrow(message)
  })

  it("says so when a file is missing", async () => {
    const none = async () => {
      throw new Error("no such file")
    }
    await expect(loadCatalogue("openim", none)).rejects.toThrow("catalogue/stack.yaml: expected a readable file")
  })

  it("says so when a file is empty", async () => {
    await expect(loadCatalogue("openim", async () => "")).rejects.toThrow("stack.yaml:1: expected a stack")
  })
})

describe("unknown names", () => {
  it("answers with the known stacks", async () => {
    await expect(loadCatalogue("openin")).rejects.toThrow('unknown stack "openin". Did you mean "openim"? Known: openim')
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
