import { beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import {
  checkedOut,
  checkGitAddress,
  customSourceName,
  customVersion,
  gitProblem,
  sourceMoves,
  sourcePath,
} from "../../src/plan/build/customSource.js"
import { chosenComponents, releasedTable, releaseRecord } from "../../src/plan/publish/released.js"

let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await loadCatalogue("openim")
})

describe("which source a checkout stands for", () => {
  const chat = "module github.com/openimsdk/chat\n\ngo 1.22.0\n"

  it("is what the caller says, else its go.mod, else the component's", () => {
    expect(customSourceName(catalogue, { given: "chat" })).toBe("chat")
    expect(customSourceName(catalogue, { manifests: { "go.mod": chat } })).toBe("chat")
    expect(customSourceName(catalogue, { manifests: { "go.mod": "module example.com/fork" }, component: "chat-api" })).toBe("chat")
    expect(customSourceName(catalogue, { component: "server" })).toBe("server")
    expect(customSourceName(catalogue, { given: "chat", manifests: { "go.mod": "module example.com/fork" }, component: "server" })).toBe(
      "chat",
    )
  })

  it("is refused where it cannot be meant or known", () => {
    expect(() => customSourceName(catalogue, { manifests: { "go.mod": chat }, component: "server" })).toThrow(
      "the given source is chat (module github.com/openimsdk/chat), but server",
    )
    expect(() => customSourceName(catalogue, {})).toThrow("--source-of=server or --source-of=chat")
    expect(() => customSourceName(catalogue, { given: "chatt" })).toThrow('unknown source "chatt". Did you mean "chat"?')
  })
})

describe("what a later call may mean by the same options", () => {
  const git = "https://git.example.com/im/chat.git"

  it.each(["HEAD", "main", "v1.8.4", "0123abc"])("%s may be another commit", (gitRef) => {
    expect(sourceMoves({ git, gitRef })).toBe(true)
  })

  it("is the same source where a whole commit, or no repository, is named", () => {
    expect(sourceMoves({ git, gitRef: "0123456789abcdef0123456789abcdef01234567" })).toBe(false)
    expect(sourceMoves({ git: "", gitRef: "HEAD" })).toBe(false)
    expect(sourceMoves({ gitRef: "HEAD" })).toBe(false)
  })
})

describe("a git address", () => {
  it.each([
    "https://git.example.com/im/chat.git",
    "http://git:8080/chat",
    "ssh://git@git.example.com:2222/chat",
    "git@git.example.com:im/chat.git",
  ])("%s is one", (url) => {
    expect(() => checkGitAddress(url, { knownHosts: "git.example.com ssh-ed25519 AAAA" })).not.toThrow()
  })

  it.each([
    ["ssh://git@git.example.com:2222/chat", "ssh-keyscan -p 2222 git.example.com > known_hosts"],
    ["ssh://git.example.com/chat", "ssh-keyscan git.example.com > known_hosts"],
    ["git@git.example.com:im/chat.git", "ssh-keyscan git.example.com > known_hosts"],
  ])("%s needs its server's host key", (url, scan) => {
    for (const knownHosts of [undefined, "", " \n"]) expect(() => checkGitAddress(url, { knownHosts })).toThrow(scan)
    expect(() => checkGitAddress(url)).toThrow(/--git-known-hosts.*compare it with what the server's owner publishes/)
  })

  it("carries a token only where it is encrypted", () => {
    for (const url of ["http://git:8080/chat", "git://git/chat"]) {
      expect(() => checkGitAddress(url, { token: true })).toThrow(`--git-token would travel unencrypted to ${url}`)
      expect(() => checkGitAddress(url)).not.toThrow()
    }
    expect(() => checkGitAddress("https://git/chat", { token: true })).not.toThrow()
  })

  it("holds no password and is not a path", () => {
    expect(() => checkGitAddress("https://me:secret@git.example.com/chat")).toThrow(/^--git: the address holds a password/)
    expect(() => checkGitAddress("https://a-token@git.example.com/chat")).toThrow(/^--git: the address holds a password/)
    expect(() => checkGitAddress("../chat")).toThrow('--git "../chat": expected an address')
  })

  it("that cannot be read says why", () => {
    expect(gitProblem("u", "main", "fatal: Authentication failed for 'u'").message).toContain("Next: check --git-token")
    expect(gitProblem("u", "main", "Host key verification failed.").message).toContain(
      "its host key is not the one that --git-known-hosts gives",
    )
    expect(gitProblem("u", "mian", 'repository does not contain ref "mian"').message).toContain('no branch, tag or commit "mian"')
    expect(gitProblem("u", "mian", "fatal: couldn't find remote ref mian").message).toContain('no branch, tag or commit "mian"')
    expect(gitProblem("u", "main", "Could not resolve host: u").message).toContain("Next: check the address and the network")
    // All that the engine says of a failure over SSH.
    const silent = gitProblem(
      "ssh://git@git.example.com/shop.git",
      "main",
      "git error: exit status 128 [traceparent:1158e467-75b31615]",
    ).message
    expect(silent).toContain('"Host key verification failed": --git-known-hosts does not have the key')
    expect(silent).toContain('"Permission denied": no key in the agent of --git-ssh')
    expect(silent).not.toContain("traceparent")
    expect(gitProblem("https://git.example.com/shop.git", "main", "git error: exit status 128").message).not.toContain("--git-ssh")
  })
})

it("a folder below the top is a plain path", () => {
  expect(["", ".", "./", undefined].map(sourcePath)).toEqual([undefined, undefined, undefined, undefined])
  expect(["services/im", "./services/im/", "services//im"].map(sourcePath)).toEqual(["services/im", "services/im", "services/im"])
  for (const odd of ["../im", "/services", "services/*"]) expect(() => sourcePath(odd)).toThrow(`--source-path "${odd}"`)
})

describe("the commit of a checkout", () => {
  const [one, other] = ["1".repeat(40), "2".repeat(40)]
  const packed = `# pack-refs with: peeled fully-peeled sorted\n${other} refs/heads/main-old\n${one} refs/heads/main\n${other} refs/tags/v1\n^${one}\n`

  it("is the branch's own file, packed or not, or HEAD itself", () => {
    expect(checkedOut("ref: refs/heads/main", one)).toBe(one)
    expect(checkedOut("ref: refs/heads/main", undefined, packed)).toBe(one)
    expect(checkedOut("ref: refs/heads/main", other, packed)).toBe(other)
    expect(checkedOut(one)).toBe(one)
    expect(checkedOut("3".repeat(64))).toBe("3".repeat(64))
  })

  it("is left out where it is not known", () => {
    expect(checkedOut(undefined)).toBeUndefined()
    expect(checkedOut("ref: refs/heads/.invalid")).toBeUndefined()
    expect(checkedOut("ref: refs/heads/new", undefined, packed)).toBeUndefined()
    expect(checkedOut("gitdir: ../.git/worktrees/x")).toBeUndefined()
    expect(checkedOut("ref: refs/heads/main", "not a commit")).toBeUndefined()
  })
})

it("a customised version can be a tag", () => {
  expect(customVersion("feature/login v2", "g1234567")).toBe("feature-login-v2-g1234567")
})

describe("a release", () => {
  const inputs = { source: "1", toolchain: { name: "go", version: "1.22.7" }, base: "b", packages: "1", recipe: "1" }
  const rows = ["server", "chat", "redis"].map((component) => ({
    component,
    source: "s",
    version: "v1",
    inputs,
    action: "build" as const,
    reason: "new",
  }))
  const released = [
    {
      component: "server",
      result: "published" as const,
      detail: "new",
      digest: `sha256:${"a".repeat(64)}`,
      tags: [{ reference: "r/s:v1@sha256:a", outcome: "pushed" }],
    },
    { component: "chat", result: "failed" as const, detail: "no compiler\nsecond line", tags: [] },
    { component: "redis", result: "skipped" as const, detail: "unchanged since r/redis:1", tags: [] },
  ]

  it("takes what is built alone, or what is named; never what is only referenced", () => {
    const all = chosenComponents(catalogue, [])
    expect(all).toEqual(["server", "mongodb", "redis"])
    expect(chosenComponents(catalogue, ["server-api"])).toEqual(["server-api"])
    expect(chosenComponents(catalogue, ["chat", "chat"])).toEqual(["chat"])
    expect(() => chosenComponents(catalogue, ["web"])).toThrow("web is only referenced")
    expect(() => chosenComponents(catalogue, ["chatt"])).toThrow('Did you mean "chat"?')
  })

  it("is listed in one table with the failures' own words below", () => {
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
