// What ./daggerw takes from an offline bundle, and what it puts there, with fake tools and small archives.

import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { project, Sandbox } from "./sandbox"

const ENGINE = { _EXPERIMENTAL_DAGGER_RUNNER_HOST: "tcp://engine:1" }
let box: Sandbox
let bundle: string
beforeEach(() => {
  box = new Sandbox()
  bundle = join(box.root, "bundle")
  mkdirSync(join(bundle, "host"), { recursive: true })
  mkdirSync(join(bundle, "items"))
  box.dagger('for one in "$@"; do echo "[$one]"; done')
})
afterEach(() => box.remove())

/** Puts a folder with one file into the bundle, listed with its checksum. */
function carry(name: string, file: string, text: string, mode = 0o755): void {
  const folder = join(box.root, "made", name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), text, { mode })
  archived(name, folder)
}

function archived(name: string, folder: string): void {
  const archive = join(bundle, "host", `${name}.tar.gz`)
  spawnSync("tar", ["-czf", archive, "-C", folder, "."])
  const sum = createHash("sha256").update(readFileSync(archive)).digest("hex")
  writeFileSync(join(bundle, "items/host.sha256"), `${sum}  host/${name}.tar.gz\n`, { flag: "a" })
}

/** What the wrapper calls this bundle's archives. */
function mark(): string {
  return createHash("sha256")
    .update(readFileSync(join(bundle, "items/host.sha256")))
    .digest("hex")
    .slice(0, 16)
}

/** As the README says: by sha256sum alone. */
function digest(folder = bundle): string {
  const { stdout } = spawnSync("sh", ["-c", "LC_ALL=C sha256sum items/*.sha256 | sha256sum"], { cwd: folder, encoding: "utf8" })
  return stdout.slice(0, 64)
}

/** A cache that has nothing yet, and the name of the program for these sources. */
async function emptyCache(): Promise<string> {
  // Not the folder of programs that all sandboxes share: it holds those of other sources, too.
  rmSync(join(box.cache, "host"))
  await box.run(["version"])
  const [key] = readdirSync(join(box.cache, "host"))
  rmSync(join(box.cache, "host"), { recursive: true })
  return key!
}

describe("a bundle that the call names", () => {
  it.each([[["--bundle=BUNDLE"]], [["--bundle", "BUNDLE"]]])("reaches dagger: %j", async (args) => {
    const given = ["call", ...args.map((arg) => arg.replace("BUNDLE", bundle)), "components"]
    const reached = ["call", `--mod=${project}`, `--bundle=${bundle}`, "components"]
    expect((await box.run(given, ENGINE)).stdout).toBe(reached.map((arg) => `[${arg}]\n`).join(""))
  })

  it.each([[["call", "--bundle=nowhere", "build"]], [["call", "--bundle", "nowhere"]]])("must be a folder: %j", async (args) => {
    const done = await box.run(args, ENGINE)
    expect([done.code, done.stdout]).toEqual([1, ""])
    expect(done.stderr).toContain("the bundle nowhere is not a folder")
    expect(done.stderr).toContain("./daggerw call prewarm export --path=nowhere")
  })

  it("may be an address of dagger's own", async () => {
    expect((await box.run(["call", "--bundle=https://git.example/bundle"], ENGINE)).code).toBe(0)
  })

  it("gives this wrapper's program to a machine without npm", async () => {
    const key = await emptyCache()
    rmSync(join(box.bin, "npm"))
    carry(`program-${key}`, "main.mjs", 'console.error("from the bundle"); process.exit(3)')
    const done = await box.run(["call", `--bundle=${bundle}`], ENGINE)
    expect([done.code, done.stderr]).toEqual([3, "from the bundle\n"])
    // It is kept for calls with this bundle, and is nobody else's program.
    expect(readdirSync(join(box.cache, "host"))).toEqual([`${key}-bundle-${mark()}`])
    rmSync(join(bundle, `host/program-${key}.tar.gz`))
    expect((await box.run(["call", `--bundle=${bundle}`], ENGINE)).code).toBe(3)
    const without = await box.run(["engine", "status"])
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining("npm are missing")])
  })

  it("gives Node to a machine that has none, or an old one", async () => {
    const key = await emptyCache()
    carry(`program-${key}`, "main.mjs", "")
    carry("node", "node", '#!/bin/sh\nif [ "$1" = --version ]; then echo v24.0.0; else echo "carried node runs" >&2; exit 4; fi\n')
    box.tool("node", "echo v16.20.0")
    expect((await box.run(["call", `--bundle=${bundle}`], ENGINE)).stderr).toBe("carried node runs\n")
    rmSync(join(box.bin, "node"))
    rmSync(join(box.cache, `node-bundle-${mark()}`), { recursive: true })
    expect((await box.run(["call", `--bundle=${bundle}`], ENGINE)).code).toBe(4)
    expect((await box.run(["version"])).stderr).not.toContain("carried node runs")
  })

  it("of another version is refused by what it lacks", async () => {
    const key = await emptyCache()
    carry("program-0000000000000000", "main.mjs", "")
    const words = `was made by another version of this project: it has no host/program-${key}.tar.gz`
    const npm = readlinkSync(join(box.bin, "npm"))
    rmSync(join(box.bin, "npm"))
    const done = await box.run(["call", `--bundle=${bundle}`], ENGINE)
    expect([done.code, done.stdout, done.stderr]).toEqual([1, "", expect.stringContaining(words)])
    // Where a network may be, that is said and no more.
    symlinkSync(npm, join(box.bin, "npm"))
    const made = await box.run(["call", `--bundle=${bundle}`], ENGINE)
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining(words)])
  })

  it("may stand in .env", async () => {
    const copy = box.copyProject()
    writeFileSync(join(copy, ".env"), "BASES=packages\nBUNDLE=../nowhere\n")
    expect((await box.run(["call"], ENGINE, "", copy)).stderr).toContain(`the bundle ${copy}/../nowhere is not a folder`)
    writeFileSync(join(copy, ".env"), "BUNDLE=../bundle\n")
    expect((await box.run(["call"], ENGINE, "", copy)).code).toBe(0)
  })

  it("is not believed when an archive has another checksum", async () => {
    const key = await emptyCache()
    carry(`program-${key}`, "main.mjs", "console.error('never')")
    writeFileSync(join(bundle, "host", `program-${key}.tar.gz`), "x", { flag: "a" })
    const done = await box.run(["call", `--bundle=${bundle}`], ENGINE)
    expect(done.code).toBe(1)
    expect(done.stderr).toContain(`host/program-${key}.tar.gz is missing or damaged`)
    expect(existsSync(join(box.cache, "host", key))).toBe(false)
  })
})

describe("the chains with a bundle", () => {
  beforeEach(() => {
    rmSync(join(box.bin, "dagger"))
    box.tool("docker", "exit 1")
  })

  it("take the CLI from it, and look nowhere else", async () => {
    box.tool("curl", "exit 7")
    const made = join(box.root, "made-cli")
    mkdirSync(made)
    box.dagger('echo "carried $*"', "v0.21.8", join(made, "dagger"))
    const key = await binariesKey()
    carry(`cli-binaries-${key}`, "dagger", readFileSync(join(made, "dagger"), "utf8"))
    const done = await box.run(["call", `--bundle=${bundle}`], ENGINE)
    expect(done.stdout).toBe(`carried call --mod=${project} --bundle=${bundle}\n`)
    expect(box.called().join("\n")).not.toContain("curl")
    // A later call without the bundle does not take it, nor does one with another bundle.
    expect(readdirSync(join(box.cache, "artefacts"))).toEqual([`cli-binaries-${key}-bundle-${mark()}`])
    const later = await box.run(["call"], { ...ENGINE, OPENIM_CLI: "release" })
    expect([later.code, later.stdout, later.stderr]).toEqual([
      1,
      "",
      expect.stringContaining(`what is there came with the bundle ${bundle}`),
    ])
    const other = join(box.root, "other")
    spawnSync("cp", ["-R", bundle, other])
    writeFileSync(join(other, "items/host.sha256"), `${"0".repeat(64)}  host/cli-binaries-0000000000000000.tar.gz\n`)
    expect((await box.run(["call", `--bundle=${other}`], ENGINE)).stderr).toContain(`has no cli-binaries-${key}`)
    expect((await box.run(["call", `--bundle=${bundle}`, "components"], ENGINE)).stdout).toBe(
      `carried call --mod=${project} --bundle=${bundle} components\n`,
    )
  })

  it("take plain files alone from an archive", async () => {
    const key = await binariesKey()
    const folder = join(box.root, "made-links")
    mkdirSync(folder)
    symlinkSync("/bin/sh", join(folder, "dagger"))
    archived(`cli-binaries-${key}`, folder)
    const done = await box.run(["call", `--bundle=${bundle}`], ENGINE)
    expect([done.code, done.stdout, done.stderr]).toEqual([
      1,
      "",
      expect.stringContaining(`host/cli-binaries-${key}.tar.gz holds more than plain files`),
    ])
    expect(existsSync(join(box.cache, "artefacts"))).toBe(false)
  })

  it("name the archive that is damaged or missing, before anything is built", async () => {
    const key = await binariesKey()
    carry(`cli-binaries-${key}`, "dagger", "x")
    const archive = join(bundle, "host", `cli-binaries-${key}.tar.gz`)
    writeFileSync(archive, "y", { flag: "a" })
    expect((await box.run(["call", `--bundle=${bundle}`], ENGINE)).stderr).toContain(
      `the bundle is damaged: host/cli-binaries-${key}.tar.gz has another checksum`,
    )
    rmSync(archive)
    const done = await box.run(["call", `--bundle=${bundle}`], ENGINE)
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining(`the bundle lacks host/cli-binaries-${key}.tar.gz`)])
  })

  /** As the wrapper derives it: from what it says that the bundle of another version lacks. */
  async function binariesKey(): Promise<string> {
    writeFileSync(join(bundle, "items/host.sha256"), `${"0".repeat(64)}  host/cli-binaries-0000000000000000.tar.gz\n`)
    const done = await box.run(["call", `--bundle=${bundle}`], ENGINE)
    expect(done.code).toBe(1)
    const [, key] = /has no cli-binaries-([0-9a-f]{16}): it was made by another version of this project/.exec(done.stderr) ?? []
    expect(key, done.stderr).toBeDefined()
    return key!
  }
})

describe("OPENIM_BUNDLE_SHA256", () => {
  /** Calls that use the bundle, each in its own way. */
  type Use = (from: string) => [args: string[], env: Record<string, string>]
  const uses: [name: string, use: Use][] = [
    ["--bundle", () => [["call", `--bundle=${bundle}`, "components"], ENGINE]],
    ["--bundle behind the function", () => [["call", "components", "--bundle", bundle], ENGINE]],
    ["OPENIM_BUNDLE", () => [["call", "components"], { ...ENGINE, OPENIM_BUNDLE: bundle }]],
    ["OPENIM_BUNDLE and no engine", () => [["engine", "status"], { OPENIM_BUNDLE: bundle }]],
    ["BUNDLE in .env", (from) => (writeFileSync(join(from, ".env"), `BUNDLE=${bundle}\n`), [["call", "components"], ENGINE])],
    [
      "BUNDLE in .env beside another OPENIM_BUNDLE",
      (from) => (
        writeFileSync(join(from, ".env"), `BUNDLE=${bundle}\n`),
        [["call", "components"], { ...ENGINE, OPENIM_BUNDLE: join(box.root, "good") }]
      ),
    ],
    ["bundle verify", () => [["bundle", "verify", bundle], {}]],
    ["bundle prune", () => [["bundle", "prune", bundle], {}]],
  ]

  it.each(uses)("is compared for %s before anything of a bundle is used", async (_, use) => {
    const copy = box.copyProject()
    carry("node", "node", "x")
    mkdirSync(join(bundle, "needed"))
    writeFileSync(join(bundle, "needed/a.txt"), "")
    spawnSync("cp", ["-R", bundle, join(box.root, "good")])
    const [args, env] = use(copy)
    const good = await box.run(args, { ...env, OPENIM_BUNDLE_SHA256: digest() }, "", copy)
    expect(good.stderr).not.toContain("is not the bundle")
    const wanted = digest()
    carry("evil", "evil", "x")
    for (const given of [wanted, `sha256:${wanted.toUpperCase()}`]) {
      const done = await box.run(args, { ...env, OPENIM_BUNDLE_SHA256: given.replace("SHA", "sha") }, "", copy)
      expect([done.code, done.stdout]).toEqual([1, ""])
      expect(done.stderr).toContain(`${bundle} is not the bundle that OPENIM_BUNDLE_SHA256 names: its digest is ${digest()}`)
    }
  })

  it("is not content with lists that are right where the files are not", async () => {
    const env = (): Record<string, string> => ({ ...ENGINE, OPENIM_BUNDLE_SHA256: digest() })
    mkdirSync(join(bundle, "images"))
    const sum = createHash("sha256").update("image").digest("hex")
    writeFileSync(join(bundle, "images/a.tar"), "image")
    writeFileSync(join(bundle, "items/a.sha256"), `${sum}  images/a.tar\n`)
    const call = ["call", `--bundle=${bundle}`]
    expect((await box.run(call, env())).code).toBe(0)
    writeFileSync(join(bundle, "images/a.tar"), "other")
    expect((await box.run(call, env())).stderr).toContain("1 files are missing or damaged: images/a.tar (a)")
    writeFileSync(join(bundle, "images/a.tar"), "image")
    writeFileSync(join(bundle, "images/b.tar"), "b")
    expect((await box.run(call, env())).stderr).toContain("1 files are in no list: images/b.tar")
  })

  it.each([
    [["call", "--bundle=https://git.example/bundle"], "cannot be compared with OPENIM_BUNDLE_SHA256"],
    [["call", "--bundle=BUNDLE"], "OPENIM_BUNDLE_SHA256 is not a SHA-256"],
  ])("is never passed over in silence: %j", async (args, words) => {
    carry("node", "node", "x")
    const done = await box.run(
      args.map((arg) => arg.replace("BUNDLE", bundle)),
      { ...ENGINE, OPENIM_BUNDLE_SHA256: "abc" },
    )
    expect([done.code, done.stdout, done.stderr]).toEqual([1, "", expect.stringContaining(words)])
  })
})

describe("./daggerw bundle", () => {
  it.each([
    [[], "name one folder"],
    [["a", "b"], "name one folder"],
    [["--force", "a"], "--force is not an option"],
    [["verify", "nowhere"], "nowhere is not an offline bundle"],
    [["prune", "nowhere"], "nowhere is not an offline bundle"],
  ])("refuses %j", async (args, words) => {
    const done = await box.run(["bundle", ...args])
    expect(done.code).toBe(1)
    expect(done.stderr).toContain(words)
    expect(done.stderr).not.toMatch(/\n\s+at /)
    expect(existsSync(join(box.root, "nowhere"))).toBe(false)
  })

  /** An item with one file. */
  function item(name: string, file: string, text: string): void {
    mkdirSync(join(bundle, file, ".."), { recursive: true })
    writeFileSync(join(bundle, file), text)
    const record = JSON.stringify({ title: name, files: 1 })
    const sum = (of: string): string => createHash("sha256").update(of).digest("hex")
    writeFileSync(join(bundle, "items", `${name}.json`), record)
    writeFileSync(join(bundle, "items", `${name}.sha256`), `${sum(text)}  ${file}\n${sum(record)}  items/${name}.json\n`)
  }

  /** What a prewarm wanted. */
  function wanted(request: string, ...items: string[]): void {
    mkdirSync(join(bundle, "needed"), { recursive: true })
    writeFileSync(join(bundle, "needed", `${request}.txt`), `${items.join("\n")}\n`)
  }

  it("verify names files that are missing or changed, and the item that they are of", async () => {
    item("one", "go/a.zip", "a")
    item("two", "go/b.zip", "b")
    expect((await box.run(["bundle", "verify", bundle])).stderr).toContain("is whole: 2 items, 4 files; it has no CLI and engine")
    writeFileSync(join(bundle, "go/a.zip"), "A")
    rmSync(join(bundle, "go/b.zip"))
    const done = await box.run(["bundle", "verify", bundle])
    expect([done.code, done.stderr]).toEqual([
      1,
      expect.stringMatching(/2 files are missing or damaged: go\/a.zip \(one\), go\/b.zip \(two\)/),
    ])
  })

  it.each([
    ["a list with words of somebody else", "items/one.sha256", (text: string) => `${text}SHA256 (go/a.zip) = ${"0".repeat(64)}\n`],
    ["a list that was cut short", "items/one.sha256", (text: string) => text.slice(0, text.indexOf("\n") + 1)],
    ["a list that is empty", "items/one.sha256", () => ""],
    ["a list that is gone", "items/one.sha256", undefined],
    ["a record that was changed", "items/one.json", (text: string) => text.replace("one", "won")],
  ])("verify notices %s, in any language", async (_, file, change) => {
    item("one", "go/a.zip", "a")
    if (change) writeFileSync(join(bundle, file), change(readFileSync(join(bundle, file), "utf8")))
    else rmSync(join(bundle, file))
    const done = await box.run(["bundle", "verify", bundle], { LC_ALL: "zh_CN.UTF-8", LANGUAGE: "zh_CN" })
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining(`1 files are missing or damaged: ${file} (`)])
  })

  it("is merged by copying, and prune keeps what any prewarm of it named, and what is not its own", async () => {
    item("one", "go/a.zip", "a")
    item("two", "go/x/b.zip", "b")
    wanted("redis", "two")
    carry("node", "node", "x")
    writeFileSync(join(bundle, "go/forgotten.zip"), "c")
    mkdirSync(join(bundle, "holiday"))
    writeFileSync(join(bundle, "holiday/photo"), "dear")
    const other = join(box.root, "other")
    spawnSync("cp", ["-R", bundle, other])
    item("three", "maven/c.jar", "c")
    wanted("kafka", "three")
    item("four", "archives/d.tgz", "d")
    spawnSync("cp", ["-R", `${other}/.`, bundle])
    const merged = await box.run(["bundle", "verify", bundle])
    expect([merged.code, merged.stderr]).toEqual([1, expect.stringContaining("1 files are in no list: go/forgotten.zip\n")])
    expect(merged.stderr).toContain(`next: ./daggerw bundle prune ${bundle}`)
    const done = await box.run(["bundle", "prune", bundle])
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("2 items and 3 files removed")])
    expect(done.stderr).toContain("one: no prewarm of this bundle needs it")
    expect(readdirSync(join(bundle, "go"))).toEqual(["x"])
    expect(readdirSync(join(bundle, "items")).sort()).toEqual(["host.sha256", "three.json", "three.sha256", "two.json", "two.sha256"])
    for (const file of ["host/node.tar.gz", "maven/c.jar", "holiday/photo"]) expect(existsSync(join(bundle, file)), file).toBe(true)
    expect(existsSync(join(bundle, "archives/d.tgz"))).toBe(false)
    expect(done.stdout).toBe(`OPENIM_BUNDLE_SHA256=${digest()}\n`)
    const whole = await box.run(["bundle", "verify", bundle])
    expect([whole.code, whole.stdout]).toEqual([0, done.stdout])
    expect(whole.stderr).toContain("beside the bundle, and never used by it: holiday")
  })

  it.each(["verify", "prune"])("%s runs nothing of the folder", async (verb) => {
    item("one", "go/a.zip", "a")
    wanted("redis", "one")
    const key = await emptyCache()
    const canary = join(box.root, "canary")
    carry(
      `program-${key}`,
      "main.mjs",
      `import("node:fs").then(({ writeFileSync }) => writeFileSync(${JSON.stringify(canary)}, "")); console.error("is whole")`,
    )
    carry("node", "node", `#!/bin/sh\n: > ${canary}\necho v24.0.0\n`)
    const env = { OPENIM_BUNDLE: bundle }
    const done = await box.run(["bundle", verb, bundle], env)
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toContain(verb === "verify" ? "is whole: 2 items, 4 files\n" : "0 items and 0 files removed")
    // Nor where there is no Node, nor by a later call that names no bundle.
    for (const name of ["npm", "node"]) rmSync(join(box.bin, name))
    box.tool("id", "echo 1000")
    expect((await box.run(["bundle", verb, bundle], env)).code).toBe(verb === "verify" ? 0 : 1)
    expect(readdirSync(box.cache).filter((name) => name.startsWith("node"))).toEqual([])
    expect(existsSync(canary)).toBe(false)
    expect(existsSync(join(box.cache, "host", `${key}-bundle-${mark()}`))).toBe(false)
  })

  it.each([
    ["a file that nobody lists", "1 files are in no list: go/more.zip", () => writeFileSync(join(bundle, "go/more.zip"), "")],
    ["a record that nobody lists", "items/two.sha256 (two)", () => writeFileSync(join(bundle, "items/two.json"), "{}")],
    [
      "a file of another kind among the items",
      "1 files are in no list: items/run.sh",
      () => writeFileSync(join(bundle, "items/run.sh"), ""),
    ],
    ["a name above the folder", "1 names lead out of the bundle: go/../../canary", () => listed("go/../../canary")],
    ["a name from the root", "1 names lead out of the bundle: /etc/hostname", () => listed("/etc/hostname")],
    [
      "a link out of the folder",
      "1 links or special files, which a bundle never has: go/passwd",
      () => symlinkSync("/etc/passwd", join(bundle, "go/passwd")),
    ],
    [
      "a link for a whole part",
      "1 links or special files, which a bundle never has: maven",
      () => symlinkSync("/etc", join(bundle, "maven")),
    ],
    [
      "a pipe, without waiting for it",
      "1 links or special files, which a bundle never has: go/pipe",
      () => spawnSync("mkfifo", [join(bundle, "go/pipe")]),
    ],
    ["a name that steers the terminal", "1 files are in no list: go/[31mred\n", () => writeFileSync(join(bundle, "go/\x1b[31mred"), "")],
    ["lists without a line", "items/one.sha256 (one)", () => writeFileSync(join(bundle, "items/one.sha256"), "\n\n")],
  ])("verify notices %s", async (_, words, change) => {
    item("one", "go/a.zip", "a")
    writeFileSync(join(box.root, "canary"), "x")
    expect((await box.run(["bundle", "verify", bundle])).code).toBe(0)
    change()
    const done = await box.run(["bundle", "verify", bundle])
    expect([done.code, done.stdout, done.stderr]).toEqual([1, "", expect.stringContaining(words)])
  })

  /** One more line of a list, with the checksum that the file has. */
  function listed(name: string): void {
    const sum = createHash("sha256")
      .update(readFileSync(resolve(bundle, name)))
      .digest("hex")
    writeFileSync(join(bundle, "items/more.sha256"), `${sum}  ${name}\n`)
  }
})
