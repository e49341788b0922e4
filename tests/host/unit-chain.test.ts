// The chains behind the CLI and the engine, with fake tools: order, refusals, what is remembered.

import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { chownSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { keptContainer, officialImage } from "../../host/engine/docker"
import { ENGINE_DIGEST } from "../../host/versions"
import { finished, project, Sandbox } from "./sandbox"

const ENGINE = { _EXPERIMENTAL_DAGGER_RUNNER_HOST: "tcp://engine:1" }
const DIGEST = ENGINE_DIGEST!
const IMAGE = `registry.dagger.io/engine@${DIGEST}`
const FILE = "dagger_v0.21.8_linux_amd64.tar.gz"

let box: Sandbox
beforeEach(() => {
  box = new Sandbox()
  box.tool("docker", 'echo "Cannot connect to the Docker daemon at unix:///x" >&2; exit 1')
})
afterEach(() => box.remove())

/** A folder like Dagger's release site; curl reads it by file://. */
function releases(text = 'echo "released $*"', sum?: string): string {
  const folder = join(box.root, "releases", "0.21.8")
  mkdirSync(folder, { recursive: true })
  box.dagger(text, "v0.21.8", join(folder, "dagger"))
  spawnSync("tar", ["-czf", join(folder, FILE), "-C", folder, "dagger"])
  const actual = createHash("sha256")
    .update(spawnSync("cat", [join(folder, FILE)]).stdout)
    .digest("hex")
  writeFileSync(join(folder, "checksums.txt"), `0000  other.tar.gz\n${sum ?? actual}  ${FILE}\n`)
  box.tool("curl", `exec ${spawnSync("sh", ["-c", "command -v curl"], { encoding: "utf8" }).stdout.trim()} "$@"`)
  return `file://${join(box.root, "releases")}`
}

describe("the CLI's chain", () => {
  it("takes DAGGER_BIN first, whatever its version", async () => {
    box.dagger("echo path")
    const given = box.dagger("echo given", "v0.1.0", join(box.root, "my-dagger"))
    expect((await box.run(["call"], { ...ENGINE, DAGGER_BIN: given })).stdout).toBe("given\n")
  })

  it("takes the pinned version on PATH, and asks it only once", async () => {
    box.tool("dagger", 'if [ "$1" = version ]; then echo "dagger v0.21.8 (x) y"; else echo path; fi')
    expect((await box.run(["call"], ENGINE)).stdout).toBe("path\n")
    await box.run(["call"], ENGINE)
    expect(box.called().filter((call) => call === "dagger version")).toHaveLength(1)
  })

  const released = (): string =>
    createHash("sha256")
      .update(readFileSync(join(box.root, "releases/0.21.8", FILE)))
      .digest("hex")

  it("refuses another version on PATH by name and takes the release with the recorded checksum; then it is silent", async () => {
    box.dagger("echo old", "v0.18.0")
    const env = { ...ENGINE, OPENIM_DAGGER_RELEASES: releases() }
    const copy = box.recording(released())
    // Nothing else is asked: what lies beside the archive says nothing.
    unlinkSync(join(box.root, "releases/0.21.8/checksums.txt"))
    const first = await box.run(["call", "components"], env, "", copy)
    expect(first.stdout, first.stderr).toMatch(/^released call .*components/)
    expect(first.stderr).toContain("dagger on PATH refused")
    expect(first.stderr).toContain("is v0.18.0, not v0.21.8")
    expect(first.stderr).not.toContain("WARNING")
    const second = await box.run(["call", "components"], env, "", copy)
    expect([second.stdout, second.stderr]).toEqual([expect.stringMatching(/^released call .*components/), ""])
    // Of a checkout that records another checksum, it is nobody's.
    const other = await box.run(["call", "components"], { ...env, OPENIM_CLI: "release" })
    expect([other.code, other.stdout, other.stderr]).toEqual([1, "", expect.stringContaining("as this project records")])
  })

  it("does not take a release that only its own site vouches for", async () => {
    const done = await box.run(["call"], { ...ENGINE, OPENIM_CLI: "release", OPENIM_DAGGER_RELEASES: releases("echo evil") })
    expect([done.code, done.stdout]).toEqual([1, ""])
    expect(done.stderr).toMatch(
      /nothing worked: .*the official release \(.* has the checksum [0-9a-f]{64}, not [0-9a-f]{64} as this project records/,
    )
  })

  it("warns where no checksum is recorded, and compares with the site's", async () => {
    const copy = box.recording()
    const done = await box.run(
      ["call"],
      { ...ENGINE, OPENIM_CLI: "release", OPENIM_DAGGER_RELEASES: releases("echo evil", "ab".repeat(32)) },
      "",
      copy,
    )
    expect([done.code, done.stdout]).toEqual([1, ""])
    expect(done.stderr).toMatch(/nothing worked: .*the official release \(.* has the checksum [0-9a-f]{64}, not (ab){32}/)
    const taken = await box.run(["call"], { ...ENGINE, OPENIM_CLI: "release", OPENIM_DAGGER_RELEASES: releases() }, "", copy)
    expect([taken.stdout, taken.stderr]).toEqual([
      expect.stringMatching(/^released call/),
      expect.stringContaining(`WARNING: no checksum of ${FILE} is recorded here`),
    ])
  })

  it("is not led away from https", async () => {
    box.tool("curl", "exit 7")
    await box.run(["call"], { ...ENGINE, OPENIM_CLI: "release", OPENIM_DAGGER_RELEASES: "https://mirror.example/releases" })
    expect(box.called().filter((call) => call.includes("mirror.example"))).toEqual([
      expect.stringMatching(/^curl --proto =https --proto-redir =https .*\/0\.21\.8\/dagger_v0/),
    ])
  })

  it.each(["curl", "wget"])("hands an address with a password to %s by a file, and shows it nowhere", async (tool) => {
    box.tool(
      tool,
      `for one; do case $one in */address) cat "$one" > '${box.root}/address'; ls -l "$one" >> '${box.root}/address' ;; esac; done; exit 7`,
    )
    const done = await box.run(["call"], {
      ...ENGINE,
      OPENIM_CLI: "release",
      OPENIM_DAGGER_RELEASES: "https://bob:hunter2@mirror.example/releases",
    })
    expect(readFileSync(join(box.root, "address"), "utf8")).toMatch(
      /https:\/\/bob:hunter2@mirror\.example\/releases\/0\.21\.8\/dagger_v0\S+\n-rw------- /,
    )
    expect(box.called().filter((call) => call.startsWith(tool))).not.toEqual([])
    expect(box.called().join("\n") + done.stdout + done.stderr).not.toContain("hunter2")
    expect(spawnSync("grep", ["-rl", "hunter2", box.cache], { encoding: "utf8" }).stdout).toBe("")
  })

  it("names every refused link when nothing works", async () => {
    const done = await box.run(["call"], { ...ENGINE, OPENIM_CLI: "release", OPENIM_DAGGER_RELEASES: "http://127.0.0.1:9/none" })
    expect(done.code).toBe(1)
    expect(done.stderr).toMatch(/nothing worked: dagger on PATH \(there is none\); the cache \(.*\); the official release \(.*\)/)
    expect(done.stderr).not.toMatch(/\n\s+at /)
  })

  it.each(["version", "help", "--help"])("needs no engine for %s", async (verb) => {
    box.dagger('echo "done $1"')
    box.tool("dagger", 'if [ "$1" = version ]; then echo "dagger v0.21.8 (x) y"; else echo "done"; fi')
    expect((await box.run([verb])).code).toBe(0)
    expect(box.called().join()).not.toContain("docker")
  })
})

/** A container engine that obeys; `refuse` is a shell pattern of calls that fail. */
function containers(tool: string, refuse = "nothing", first = ""): void {
  box.tool(
    tool,
    `${first}\ncase "$*" in ${refuse}) echo "denied by the test" >&2; exit 1 ;; "container inspect --format {{.State.Running}}"*) echo true ;; "container inspect"*) echo running ;; *) echo true ;; esac`,
  )
}

describe("the engine's chain", () => {
  beforeEach(() => {
    box.dagger('echo "$_EXPERIMENTAL_DAGGER_RUNNER_HOST"')
    // No certificate of the host's own, whatever machine this runs on.
    writeFileSync(join(box.root, "none.pem"), "")
    box.env = { OPENIM_ENGINE: "docker", OPENIM_CA_BUNDLE: join(box.root, "none.pem") }
  })

  it("leaves the official image to dagger itself where --privileged works, and remembers it", async () => {
    containers("docker")
    const first = await box.run(["call"])
    expect(first.stdout).toBe(`image+docker://${IMAGE}\n`)
    const second = await box.run(["call"])
    expect([second.stdout, second.stderr]).toEqual([first.stdout, ""])
    expect(box.called().filter((call) => call.startsWith("docker run"))).toHaveLength(1)
  })

  it.each(["registry.example/e", "registry.example/e:1", `registry.example/e:1@${DIGEST}`])(
    "pulls an image that is not there, from the mirror that is named, by its digest: %s",
    async (given) => {
      containers("docker", `"image inspect registry.example/e@${DIGEST}"`)
      const done = await box.run(["call"], { OPENIM_ENGINE_IMAGE: given })
      expect(done.stdout).toBe(`image+docker://registry.example/e@${DIGEST}\n`)
      expect(box.called()).toContain(`docker pull registry.example/e@${DIGEST}`)
    },
  )

  it("is one image, wherever it comes from", () => {
    const other = `registry.example/e@sha256:${"ab".repeat(32)}`
    expect(() => officialImage(other)).toThrow(`OPENIM_ENGINE_IMAGE=${other} is not the engine v0.21.8`)
    expect(officialImage("registry.example:5000/e")).toBe(`registry.example:5000/e@${DIGEST}`)
    // Where no digest is recorded, the tag is all there is, and that is said.
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true)
    expect(officialImage("registry.example:5000/e:1", "")).toBe("registry.example:5000/e:1")
    expect(said.mock.calls.join()).toContain("WARNING: registry.example:5000/e:1 is taken by its tag")
    said.mockRestore()
    expect(keptContainer("registry.example/e:1")).toBe("dagger-engine-v0.21.8")
  })

  it("runs the official image with fewer rights where --privileged fails", async () => {
    containers("docker", '"run --rm --privileged"*')
    const done = await box.run(["call"])
    expect(done.stdout).toMatch(/^container\+docker:\/\/openim-engine-[0-9a-f]{8}\n$/)
    const created = box.called().find((call) => call.startsWith("docker create"))
    expect(created).toContain("--cap-drop SYS_RESOURCE")
    expect(created).not.toContain("--privileged")
  })

  it("hands proxies over", async () => {
    containers("docker")
    await box.run(["engine", "help"])
    const done = await box.run(["call"], { HTTPS_PROXY: "http://proxy:3128" })
    expect(decodeURIComponent(done.stdout)).toContain("env=HTTPS_PROXY=http://proxy:3128")
  })

  it("hands a proxy's password over on no command line and in no file", async () => {
    containers("docker", "nothing", `case $1 in create) echo "create $HTTPS_PROXY $https_proxy" > '${box.root}/environment' ;; esac`)
    const done = await box.run(["call"], { HTTPS_PROXY: "http://bob:hunter2@proxy:3128" })
    expect(done.stdout).toMatch(/^container\+docker:\/\/openim-engine-[0-9a-f]{8}\n$/)
    const created = box.called().find((call) => call.startsWith("docker create"))
    expect(created).toMatch(/ -e https_proxy -e HTTPS_PROXY registry/)
    expect(created).toContain("--privileged")
    expect(readFileSync(join(box.root, "environment"), "utf8")).toBe("create http://bob:hunter2@proxy:3128 http://bob:hunter2@proxy:3128\n")
    expect(box.called().join("\n")).not.toContain("hunter2")
    expect(spawnSync("grep", ["-rl", "hunter2", box.cache], { encoding: "utf8" }).stdout).toBe("")
    expect(statSync(join(box.cache, "engine/engine.json")).mode & 0o777).toBe(0o600)
    const status = await box.run(["engine", "status"], { HTTPS_PROXY: "http://bob:hunter2@proxy:3128" })
    expect(status.stdout + status.stderr).not.toContain("hunter2")
  })

  it("gives modules no rights over the host where that is wanted", async () => {
    containers("docker")
    const done = await box.run(["call"], { OPENIM_ENGINE_INSECURE: "no" })
    expect(done.stdout).toContain("container+docker://")
    expect(
      box.called().find((call) => /^docker cp \S+\/engine\.json openim-engine-[0-9a-f]{8}:\/etc\/dagger\/engine\.json$/.test(call)),
    ).toBeDefined()
    expect((await box.run(["call"], { OPENIM_ENGINE_INSECURE: "perhaps", OPENIM_CACHE: join(box.root, "other") })).stderr).toContain(
      "use one of yes, no",
    )
  })

  it("hands the host's own certificates over", async () => {
    containers("docker")
    const pem = join(box.root, "ca.pem")
    spawnSync("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=test",
      "-days",
      "2",
      "-keyout",
      join(box.root, "key"),
      "-out",
      pem,
    ])
    const done = await box.run(["call"], { OPENIM_CA_BUNDLE: pem })
    expect(done.stdout).toContain("container+docker://")
    expect(box.called().some((call) => /^docker cp .*\/usr\/local\/share\/ca-certificates\/$/.test(call))).toBe(true)
  })

  it("takes podman where Docker does not answer", async () => {
    containers("podman")
    expect((await box.run(["call"])).stdout).toBe(`image+podman://${IMAGE}\n`)
  })

  it("stops the container that dagger keeps, by the name that dagger gives it", async () => {
    containers("docker")
    await box.run(["call"])
    await box.run(["engine", "stop"])
    expect(box.called()).toContain(`docker rm -f dagger-engine-${DIGEST.slice(7, 23)}`)
  })

  it("stops its container and says so", async () => {
    containers("docker", '"run --rm --privileged"*')
    await box.run(["call"])
    expect((await box.run(["engine", "stop"])).stderr).toContain("the engine is stopped")
    expect(box.called().filter((call) => call.startsWith("docker rm -f openim-engine-"))).not.toHaveLength(0)
    expect((await box.run(["engine", "status"])).code).toBe(3)
  })

  it("names the ways out where neither Docker nor root is there, before anything is built", async () => {
    const uid = 65534
    unlinkSync(join(box.cache, "host"))
    mkdirSync(join(box.root, "downloads"))
    for (const path of [box.root, box.cache, join(box.root, "downloads"), box.bin]) chownSync(path, uid, uid)
    const env = box.environment({ OPENIM_ENGINE: "auto", HOME: box.root, OPENIM_DOWNLOADS: join(box.root, "downloads") })
    const done = await finished(spawn(join(project, "daggerw"), ["call"], { env, uid, gid: uid, cwd: box.root }))
    expect(done.code).toBe(1)
    expect(done.stderr).toContain("no engine can be started here: Docker: docker: Cannot connect")
    expect(done.stderr).toContain("without Docker: it needs root")
    expect(done.stderr).toMatch(/next: one of: start the Docker daemon.*as root.*_EXPERIMENTAL_DAGGER_RUNNER_HOST/)
    expect(done.stderr).not.toContain("Building")
  })
})
