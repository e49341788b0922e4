import { execFileSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { inPool } from "../../src/base/pool.js"
import { isRegistry, referenceParts, registryOf } from "../../src/base/references.js"
import { shellWord, shellWords } from "../../src/base/shellWords.js"
import { compareVersions } from "../../src/base/versionNumbers.js"

describe("words for a shell", () => {
  const odd = ["a b", "it's", "$HOME", "`id`", "x;y", "", "*", 'say "no"', "\\", "line\nline", "~", "#no"]

  it.each(odd)("%j arrives as it was", (word) => {
    const seen = execFileSync("sh", ["-c", `printf '%s.' ${shellWord(word)}`], { encoding: "utf8" })
    expect(seen).toBe(`${word}.`)
  })

  it("stay as they are when they are harmless", () => {
    expect(shellWords(["curl", "-fsSL", "https://h:1/a%20b?", "k=v,w@x"])).toBe("curl -fsSL 'https://h:1/a%20b?' k=v,w@x")
  })
})

describe("an image's registry", () => {
  it.each([
    ["docker.io/library/debian", "docker.io"],
    ["localhost/a", "localhost"],
    ["host:5000/a", "host:5000"],
    ["openim/openim-server", undefined],
    ["debian", undefined],
  ])("of %j is %j", (path, host) => expect(registryOf(path)).toBe(host))

  it("is named by a dot or a port", () => expect(["a.b", "a:1", "localhost", "openim"].map(isRegistry)).toEqual([true, true, true, false]))

  it("stands before a tag and a digest", () => {
    const digest = `sha256:${"a".repeat(64)}`
    expect(referenceParts(`ghcr.io/im/server:v1@${digest}`)).toEqual({ path: "ghcr.io/im/server", tag: "v1", digest })
    expect(referenceParts("Not An Image")).toBeUndefined()
  })
})

describe("a pool", () => {
  it("keeps the order of its items, and never works on more than so many", async () => {
    let running = 0
    let most = 0
    const work = async (item: number) => {
      running += 1
      most = Math.max(most, running)
      for (let turn = 0; turn < 5 - item; turn++) await Promise.resolve()
      running -= 1
      return item * 2
    }
    expect(await inPool(2, [1, 2, 3, 4], work)).toEqual([2, 4, 6, 8])
    expect(most).toBe(2)
  })

  it("fails with the first failure", async () => {
    await expect(inPool(2, [1], () => Promise.reject(new Error("no")))).rejects.toThrow("no")
  })
})

describe("version numbers", () => {
  it.each([
    ["1.22.7", "1.22.7", 0],
    ["1.22", "1.22.0", 0],
    ["1.9", "1.26.1", -1],
    ["1.23rc1", "1.23.0", -1],
    ["1.23rc2", "1.23rc1", 1],
    ["1.23rc1", "1.22.9", 1],
  ])("%s against %s", (a, b, sign) => expect(Math.sign(compareVersions(a, b))).toBe(sign))
})
