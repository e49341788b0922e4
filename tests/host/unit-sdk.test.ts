// How the SDK of an engine from packages installs a module's packages, without an engine.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { project, Sandbox } from "./sandbox"

let box: Sandbox
beforeEach(() => {
  box = new Sandbox()
})
afterEach(() => box.remove())

describe("the SDK's installation of a module's packages", () => {
  /** As the SDK runs it, with its folder elsewhere. */
  function install(lock: boolean): { code: number | null; stderr: string; folder: string } {
    const folder = join(box.root, "module")
    const seed = join(box.root, "sdk/npm")
    for (const path of [folder, join(folder, "dep"), join(seed, "cache"), join(box.root, "sdk/node_modules/@dagger.io/dagger")])
      mkdirSync(path, { recursive: true })
    writeFileSync(join(seed, "registry"), "http://127.0.0.1:9/\n")
    const canary = (name: string): Record<string, string> => ({
      install: `echo ran > ${box.root}/${name}`,
      postinstall: `echo ran > ${box.root}/${name}`,
    })
    writeFileSync(join(folder, "dep/package.json"), JSON.stringify({ name: "dep", version: "1.0.0", scripts: canary("dep-ran") }))
    const root = {
      name: "module",
      version: "1.0.0",
      dependencies: { dep: "file:./dep" },
      devDependencies: { "@dagger.io/dagger": "0.21.8" },
      scripts: canary("module-ran"),
    }
    writeFileSync(join(folder, "package.json"), JSON.stringify(root))
    const { scripts: _, ...locked } = root
    const packages = {
      "": locked,
      dep: { version: "1.0.0" },
      "node_modules/dep": { resolved: "dep", link: true },
      "node_modules/@dagger.io/dagger": { version: "0.21.8", dev: true },
    }
    if (lock)
      writeFileSync(
        join(folder, "package-lock.json"),
        JSON.stringify({ name: "module", version: "1.0.0", lockfileVersion: 3, requires: true, packages }),
      )
    const script = readFileSync(join(project, "engine/typescript-sdk/lib/install-packages"), "utf8")
      .replaceAll("/opt/dagger-sdk", join(box.root, "sdk"))
      .replaceAll("/tmp/npm-seed", join(box.root, "seed"))
    const done = spawnSync("sh", ["-c", script], {
      cwd: folder,
      encoding: "utf8",
      env: { ...box.environment(), npm_config_cache: join(box.root, "npm") },
    })
    return { code: done.status, stderr: done.stderr, folder }
  }

  it.each([true, false])("runs no package's script (lock file: %s)", (lock) => {
    const { code, stderr, folder } = install(lock)
    expect(code, stderr).toBe(0)
    expect(existsSync(join(folder, "node_modules/dep/package.json"))).toBe(true)
    for (const name of ["dep-ran", "module-ran"]) expect(existsSync(join(box.root, name)), name).toBe(false)
  })

  it("takes what the lock file says, or nothing", () => {
    const first = install(true)
    expect(first.code).toBe(0)
    const lock = join(first.folder, "package-lock.json")
    const data = JSON.parse(readFileSync(lock, "utf8")) as { packages: Record<string, { dependencies?: object }> }
    expect(Object.keys(data.packages)).toContain("node_modules/dep")
    data.packages[""]!.dependencies = {}
    delete data.packages["node_modules/dep"]
    delete data.packages["dep"]
    writeFileSync(lock, JSON.stringify(data))
    const script = readFileSync(join(project, "engine/typescript-sdk/lib/install-packages"), "utf8")
      .replaceAll("/opt/dagger-sdk", join(box.root, "sdk"))
      .replaceAll("/tmp/npm-seed", join(box.root, "seed"))
    const done = spawnSync("sh", ["-c", script], {
      cwd: first.folder,
      encoding: "utf8",
      env: { ...box.environment(), npm_config_cache: join(box.root, "npm") },
    })
    expect(done.status).not.toBe(0)
    expect(done.stderr).toContain("in sync")
  })
})
