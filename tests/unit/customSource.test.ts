import { beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { checkGitAddress, customSourceName, customVersion, gitProblem } from "../../src/plan/customSource.js"
import { chosenComponents, releasedTable, releaseRecord } from "../../src/plan/released.js"

let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await loadCatalogue("openim")
})

describe("which source a checkout stands for", () => {
  const chat = "module github.com/openimsdk/chat\n\ngo 1.22.0\n"

  it("is what the caller says, else its go.mod, else the component's", () => {
    expect(customSourceName(catalogue, { given: "chat" })).toBe("chat")
    expect(customSourceName(catalogue, { goMod: chat })).toBe("chat")
    expect(customSourceName(catalogue, { goMod: "module example.com/fork", component: "chat-api" })).toBe("chat")
    expect(customSourceName(catalogue, { component: "server" })).toBe("server")
    expect(customSourceName(catalogue, { given: "chat", goMod: "module example.com/fork", component: "server" })).toBe("chat")
  })

  it("is refused where it cannot be meant or known", () => {
    expect(() => customSourceName(catalogue, { goMod: chat, component: "server" })).toThrow("the given source is chat (module github.com/openimsdk/chat), but server")
    expect(() => customSourceName(catalogue, {})).toThrow("--source-of=server or --source-of=chat")
    expect(() => customSourceName(catalogue, { given: "chatt" })).toThrow('unknown source "chatt". Did you mean "chat"?')
  })
})

describe("a git address", () => {
  it.each(["https://git.example.com/im/chat.git", "http://git:8080/chat", "ssh://git@git.example.com:2222/chat", "git@git.example.com:im/chat.git"])("%s is one", (url) => {
    expect(() => checkGitAddress(url)).not.toThrow()
  })

  it("holds no password and is no path", () => {
    expect(() => checkGitAddress("https://me:secret@git.example.com/chat")).toThrow(/^--git: the address holds a password/)
    expect(() => checkGitAddress("https://a-token@git.example.com/chat")).toThrow(/^--git: the address holds a password/)
    expect(() => checkGitAddress("../chat")).toThrow('--git "../chat": expected an address')
  })

  it("that cannot be read says why", () => {
    expect(gitProblem("u", "main", "fatal: Authentication failed for 'u'")).toContain("Check --git-token")
    expect(gitProblem("u", "main", "Host key verification failed.")).toContain("--git-known-hosts")
    expect(gitProblem("u", "mian", 'repository does not contain ref "mian"')).toContain('no branch, tag or commit "mian"')
    expect(gitProblem("u", "mian", "fatal: couldn't find remote ref mian")).toContain('no branch, tag or commit "mian"')
    expect(gitProblem("u", "main", "Could not resolve host: u")).toContain("Check the address and the network")
  })
})

it("a customised version can be a tag", () => {
  expect(customVersion("feature/login v2", "g1234567")).toBe("feature-login-v2-g1234567")
})

describe("a release", () => {
  const inputs = { source: "1", go: "1.22.7", base: "b", packages: "1", recipe: "1" }
  const rows = ["server", "chat", "redis"].map((component) => ({ component, source: "s", version: "v1", inputs, action: "build" as const, reason: "new" }))
  const released = [
    { component: "server", result: "published" as const, detail: "new", digest: `sha256:${"a".repeat(64)}`, tags: [{ reference: "r/s:v1@sha256:a", outcome: "pushed" }] },
    { component: "chat", result: "failed" as const, detail: "no compiler\nsecond line", tags: [] },
    { component: "redis", result: "skipped" as const, detail: "unchanged since r/redis:1", tags: [] },
  ]

  it("takes what is built by itself, or what is named; never what is only referenced", () => {
    const all = chosenComponents(catalogue, [])
    expect(all).toEqual(["server", "mongodb", "redis"])
    expect(chosenComponents(catalogue, ["server-api"])).toEqual(["server-api"])
    expect(chosenComponents(catalogue, ["chat", "chat"])).toEqual(["chat"])
    expect(() => chosenComponents(catalogue, ["web"])).toThrow("web is only referenced")
    expect(() => chosenComponents(catalogue, ["chatt"])).toThrow('Did you mean "chat"?')
  })

  it("is told in one table with the failures' own words below", () => {
    const text = releasedTable(released)
    expect(text).toMatch(/server +published +sha256:aaaaaaaaaaaa +r\/s:v1 \(pushed\) +new/)
    expect(text).toContain("chat failed:\n  no compiler\n  second line\n")
    expect(text.trimEnd().split("\n").at(-1)).toBe("1 published, 1 skipped, 1 failed")
    expect(releasedTable([])).toContain("nothing to do")
  })

  it("leaves a record that is never ahead of what was pushed", () => {
    const record = JSON.parse(releaseRecord(catalogue, rows, released, { registries: [], tags: [] })) as { rows: { component: string }[] }
    expect(record.rows.map(({ component }) => component)).toEqual(["server", "redis"])
  })
})
