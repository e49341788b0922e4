import { describe, expect, it } from "vitest"
import { atLeast, checkSeverity, findingsTable, grypeFindings } from "../../src/plan/supplychain/findings.js"
import { checkBuilder, type ProvenanceOf, provenance } from "../../src/plan/supplychain/provenance.js"
import { sbomFormat, steadyUuid } from "../../src/plan/supplychain/sbom.js"
import { keyProblem, registryHost } from "../../src/plan/supplychain/signing.js"

const commit = "f4c6f832f74f214171ac92b81dbde36b25f36adc"
const of: ProvenanceOf = {
  stack: "openim",
  request: { component: "server", base: "debian", layout: "multicall", builder: "go" },
  image: "openim/openim-server",
  digest: `sha256:${"1".repeat(64)}`,
  inputs: {
    source: "5",
    toolchain: { name: "go", version: "1.22.7" },
    base: `docker.io/library/debian:trixie-slim@sha256:${"2".repeat(64)}`,
    packages: "6",
    recipe: "7",
  },
  source: {
    url: "https://github.com/openimsdk/open-im-server",
    module: "github.com/openimsdk/open-im-server/v3",
    version: "v3.8.3",
    revision: commit,
    created: "2025-01-04T03:46:59Z",
    sum: "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=",
    custom: false,
  },
  builderId: "https://ci.example.com/server",
}

interface Statement {
  subject: object[]
  predicate: {
    buildDefinition: { externalParameters: object; internalParameters: object; resolvedDependencies: { uri: string; digest?: object }[] }
    runDetails: { builder: { id: string } }
  }
}

const definition = (what: ProvenanceOf) => (provenance(what) as Statement).predicate.buildDefinition

describe("provenance", () => {
  it("names the image by its digest", () => {
    expect((provenance(of) as Statement).subject).toEqual([{ name: "openim/openim-server", digest: { sha256: "1".repeat(64) } }])
  })

  it("says what was asked for, and by whom it was done", () => {
    const parameters = { stack: "openim", component: "server", base: "debian", builder: "go", programs: "multicall", version: "v3.8.3" }
    expect(definition(of).externalParameters).toEqual(parameters)
    expect((provenance(of) as Statement).predicate.runDetails).toEqual({ builder: { id: "https://ci.example.com/server" } })
  })

  it("names source, module, Go and base with what proves them", () => {
    expect(definition(of).resolvedDependencies).toEqual([
      { uri: "git+https://github.com/openimsdk/open-im-server@refs/tags/v3.8.3", digest: { gitCommit: commit } },
      { uri: "pkg:golang/github.com/openimsdk/open-im-server/v3@v3.8.3", digest: { dirHash: `${"0".repeat(63)}1` } },
      { uri: "pkg:golang/stdlib@1.22.7" },
      { uri: "pkg:docker/debian@trixie-slim?platform=linux%2Famd64", digest: { sha256: "2".repeat(64) } },
    ])
  })

  it("claims no commit for a checkout, which may be edited", () => {
    const [source, ...others] = definition({ ...of, source: { ...of.source!, custom: true } }).resolvedDependencies
    expect(source).toEqual({
      uri: "git+https://github.com/openimsdk/open-im-server",
      annotations: { custom: true, version: "v3.8.3", revision: commit },
    })
    expect(others.map(({ uri }) => uri)).not.toContain("pkg:golang/github.com/openimsdk/open-im-server/v3@v3.8.3")
  })

  it("keeps other registries and their ports in a base's name", () => {
    const base = "registry.example.com:5000/openanolis/anolisos:8.10"
    const uris = definition({
      ...of,
      inputs: { base, toolchain: { name: "go", version: "none" } },
      source: undefined,
    }).resolvedDependencies.map(({ uri }) => uri)
    expect(uris).toEqual(["pkg:docker/registry.example.com:5000/openanolis/anolisos@8.10?platform=linux%2Famd64"])
  })

  it("holds no time", () => {
    expect(JSON.stringify(provenance(of))).not.toMatch(/\d{4}-\d\d-\d\dT/)
  })

  it("refuses a builder that is not a URI", () => {
    checkBuilder("urn:dagger:module:openim")
    expect(() => checkBuilder("my laptop")).toThrow('--builder-id "my laptop": expected a URI such as https://')
  })
})

describe("lists of contents", () => {
  it("has the same UUID for the same content and another for other content", () => {
    expect(steadyUuid("a", "b")).toBe(steadyUuid("a", "b"))
    expect(steadyUuid("a", "b")).not.toBe(steadyUuid("ab"))
    expect(steadyUuid("a")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it("answers an unknown format with the known ones", () => {
    expect(() => sbomFormat("spdx")).toThrow('unknown value of --format "spdx". Known: spdx-json, cyclonedx-json')
    expect(() => sbomFormat("spdx-jsn")).toThrow('Did you mean "spdx-json"?')
  })
})

const match = (id: string, severity: string, name: string, versions: string[], state: string) => ({
  vulnerability: { id, severity, fix: { versions, state } },
  artifact: { name, version: "1.0", type: "deb" },
})

describe("findings", () => {
  const report = JSON.stringify({
    matches: [
      match("V-3", "Unknown", "sed", [], "unknown"),
      match("V-2", "Low", "bash", [], "wont-fix"),
      match("V-1", "High", "zlib", ["1.1", "2.0"], "fixed"),
      match("V-1", "High", "zlib", ["1.1", "2.0"], "fixed"),
    ],
  })

  it("come with the worst first, each once", () => {
    expect(findingsTable(grypeFindings(report)).split("\n")).toEqual([
      "SEVERITY  VULNERABILITY  PACKAGE  VERSION  FIXED IN  TYPE",
      "high      V-1            zlib     1.0      1.1, 2.0  deb",
      "low       V-2            bash     1.0      wont-fix  deb",
      "unknown   V-3            sed      1.0      unknown   deb",
      "",
    ])
  })

  it("are not taken for none", () => {
    expect(findingsTable(grypeFindings('{"matches":[]}'))).toBe("no known vulnerabilities\n")
  })

  it("count from a severity upwards", () => {
    const ids = (severity: string) => atLeast(grypeFindings(report), severity).map(({ id }) => id)
    expect(ids("negligible")).toEqual(["V-1", "V-2"])
    expect(ids("medium")).toEqual(["V-1"])
    expect(ids("critical")).toEqual([])
  })

  it("have severities with known names", () => {
    checkSeverity("high")
    expect(() => checkSeverity("hihg")).toThrow('unknown value of --fail-on "hihg". Did you mean "high"? Known: negligible')
  })
})

describe("signing", () => {
  const digest = `sha256:${"a".repeat(64)}`

  it("finds the registry in the images' names", () => {
    expect(registryHost([`registry.example.com:5000/openim/openim-server@${digest}`])).toBe("registry.example.com:5000")
    expect(registryHost(["localhost/a:v1", `localhost/b:v1@${digest}`])).toBe("localhost")
  })

  it("refuses what is not an image in a registry", () => {
    for (const text of ["openim-server", "openim/openim-server:v1", "https://registry.example.com/a", "registry.example.com/a; rm -rf /"]) {
      expect(() => registryHost([text])).toThrow(`"${text}": expected an image with its registry, such as registry.example.com/`)
    }
    expect(() => registryHost([])).toThrow("expected at least one image")
  })

  it("takes one registry at a time", () => {
    expect(() => registryHost(["docker.io/a", "ghcr.io/a"])).toThrow("images in docker.io and ghcr.io. Next: sign those of one registry")
  })

  it("says what is wrong with a key", () => {
    expect(keyProblem("Error: reading key: decrypt: encrypted: decryption failed")).toContain("the password does not open the signing key")
    expect(keyProblem("Error: reading key: invalid pem block")).toContain("not a private key of cosign")
    expect(keyProblem("Error: reading key: unsupported pem type: PRIVATE KEY")).toContain("not a private key of cosign")
    expect(keyProblem("one\ntwo")).toBe("the signing key cannot be read: two")
  })
})
