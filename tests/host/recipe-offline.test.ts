// The promise of a bundle, kept for real: made where there is a network, used by an engine that has never seen anything, in a network
// namespace without a route. Its images have the digests of those that are built with the network.
//
// The network's side is the usual cache folder, where CI has built most of it before.
import { spawn, spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { cacheId } from "../../host/paths"
import { type Done, finished, project } from "./sandbox"

const MINUTE = 60_000
const possible = process.platform === "linux" && process.getuid?.() === 0
const root = possible ? mkdtempSync(join(process.env["OPENIM_TEST_FOLDER"] ?? tmpdir(), "daggerw-offline-")) : ""
const bundle = join(root, "bundle")
/** What the wrapper printed where the bundle was made. */
let digest = ""
const space = `openim-test-${process.pid}`
/** One that is built and one that is installed. Chat is built as server is, and would take seven more minutes. */
const components = ["server", "redis"]

const common = { ...process.env, DAGGER_PROGRESS: "plain" }

function online(...args: string[]): Promise<Done> {
  return finished(spawn(join(project, "daggerw"), args, { env: common, cwd: project, stdio: ["ignore", "pipe", "pipe"] }))
}

/** What a machine without any network may well lack, too. */
const LACKING = [
  "node",
  "nodejs",
  "npm",
  "npx",
  "go",
  "gofmt",
  "curl",
  "wget",
  "mmdebstrap",
  "apt-get",
  "iptables",
  "docker",
  "podman",
  "nerdctl",
]

/** The system's tools without those. */
function toolFolder(): string {
  const folder = join(root, "bin")
  if (existsSync(folder)) return folder
  mkdirSync(folder)
  for (const from of ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].filter((path) => existsSync(path))) {
    for (const name of readdirSync(from))
      if (!LACKING.includes(name) && !existsSync(join(folder, name))) symlinkSync(join(from, name), join(folder, name))
  }
  return folder
}

/** Its own cache folder, no downloads of others, no engine that runs elsewhere, few tools. */
function offline(...args: string[]): Promise<Done> {
  // There is no Node there but the bundle's, also to stop the engine.
  const own = {
    OPENIM_BUNDLE: bundle,
    OPENIM_BUNDLE_SHA256: digest,
    OPENIM_CACHE: join(root, "cache"),
    OPENIM_DOWNLOADS: "",
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: "",
    DAGGER_BIN: "",
    PATH: toolFolder(),
  }
  const env: Record<string, string | undefined> = { ...common, ...own }
  for (const name of Object.keys(env)) if (/proxy$/i.test(name)) delete env[name]
  const command = [`--net=/run/netns/${space}`, join(project, "daggerw"), ...args]
  return finished(spawn("nsenter", command, { env: env as Record<string, string>, cwd: project, stdio: ["ignore", "pipe", "pipe"] }))
}

const build = (...more: string[]): Promise<Done> => offline("call", `--bundle=${bundle}`, ...more)
const size = (path: string): string => spawnSync("du", ["-sh", path], { encoding: "utf8" }).stdout.split("\t")[0]!
const say = (line: string): void => void process.stderr.write(`offline: ${line}\n`)

describe.runIf(possible)("an offline bundle", () => {
  beforeAll(() => {
    spawnSync("ip", ["netns", "add", space])
  })
  afterAll(async () => {
    if (existsSync(join(root, "cache"))) await offline("engine", "stop")
    spawnSync("ip", ["netns", "delete", space])
    rmSync(root, { recursive: true, force: true })
  }, 2 * MINUTE)

  it("is made where there is a network", { timeout: 25 * MINUTE }, async () => {
    const began = Date.now()
    const made = await online("call", "prewarm", `--components=${components.join(",")}`, "export", `--path=${bundle}`)
    expect(made.code, made.stderr.slice(-3000)).toBe(0)
    const report = readFileSync(join(bundle, "report.txt"), "utf8")
    const total = Number(/^(\d+) of \1 \(100 %\)/m.exec(report)?.[1])
    expect(total, report).toBeGreaterThan(8)
    for (let n = 1; n <= total; n++) expect(made.stderr).toContain(`prewarm: ${n} of ${total} (${Math.round((n / total) * 100)} %)`)
    const fetched = Date.now()
    const added = await online("bundle", bundle)
    expect(added.code, added.stderr).toBe(0)
    digest = /^OPENIM_BUNDLE_SHA256=([0-9a-f]{64})$/m.exec(added.stdout)?.[1] ?? ""
    const verified = await online("bundle", "verify", bundle)
    expect([verified.code, verified.stdout, verified.stderr]).toEqual([
      0,
      `OPENIM_BUNDLE_SHA256=${digest}\n`,
      expect.stringContaining("is whole"),
    ])
    say(
      `prewarm ${Math.round((fetched - began) / 1000)} s, engine ${Math.round((Date.now() - fetched) / 1000)} s; ${size(bundle)}, of it host/ ${size(join(bundle, "host"))}, go/ ${size(join(bundle, "go"))}`,
    )
  })

  it("has everything already for the next prewarm", { timeout: 5 * MINUTE }, async () => {
    const again = await online(
      "call",
      `--bundle=${bundle}`,
      "prewarm",
      `--components=${components.join(",")}`,
      "file",
      "--path=report.txt",
      "contents",
    )
    expect(again.code, again.stderr.slice(-3000)).toBe(0)
    expect(again.stdout).toMatch(/^in the bundle /m)
    expect(again.stdout).not.toMatch(/^(fetched|failed) /m)
  })

  it("is used where there is no way out at all", () => {
    const routes = spawnSync("ip", ["-n", space, "route", "show", "table", "all"], { encoding: "utf8" }).stdout
    expect(routes.split("\n").filter((line) => line !== "" && !line.includes(" dev lo "))).toEqual([])
    expect(spawnSync("nsenter", [`--net=/run/netns/${space}`, "npm", "ping", "--fetch-retries=0"]).status).not.toBe(0)
  })

  // The smallest first: what it shows of a broken bundle it shows soon.
  it.each([...components].reverse())(
    "builds %s from an empty cache, with the digest that it has with a network",
    { timeout: 30 * MINUTE },
    async (component) => {
      // An engine that was started again has its caches, but packs the layers in them again.
      if (existsSync(join(root, "cache"))) expect((await offline("engine", "stop")).code).toBe(0)
      const began = Date.now()
      const built = await build("digest", `--component=${component}`)
      expect(built.code, built.stderr.slice(-3000)).toBe(0)
      say(`${component}: ${Math.round((Date.now() - began) / 1000)} s`)
      const digest = built.stdout.trim()
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
      const usual = await online("call", "digest", `--component=${component}`)
      expect(usual.code, usual.stderr.slice(-3000)).toBe(0)
      expect(digest).toBe(usual.stdout.trim())
    },
  )

  // With caches instead of a bundle: the usual engine, cut off from all networks for one call.
  it("is not needed for a second build: that needs no network", { timeout: 10 * MINUTE }, async (context) => {
    const link = `oim-${cacheId()}`
    const rules = [
      [`${link}-out`, "-j", "REJECT"],
      [`${link}-in`, "-p", "tcp", "-j", "REJECT"],
    ]
    const iptables = (...args: string[]) => spawnSync("iptables", args, { encoding: "utf8" })
    if (rules.some(([chain = ""]) => iptables("-S", chain).status !== 0)) {
      return context.skip("the usual engine has no network of ./daggerw: it is a container, or runs elsewhere")
    }
    const first = await online("call", "digest", "--component=server")
    expect(first.code, first.stderr.slice(-3000)).toBe(0)
    for (const rule of rules) expect(iptables("-I", ...rule).status).toBe(0)
    try {
      const connect = 'require("net").connect(80, "203.0.113.1").on("error", ({ code }) => console.log(code))'
      const control = spawnSync("nsenter", [`--net=/run/netns/openim-${cacheId()}`, process.execPath, "-e", connect], { encoding: "utf8" })
      expect(control.stdout, "the network is cut").toBe("ECONNREFUSED\n")
      const again = await online("call", "digest", "--component=server")
      expect(again.code, again.stderr.slice(-3000)).toBe(0)
      expect(again.stdout).toBe(first.stdout)
    } finally {
      for (const rule of rules) iptables("-D", ...rule)
    }
  })

  /** Beside the bundle: a file of no item in it would be reported first. */
  const aside = join(root, "aside")

  /** The call must end before anything is built. */
  function refused({ code, stdout, stderr }: Done, words: string): void {
    expect([code === 0, stdout]).toEqual([false, ""])
    expect(stderr).toContain(words)
    expect(stderr).not.toContain("go build")
  }

  const source = (): string => {
    const [list] = readdirSync(join(bundle, "items")).filter((name) => /^source-server-.*\.sha256$/.test(name))
    const lines = readFileSync(join(bundle, "items", list!), "utf8").split("\n")
    return lines.map((line) => line.slice(66)).find((file) => file.endsWith(".zip"))!
  }

  it("with one file removed fails at the start, by the file's name", { timeout: 3 * MINUTE }, async () => {
    const file = join(bundle, source())
    renameSync(file, aside)
    try {
      refused(await build("digest", "--component=server"), `the bundle is damaged: missing or changed: ${source()} (Go modules of `)
    } finally {
      renameSync(aside, file)
    }
  })

  it("with one bit flipped fails at the start, by the file's name", { timeout: 3 * MINUTE }, async () => {
    const file = join(bundle, source())
    const whole = readFileSync(file)
    const flipped = Buffer.from(whole)
    flipped[Math.floor(flipped.length / 2)]! ^= 1
    writeFileSync(file, flipped)
    try {
      refused(await build("digest", "--component=server"), `the bundle is damaged: missing or changed: ${source()} (Go modules of `)
    } finally {
      writeFileSync(file, whole)
    }
  })

  it("of another version, or of other components, fails at the start, by what it lacks", { timeout: 3 * MINUTE }, async () => {
    const catalogue = join(root, "catalogue")
    cpSync(join(project, "stacks/openim"), catalogue, { recursive: true })
    const versions = readFileSync(join(catalogue, "versions.yaml"), "utf8")
    writeFileSync(join(catalogue, "versions.yaml"), versions.replace(/(server:\n {4}version: )v\S+/, "$1v3.8.2"))
    refused(
      await build(`--catalogue=${catalogue}`, "digest", "--component=server"),
      "the bundle has no Go modules of OpenIM Server v3.8.2. It has: ",
    )
    refused(
      await build("digest", "--component=server", "--version=v3.8.1"),
      "the bundle has only the pinned versions, not OpenIM Server v3.8.1",
    )
    refused(await build("digest", "--component=mongodb"), "the bundle has no packages ca-certificates, tzdata, libcurl4t64")
  })

  it("without an engine's archive fails before an engine is started", { timeout: 3 * MINUTE }, async () => {
    await offline("engine", "stop")
    const artefact = (kind: string): string => readdirSync(join(root, "cache/artefacts")).find((name) => name.startsWith(kind))!
    const debian = artefact("engine-debian")
    // Under the bundle's name, not as if it had been made there.
    const [, archive] = /^(.+)-bundle-[0-9a-f]{16}$/.exec(debian)!
    for (const name of [artefact("engine-root"), debian]) rmSync(join(root, "cache/artefacts", name), { recursive: true })
    const file = join(bundle, "host", `${archive}.tar.gz`)
    renameSync(file, aside)
    try {
      refused(await build("components"), `the bundle lacks host/${archive}.tar.gz`)
    } finally {
      renameSync(aside, file)
    }
  })
})
