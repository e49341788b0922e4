// ./daggerw becomes dagger: arguments, streams, exit code, signals.
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { finished, project, Sandbox, until } from "./sandbox"

let box: Sandbox
let server: Server
let socket: string
const host = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"

beforeEach(async () => {
  box = new Sandbox()
  socket = join(box.root, "engine.sock")
  server = createServer()
  await new Promise<void>((done) => server.listen(socket, done))
  box.env = { [host]: `unix://${socket}` }
})
afterEach(() => {
  server.close()
  box.remove()
})

describe("pass-through", () => {
  it("keeps arguments as they are", async () => {
    box.dagger('for one in "$@"; do echo "[$one]"; done')
    const args = ["core", "a b", "", "*", "--x=it's", "$HOME", "line\nbreak"]
    expect((await box.run(args)).stdout).toBe(args.map((arg) => `[${arg}]\n`).join(""))
  })

  it("keeps stdin, stdout and stderr apart", async () => {
    box.dagger("cat; echo problem >&2")
    const done = await box.run(["call"], {}, "input")
    expect(done.stdout).toBe("input")
    expect(done.stderr).toMatch(/problem\n$/)
  })

  it.each([0, 1, 3, 125])("ends with dagger's exit code %i", async (code) => {
    box.dagger(`exit ${code}`)
    expect((await box.run(["call"])).code).toBe(code)
  })

  it("is one process with dagger, so a signal reaches it", async () => {
    box.dagger("trap 'echo got; exit 7' TERM; echo ready; while :; do sleep 0.05; done")
    const child = box.start(["call"])
    let out = ""
    child.stdout!.on("data", (data: Buffer) => (out += data.toString()))
    await until("dagger runs", () => out.includes("ready"))
    child.kill("SIGTERM")
    const done = await finished(child)
    expect(done.code).toBe(7)
    expect(out).toContain("got")
  })

  it("stays in the caller's folder and works through a link", async () => {
    box.dagger("pwd -P")
    mkdirSync(join(box.root, "elsewhere"))
    symlinkSync(join(project, "daggerw"), join(box.root, "elsewhere", "daggerw"))
    const done = await box.run(["call"], {}, "", join(box.root, "elsewhere"))
    expect(done.stdout.trim()).toBe(box.root)
  })

  it("sets dagger's environment and leaves what the user set", async () => {
    box.dagger("env")
    const { stdout } = await box.run(["call"], { DO_NOT_TRACK: "0" })
    for (const line of ["DAGGER_NO_UPDATE_CHECK=1", "DAGGER_NO_NAG=1", "DO_NOT_TRACK=0", `${host}=unix://${socket}`])
      expect(stdout).toContain(line)
    expect(stdout).not.toContain("DAGGER_PROGRESS")
    expect(stdout).not.toContain("OPENIM_PROJECT")
  })

  it("asks for no colours where nobody sees them", async () => {
    box.dagger('echo "<${NO_COLOR-unset}>"')
    expect((await box.run(["call"])).stdout).toBe("<1>\n")
    expect((await box.run(["call"], { CLICOLOR_FORCE: "1" })).stdout).toBe("<unset>\n")
    // On a terminal, which util-linux' script is, they are dagger's business, unless it has none.
    const terminal = (term: string) =>
      spawnSync("/usr/bin/script", ["-qec", `${join(project, "daggerw")} call`, "/dev/null"], {
        env: { ...box.environment(), TERM: term },
        cwd: box.root,
        encoding: "utf8",
      }).stdout
    expect(terminal("xterm")).toContain("<unset>")
    expect(terminal("dumb")).toContain("<1>")
  })

  it.each([
    "tcp://h:1",
    "tls://h:1?ca_path=x",
    "ssh://u@h",
    "container://c",
    "image+podman://i",
    "docker-container://c",
    "kube-pod://p?namespace=n",
  ])("passes %s on", async (address) => {
    box.dagger(`printf %s "$${host}"`)
    expect((await box.run(["call"], { [host]: address })).stdout).toBe(address)
  })
})

// The rules are tests/unit/call.test.ts's; here is what a shell does with them.
describe("a call of this project's module", () => {
  beforeEach(() => {
    mkdirSync(join(box.root, "source"))
    box.dagger('pwd -P; for one in "$@"; do echo "[$one]"; done')
  })
  const reached = (...args: string[]): string => args.map((arg) => `[${arg}]\n`).join("")

  it("names the module from any folder, and takes options of all functions anywhere", async () => {
    const done = await box.run(["call", "build", "--component", 'it\'s a; $(b) "c"\nd', "--source=source", "export", "--path=out"])
    expect(done.stdout).toBe(
      `${box.root}\n${reached("call", `--mod=${project}`, "--source=source", "build", '--component=it\'s a; $(b) "c"\nd', "export", "--path=out")}`,
    )
    expect(done.stderr).toBe("")
  })

  it("leaves another module's call alone", async () => {
    const args = ["call", "-m", "source", "fly", "a b", "", "*", "--high", "$HOME"]
    expect((await box.run(args)).stdout).toBe(`${box.root}\n${reached(...args)}`)
  })

  it("runs in the project where its files are checked or changed", async () => {
    expect((await box.run(["check", "tests:smoke"])).stdout).toBe(`${project}\n${reached("check", "tests:smoke")}`)
    expect((await box.run(["call", "-y", "bump", "--source=source"])).stdout).toBe(
      `${project}\n${reached("call", "-y", `--source=${box.root}/source`, "bump")}`,
    )
  })

  it.each([
    [["call", "biuld"], "there is no function biuld, did you mean build? (./daggerw functions lists them)"],
    [
      ["call", "build"],
      "build needs --component, such as ./daggerw call build --component=server (./daggerw call build --help explains it)",
    ],
    [
      ["call", "publish", "--component=server", "--registry-password=env://UNSET"],
      "--registry-password: the variable UNSET is not set: export UNSET=… first",
    ],
    [["call", "test", "--suites="], "--suites is empty: give it a value, or leave it out (is a variable in it not set?)"],
  ])("is refused in one line before anything starts: %j", async (args, message) => {
    const done = await box.run(args, { [host]: "unix:///nowhere/engine.sock" })
    expect([done.code, done.stdout, done.stderr]).toEqual([1, "", `daggerw: error: ${message}\n`])
  })

  it("puts images into what takes them here, and says so where nothing does", async () => {
    box.dagger('echo "<${_EXPERIMENTAL_DAGGER_RUNNER_IMAGESTORE-unset}>"')
    const args = ["call", "build", "--component=redis", "export-image", "--name=redis"]
    const none = await box.run(args)
    expect([none.code, none.stdout]).toEqual([1, ""])
    expect(none.stderr).toBe(
      "daggerw: error: export-image has no place on this machine: there is neither Docker nor podman nor nerdctl. Write a file instead: ./daggerw call archive --component=server export --path=server.tar\n",
    )
    box.tool("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    expect((await box.run(args)).stderr).toContain("docker does not answer (Cannot connect to the Docker daemon). Write a file instead")
    box.tool("podman", "exit 0")
    expect((await box.run(args)).stdout).toBe("<podman-image>\n")
    expect((await box.run(args, { [host]: "image://engine:1" })).stdout).toBe("<unset>\n")
    expect((await box.run(["call", "components"])).stdout).toBe("<unset>\n")
  })

  it("reads .env as Dagger does, with its CR", async () => {
    const copy = box.copyProject()
    mkdirSync(join(box.root, "bundle"))
    writeFileSync(join(copy, ".env"), "\r\nexport BUNDLE='../bundle'\r\nSOURCE=../source\r\n")
    expect((await box.run(["call", "components"], {}, "", copy)).stdout).toBe(
      `${box.root}\n${reached("call", `--mod=${copy}`, `--bundle=${copy}/../bundle`.replace("/project/..", ""), `--source=${box.root}/source`, "components")}`,
    )
    writeFileSync(join(copy, ".env"), "BASSE=alpine\r\n")
    expect((await box.run(["call", "components"], {}, "", copy)).stderr).toBe(
      "daggerw: error: .env:1: nothing reads BASSE, did you mean BASE? (./daggerw call --help lists the options)\n",
    )
  })
})

describe("bad input", () => {
  it("names a socket that does not exist", async () => {
    box.dagger("echo no")
    const done = await box.run(["call"], { [host]: "unix:///nowhere/engine.sock" })
    expect(done.code).toBe(1)
    expect(done.stderr).toContain("/nowhere/engine.sock, which does not exist")
    expect(done.stdout).toBe("")
  })

  it("names an address without a scheme", async () => {
    box.dagger("echo no")
    expect((await box.run(["call"], { [host]: "localhost:1234" })).stderr).toContain("localhost:1234 is not an address")
  })

  it("names a DAGGER_BIN that is not there, and does not look further", async () => {
    box.dagger("echo no")
    const done = await box.run(["call"], { DAGGER_BIN: "/nowhere/dagger" })
    expect([done.code, done.stdout]).toEqual([1, ""])
    expect(done.stderr).toContain("DAGGER_BIN=/nowhere/dagger is not a program")
  })

  it("does not call itself", async () => {
    symlinkSync(join(project, "daggerw"), join(box.bin, "dagger"))
    const done = await box.run(["call"], { DAGGER_BIN: join(box.bin, "dagger") })
    expect(done.stderr).toContain("this wrapper itself")
  })

  it.each([
    [["engine", "fly"], "no such verb"],
    [["engine", "stop", "--now"], "--now is not an option"],
  ])("refuses %j", async (args, words) => {
    const done = await box.run(args)
    expect(done.code).toBe(1)
    expect(done.stderr).toContain(words)
    expect(done.stderr).not.toMatch(/\n\s+at /)
  })

  it("says what is wrong with a setting", async () => {
    const done = await box.run(["version"], { OPENIM_CLI: "perhaps" })
    expect(done.stderr).toContain("OPENIM_CLI=perhaps is not known: use one of auto, release, packages")
  })

  it("says when Node is too old or missing", async () => {
    box.tool("node", "echo v16.20.0")
    expect((await box.run(["version"])).stderr).toContain("v16.20.0, but Node 18 or newer is needed")
    box.tool("id", "echo 1000")
    for (const name of ["node", "npm"]) await import("node:fs").then(({ rmSync }) => rmSync(join(box.bin, name)))
    const done = await box.run(["version"])
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining("sudo apt-get install nodejs npm")])
  })

  it.each(["/proc/nothing", "/sys/nothing"])("says so where no folder can be made, and does not hang: HOME=%s", async (home) => {
    const done = await box.run(["version"], { OPENIM_CACHE: "", HOME: home })
    expect([done.code, done.stdout]).toEqual([1, ""])
    expect(done.stderr).toMatch(
      /^daggerw: error: the cache folder \S+ cannot be made: .+\ndaggerw: next: set OPENIM_CACHE to a folder you may write to\n$/,
    )
  })

  it("says when the cache folder cannot be made", async () => {
    writeFileSync(join(box.root, "file"), "")
    const done = await box.run(["version"], { OPENIM_CACHE: join(box.root, "file", "cache") })
    expect(done.code).toBe(1)
    expect(done.stderr).toContain("set OPENIM_CACHE")
    expect(done.stderr).not.toMatch(/\n\s+at /)
  })
})

describe("the fast path", () => {
  it("reads Node's own modules and little else", async () => {
    box.dagger("true")
    await box.run(["call"])
    // All sandboxes share the programs they make: the newest is of these sources.
    const made = readdirSync(join(box.cache, "host")).map((key) => join(box.cache, "host", key))
    const [folder] = made.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
    const files = ["main.mjs"]
    for (const file of files) {
      for (const [, from, alone] of readFileSync(join(folder!, file), "utf8").matchAll(
        /^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|^import "([^"]+)"/gm,
      )) {
        const name = from ?? alone
        if (name?.startsWith("./")) files.push(name.slice(2))
        else expect(isBuiltin(name ?? ""), `${file} imports ${name}`).toBe(true)
      }
    }
    const size = [...new Set(files)].reduce((sum, file) => sum + statSync(join(folder!, file)).size, 0)
    expect(size).toBeLessThan(100_000)
  })
})
