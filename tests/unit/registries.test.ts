import { execFileSync } from "node:child_process"
import { beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { imageOf } from "../../src/plan/build/components.js"
import { checkAnswers, publishedTable, readPublished, readPublishedInputs } from "../../src/plan/publish/publishing.js"
import { checkCredentials, dockerConfig, publishTargets } from "../../src/plan/publish/registries.js"

let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await loadCatalogue("openim")
})
const targets = (component: string, registries: string[], tags = ["v1"]) => publishTargets(imageOf(catalogue, component), registries, tags)

describe("where an image is published", () => {
  it("is the catalogue's registry, or the ones that the call names", () => {
    expect(targets("server", [])).toEqual([{ host: "docker.io", repository: "docker.io/openim/openim-server", tags: ["v1"] }])
    expect(targets("chat", ["harbor.example.com:5000", "ghcr.io/company/im", "ghcr.io/company/im"], ["v1", "v1", "latest"])).toEqual([
      { host: "harbor.example.com:5000", repository: "harbor.example.com:5000/openim/openim-chat", tags: ["v1", "latest"] },
      { host: "ghcr.io", repository: "ghcr.io/company/im/openim-chat", tags: ["v1", "latest"] },
    ])
  })

  it.each([
    ["chat", [], ["v1"], "chat is private and the catalogue has no registry for it. Next: name one"],
    ["server", ["https://ghcr.io/me"], ["v1"], "leave the scheme out"],
    ["server", ["GHCR.io/me"], ["v1"], '"GHCR.io/me" is not a registry'],
    ["server", [""], ["v1"], '"" is not a registry'],
    ["server", ["company/im"], ["v1"], "docker.io/company/im for Docker Hub"],
    ["server", [], [], "no tag is given"],
    ["server", [], ["v1", "not a tag"], '"not a tag" cannot be a tag'],
  ])("%s to %j as %j is refused", (component, registries, tags, message) => {
    expect(() => targets(component, registries, tags)).toThrow(message)
  })

  it("needs a whole set of credentials", () => {
    expect(() => checkCredentials(true, false, false)).toThrow("--registry-username needs a password")
    expect(() => checkCredentials(false, true, false)).toThrow("--registry-password needs a user")
    expect(() => checkCredentials(true, true, true)).toThrow("not both")
    expect(() => checkCredentials(true, true, false)).not.toThrow()
    expect(JSON.parse(dockerConfig("docker.io", "me", "p:w"))).toEqual({
      auths: { "https://index.docker.io/v1/": { auth: Buffer.from("me:p:w").toString("base64") } },
    })
  })
})

describe("what was published", () => {
  const digest = `sha256:${"a".repeat(64)}`

  it("is a table of names with digests", () => {
    const tags = readPublished(`ghcr.io/a/b:v1\tpushed\nghcr.io/a/b:v2\treplaced sha256:${"b".repeat(64)}\n`, digest)
    expect(tags.map(({ reference }) => reference)).toEqual([`ghcr.io/a/b:v1@${digest}`, `ghcr.io/a/b:v2@${digest}`])
    expect(publishedTable(tags)).toContain(`pushed                            ghcr.io/a/b:v1@${digest}`)
  })

  it("is known by the inputs in its label", () => {
    const lines = ['a/b:v1\tinputs\t{"go":"1.22.7"}', "a/c:v1\tnone\t", "a/d:v1\tunknown\tno answer", "a/e:v1\tinputs\t<no value>"]
    expect(readPublishedInputs(lines.join("\n"))).toEqual({
      "a/b:v1": { inputs: { toolchain: { name: "go", version: "1.22.7" } }, from: "a/b:v1" },
      "a/c:v1": { none: "a/c:v1 is not published yet" },
      "a/d:v1": { none: "a/d:v1 cannot be asked for: no answer" },
      "a/e:v1": { none: "a/e:v1 was not built by this project" },
    })
  })

  it("is not asked any further by a user whom the registry does not know", () => {
    const earlier = { a: [{ none: "r.example/a:v1 cannot be asked for: request failed: unauthorized [http 401]" }] }
    expect(() => checkAnswers(earlier, true)).toThrow("Next: check --registry-username and --registry-password")
    expect(() => checkAnswers(earlier, false)).not.toThrow()
    expect(() => checkAnswers({ a: [{ none: "r.example/a:v1 cannot be asked for: no such host" }] }, true)).not.toThrow()
  })

  it("comes from scripts without faults", () => {
    for (const name of ["publish", "published"]) execFileSync("sh", ["-n", `shell/${name}.sh`])
  })
})
