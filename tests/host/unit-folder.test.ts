// Who may write to the cache folder: what is in it runs as the caller.
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Sandbox } from "./sandbox"

const ENGINE = { _EXPERIMENTAL_DAGGER_RUNNER_HOST: "tcp://engine:1" }
let box: Sandbox
beforeEach(() => {
  box = new Sandbox()
  box.dagger("echo runs")
})
afterEach(() => box.remove())

const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8)

describe("the cache folder", () => {
  it("is the caller's alone, also an older one, and is made so", async () => {
    chmodSync(box.cache, 0o755)
    expect((await box.run(["call"], ENGINE)).code).toBe(0)
    expect(mode(box.cache)).toBe("700")
    const fresh = join(box.root, "a/b")
    expect((await box.run(["call"], { ...ENGINE, OPENIM_CACHE: fresh })).code).toBe(0)
    expect(mode(fresh)).toBe("700")
  })

  it.each([0o777, 0o1777, 0o775, 0o707])("with mode %o is refused before anything in it runs", async (wide) => {
    await box.run(["call"], ENGINE)
    chmodSync(box.cache, wide)
    const done = await box.run(["call"], ENGINE)
    expect([done.code, done.stdout, done.stderr]).toEqual([1, "", expect.stringContaining(`others may write to ${box.cache}`)])
    expect(done.stderr).toContain(`next: if nobody has: chmod -R go-w ${box.cache}`)
    expect((await box.run(["call"], { ...ENGINE, OPENIM_CACHE_SHARED: "yes" })).stdout).toBe("runs\n")
    chmodSync(box.cache, 0o755)
    expect((await box.run(["call"], ENGINE)).stdout).toBe("runs\n")
  })

  it.runIf(process.getuid?.() === 0)("of another user is refused: sudo -E keeps HOME", async () => {
    const home = join(box.root, "home")
    const cache = join(home, ".cache/openim-dagger")
    mkdirSync(cache, { recursive: true })
    chownSync(cache, 65534, 65534)
    const done = await box.run(["call"], { ...ENGINE, OPENIM_CACHE: "", HOME: home })
    expect([done.code, done.stdout, done.stderr]).toEqual([1, "", expect.stringContaining(`${cache} belongs to another user`)])
    expect(done.stderr).toMatch(/next: set OPENIM_CACHE to a folder of yours \(with sudo: sudo -EH/)
    expect(existsSync(join(cache, "host"))).toBe(false)
    rmSync(cache, { recursive: true })
    expect((await box.run(["call"], { ...ENGINE, OPENIM_CACHE: "", HOME: home })).stdout).toBe("runs\n")
  })

  it("has shared downloads under the same rule", async () => {
    const downloads = join(box.root, "downloads")
    mkdirSync(downloads)
    chmodSync(downloads, 0o777)
    const done = await box.run(["call"], { ...ENGINE, OPENIM_DOWNLOADS: downloads })
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining(`others may write to ${downloads}`)])
  })
})
