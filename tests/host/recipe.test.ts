// The real recipe on this host: bootstrap, killed and resumed, two callers, an engine that is killed, an end without traces.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { alive, type Done, finished, nodeOf, project, until } from "./sandbox"

const MINUTE = 60_000
const possible = process.platform === "linux" && process.getuid?.() === 0

// Not below the host's temporary folder if that is in memory: it takes gigabytes.
const root = possible ? mkdtempSync(join(process.env["OPENIM_TEST_FOLDER"] ?? tmpdir(), "daggerw-real-")) : ""
const cache = join(root, "cache")
const usual = join(
  process.env["OPENIM_CACHE"] || join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "openim-dagger"),
  "downloads",
)
const env = {
  ...process.env,
  OPENIM_CACHE: cache,
  OPENIM_DOWNLOADS: process.env["OPENIM_TEST_DOWNLOADS"] ?? (existsSync(usual) ? usual : join(cache, "downloads")),
  OPENIM_CLI: "packages",
  OPENIM_ENGINE: "packages",
  DAGGER_PROGRESS: "plain",
  _EXPERIMENTAL_DAGGER_RUNNER_HOST: "",
  DAGGER_BIN: "",
}

function start(...args: string[]): { child: ChildProcess; done: Promise<Done>; said: () => string } {
  return startWith({}, ...args)
}

function startWith(extra: Record<string, string>, ...args: string[]): ReturnType<typeof start> {
  const child = spawn(join(project, "daggerw"), args, { env: { ...env, ...extra }, cwd: root, stdio: ["ignore", "pipe", "pipe"] })
  let text = ""
  child.stderr.on("data", (data: Buffer) => (text += data.toString()))
  return { child, done: finished(child), said: () => text }
}

const run = (...args: string[]): Promise<Done> => start(...args).done
const out = (command: string): string => spawnSync("sh", ["-c", command], { encoding: "utf8" }).stdout
const record = (): { pid: number; started: number } => JSON.parse(readFileSync(join(cache, "engine", "engine.json"), "utf8")) as never
/** As the wrapper derives it from the cache folder. */
const link = (): string => `oim-${createHash("sha256").update(realpathSync(cache)).digest("hex").slice(0, 8)}`
const rules = (): string[] =>
  out("iptables -S; iptables -t nat -S")
    .split("\n")
    .filter((line) => line.includes(link()))
const forwarding = (): string => out("cat /proc/sys/net/ipv4/ip_forward; iptables -S | grep '^-P'")

/** The network of one engine: nothing twice. */
function oneNetwork(): void {
  expect(rules().filter((line) => line.endsWith("-j MASQUERADE"))).toHaveLength(1)
  expect(rules()).toEqual([...new Set(rules())])
}
const artefacts = (): string[] =>
  existsSync(join(cache, "artefacts")) ? readdirSync(join(cache, "artefacts")).map((name) => name.replace(/-[^-]+$/, "")) : []

/** Processes that work in the cache folder's temporary part. */
function busy(): number[] {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(join(cache, "tmp"))
    } catch {
      return false
    }
  })
}

describe.runIf(possible)("the real recipe", () => {
  const resolvConf = possible ? readFileSync("/etc/resolv.conf", "utf8") : ""
  const before = possible ? forwarding() : ""
  afterAll(() => {
    spawnSync(join(project, "daggerw"), ["engine", "stop"], { env, cwd: root })
    rmSync(root, { recursive: true, force: true })
  }, 2 * MINUTE)

  it("killed hard in the middle of a build leaves no process and nothing to trust", { timeout: 20 * MINUTE }, async () => {
    const { child, done, said } = start("core", "version")
    await until("the engine is being built", () => said().includes("Building the Dagger engine"), 15 * 60)
    await until("Go runs", () => busy().length > 0, 60)
    process.kill(nodeOf(child), "SIGKILL")
    expect((await done).code).toBe(137)
    await until("its tools are gone", () => busy().length === 0)
    expect(artefacts()).not.toContain("engine-binaries")
  })

  it("goes on from there, for two callers at once, with one engine", { timeout: 30 * MINUTE }, async () => {
    const callers = [start("core", "version"), start("core", "version")]
    const done = await Promise.all(callers.map((caller) => caller.done))
    for (const { code, stdout } of done) expect([code, stdout.trim()]).toEqual([0, "v0.21.8"])
    const said = callers.map((caller) => caller.said())
    expect(said.filter((text) => text.includes("waiting for process"))).toHaveLength(1)
    expect(said.filter((text) => /^daggerw: Building the Dagger engine/m.test(text))).toHaveLength(1)
    const names = artefacts()
    expect(new Set(names).size).toBe(names.length)
    oneNetwork()
  })

  it("says nothing and costs nothing when all is there", { timeout: MINUTE }, async () => {
    const { stderr, code } = await run("version")
    expect(code).toBe(0)
    expect(stderr).toBe("")
    expect((await run("engine", "status")).code).toBe(0)
  })

  it("runs containers from the base images, with a network and names", { timeout: 5 * MINUTE }, async () => {
    for (const [image, command, words] of [
      ["debian:trixie-slim", "cat /etc/debian_version && apt-get update", "13."],
      ["debian:bookworm-slim", "cat /etc/debian_version", "12."],
      ["node:24-trixie-slim", "node --version && npm --version", "v24."],
    ] as const) {
      const done = await run("core", "container", "from", `--address=${image}`, "with-exec", `--args=sh,-c,${command}`, "stdout")
      expect(done.stdout, done.stderr.slice(-2000)).toContain(words)
    }
  })

  it("keeps its builds from the host's own ports", { timeout: 3 * MINUTE }, async () => {
    const server = createServer((one) => one.end("host"))
    await new Promise<void>((done) => server.listen(0, "0.0.0.0", done))
    const { port } = server.address() as AddressInfo
    const at = out(`ip -4 -o addr show dev ${link()}`).match(/inet (\S+)\//)![1]!
    const script = `timeout 3 bash -c 'cat < /dev/tcp/${at}/${port}' || echo kept`
    const done = await run("core", "container", "from", "--address=debian:trixie-slim", "with-exec", `--args=bash,-c,${script}`, "stdout")
    server.close()
    expect(done.stdout.trim(), done.stderr.slice(-2000)).toBe("kept")
  })

  it("loads TypeScript modules as Dagger's own SDK does", { timeout: 10 * MINUTE }, async () => {
    const call = async (module: string, ...args: string[]): Promise<Done> =>
      run("-m", join(project, "tests/fixtures/modules", module), "call", ...args)
    const said = async (module: string, ...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await call(module, ...args)
      expect(code, stderr.slice(-2000)).toBe(0)
      return stdout.trim()
    }
    expect(await said("greeter", "greet", "--name=Ann")).toBe("hello - Ann happy")
    expect(await said("greeter", "greet", "--name=Ann", "--mood=SAD", "--title=Dr")).toBe("hello Dr Ann sad")
    expect(await said("greeter", "surroundings")).toBe("package.json\n3\ntrue")
    expect(await said("greeter", "people", "--names=a,b", "older", "--years=3", "words")).toBe("a, 3\nb, 4")
    expect(await said("greeter", "box", "--base=debian:trixie-slim", "stdout")).toMatch(/^13\./)
    expect(await said("caller", "call", "--name=Bob")).toBe("dear - Bob happy")
    const failed = await call("greeter", "fails")
    expect([failed.code, failed.stderr]).toEqual([7, expect.stringContaining("broken")])
    const threw = await call("greeter", "throws")
    expect([threw.code, threw.stderr]).toEqual([1, expect.stringContaining("Error: on purpose")])
  })

  it("repairs what an engine that was killed left behind", { timeout: 5 * MINUTE }, async () => {
    const before = record()
    for (const child of readFileSync(`/proc/${before.pid}/task/${before.pid}/children`, "utf8").trim().split(" "))
      process.kill(Number(child), "SIGKILL")
    await until("the engine is gone", () => !alive(before.pid))
    const { stdout, code } = await run("core", "version")
    expect([code, stdout.trim()]).toEqual([0, "v0.21.8"])
    expect(record().pid).not.toBe(before.pid)
    oneNetwork()
  })

  it("repairs a start that was killed half-way, also without a record", { timeout: 5 * MINUTE }, async () => {
    await run("engine", "stop")
    const { child, done, said } = start("core", "version")
    await until("the engine starts", () => said().includes("Starting the engine"), 60)
    process.kill(nodeOf(child), "SIGKILL")
    await done
    rmSync(join(cache, "engine", "engine.json"), { force: true })
    const { stdout, stderr } = await run("core", "version")
    expect(stdout.trim(), stderr.slice(-2000)).toBe("v0.21.8")
    oneNetwork()
  })

  it("gives modules the host's rights, unless it is started without", { timeout: 10 * MINUTE }, async () => {
    // Not the same command twice: the engine's cache would answer.
    const asked = (when: string): string[] => [
      "core",
      "container",
      "from",
      "--address=debian:trixie-slim",
      "with-exec",
      `--args=sh,-c,mount -t tmpfs none /mnt && echo mounted ${when}`,
      "--insecure-root-capabilities",
      "stdout",
    ]
    expect((await run(...asked("at first"))).stdout).toContain("mounted at first")
    await run("engine", "stop")
    const without = startWith({ OPENIM_ENGINE_INSECURE: "no" }, ...asked("after"))
    const done = await without.done
    expect([done.code === 0, done.stdout]).toEqual([false, ""])
    expect(done.stderr).toContain("security.insecure is not allowed")
    expect(
      (await run("core", "container", "from", "--address=debian:trixie-slim", "with-exec", "--args=echo,plain", "stdout")).stdout,
    ).toContain("plain")
  })

  it("ends without a trace on the host", { timeout: 3 * MINUTE }, async () => {
    const { pid } = record()
    expect((await run("engine", "stop")).code).toBe(0)
    await until("the engine is gone", () => !alive(pid), 5)
    expect(rules()).toEqual([])
    expect(forwarding()).toBe(before)
    expect(out("ip -o link; ip netns")).not.toContain(link().slice(4))
    expect(out("cat /proc/mounts")).not.toContain(cache)
    expect(readFileSync("/etc/resolv.conf", "utf8")).toBe(resolvConf)
    expect((await run("engine", "status")).code).toBe(3)
  })
})
