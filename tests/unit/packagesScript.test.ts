// The script as it stands alone, on managers that are small shell scripts, on a PATH that holds nothing else.
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { planPackages } from "../../src/plan/packages/packages.js"
import { type PackageScriptOptions, packageScript, readPackageLog } from "../../src/plan/packages/script.js"
import type { PackageRequest } from "../../src/plan/packages/types.js"

// Nearly all of the time is waiting for processes.
vi.setConfig({ maxConcurrency: 12 })

const library = readFileSync("shell/install-packages.sh", "utf8")
const tools =
  "cat chmod cp date grep gzip kill mkdir mktemp readlink rm sed setsid sh sha256sum sleep tail tar timeout touch tr true".split(" ")
let toolFolder: string

beforeAll(() => {
  toolFolder = mkdtempSync(join(tmpdir(), "packages-tools-"))
  for (const tool of tools) {
    const found = process.env
      .PATH!.split(delimiter)
      .map((folder) => join(folder, tool))
      .find(existsSync)
    if (found) symlinkSync(found, join(toolFolder, tool))
  }
})
afterAll(() => rmSync(toolFolder, { recursive: true }))

class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "packages-test-"))

  constructor() {
    for (const name of ["bin", "root", "state", "tmp"]) mkdirSync(this.path(name))
    // What is "installed" is a file below state/.
    this.fake("rpm", `for last; do :; done; case $1 in -q) [ -e "$STATE/$last" ] ;; -e) rm "$STATE/$last" ;; esac`)
    this.fake("dpkg-query", `for last; do :; done; [ -e "$STATE/$last" ] && printf installed`)
    this.fake("dpkg", `for last; do :; done; [ "$1" != --purge ] || rm "$STATE/$last"`)
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  has(name: string): boolean {
    return existsSync(this.path(name))
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8")
  }

  write(name: string, content: string | Buffer): void {
    writeFileSync(this.path(name), content)
  }

  fake(name: string, body: string): void {
    writeFileSync(this.path(`bin/${name}`), `#!/bin/sh\necho "${name} $*" >>"$STATE/calls"\n${body}\n`, { mode: 0o755 })
  }

  /** Runs a plan for package "tool". */
  async install(request: Partial<PackageRequest> = {}, env: Record<string, string> = {}, options: PackageScriptOptions = {}) {
    const plan = planPackages({ distribution: "any", want: ["tool"], ...request })
    this.write("script", packageScript(library, plan, { root: this.path("root"), ...options }))
    const PATH = [this.path("bin"), toolFolder].join(delimiter)
    const ours = { PATH, STATE: this.path("state"), TMPDIR: this.path("tmp"), ...env }
    return new Promise<{ code: number; log: string; by?: string; refusals: string[] }>((resolve) => {
      execFile("/bin/sh", [this.path("script")], { env: ours }, (error, _, stderr) => {
        const { by, refusals } = readPackageLog(plan.subject, stderr)
        const code = error ? Number(error.code) : 0
        resolve({ code, log: stderr, by, refusals: refusals.map(({ name, reason }) => `${name}: ${reason}`) })
      })
    })
  }
}

const it = test.extend<{ machine: Machine }>({
  machine: async ({}, use) => {
    const machine = new Machine()
    await use(machine)
    rmSync(machine.folder, { recursive: true, force: true })
  },
})

const install = 'touch "$STATE/tool"'
const absent = (...managers: string[]) => managers.map((manager) => `${manager}: not installed`)

describe.concurrent("the script", () => {
  it("refuses what is not installed at once and names everything at the end", async ({ machine }) => {
    const result = await machine.install()
    expect(result.code).toBe(1)
    expect(result.by).toBeUndefined()
    expect(result.refusals).toEqual([
      ...absent("microdnf", "dnf", "yum", "zypper", "apk", "apt-get"),
      "manual: no download is named for tool",
    ])
    const last = result.log.trimEnd().split("\n").at(-1)
    expect(last).toContain("tool: nothing worked: microdnf (not installed); dnf (not installed);")
    expect(last).toContain("manual (no download is named for tool). Next: name a mirror")
  })

  it("goes on after a failure, with its exit code and its last words", async ({ machine }) => {
    machine.fake("microdnf", "echo; echo 'error: cannot find tool'; printf 'half a line'; exit 7")
    machine.fake("dnf", install)
    const result = await machine.install()
    expect(result).toMatchObject({ code: 0, by: "dnf" })
    expect(result.refusals).toEqual(["microdnf: exit code 7: error: cannot find tool"])
    expect(result.log).toContain("tool: microdnf refused: exit code 7")
    expect(result.log).toContain("tool: done by dnf")
  })

  it("ends what hangs, and what it started", async ({ machine }) => {
    machine.fake("zypper", `(trap "" TERM; sleep 2; touch "$STATE/late") & sleep 20`)
    machine.fake("apt-get", `case "$*" in *install*) sleep 1.5; ${install} ;; esac`)
    const result = await machine.install({ limitSeconds: 1 })
    expect(result.refusals).toEqual([
      ...absent("microdnf", "dnf", "yum"),
      "zypper: no answer within 1 s",
      ...absent("apk"),
      "apt-get: no answer within 1 s",
      "manual: no download is named for tool",
    ])
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(machine.has("state/late")).toBe(false)
  })

  it("doesn't believe a manager that installed nothing, or whose files are not there", async ({ machine }) => {
    machine.fake("dnf", "echo Complete!")
    machine.fake("apt-get", install)
    machine.fake("zypper", `${install}; mkdir -p ${machine.path("root/usr/bin")}; exit 103`)
    const want = [{ name: "tool", files: { apt: ["/usr/bin/tool"] } }]
    const debian = await machine.install({ want, distribution: "debian" })
    expect(debian.refusals[0]).toBe("apt-get: it reported success, but file /usr/bin/tool is not there")
    expect(machine.has("state/tool")).toBe(false)

    const { by, refusals } = await machine.install({ want })
    expect(refusals).toContain("dnf: it reported success, but package tool is not there")
    expect(by).toBe("zypper")
  })

  it("takes back what a failed attempt half-installed, but nothing that was there before", async ({ machine }) => {
    machine.write("state/older", "")
    machine.fake("dnf", `${install}; exit 1`)
    await machine.install({ distribution: "openeuler", want: ["older", "tool"] })
    expect(machine.has("state/tool")).toBe(false)
    expect(machine.has("state/older")).toBe(true)
  })

  it("stops where that cannot be taken back", async ({ machine }) => {
    machine.fake("rpm", `for last; do :; done; [ "$1" != -q ] || [ -e "$STATE/$last" ]`)
    machine.fake("dnf", `${install}; exit 1`)
    machine.fake("yum", install)
    const result = await machine.install({ distribution: "openeuler" })
    expect(result.code).toBe(1)
    expect(result.refusals.at(-1)).toBe("dnf: what it left of tool cannot be removed")
  })

  it("does nothing where everything is there already", async ({ machine }) => {
    machine.write("state/tool", "")
    machine.fake("dnf", "exit 1")
    expect(await machine.install()).toMatchObject({ code: 0, by: "dnf (already installed)" })
    expect(machine.read("state/calls")).not.toContain("dnf -y")
  })

  it("doesn't try yum again where it is dnf under another name", async ({ machine }) => {
    machine.fake("dnf", "exit 3")
    symlinkSync("dnf", machine.path("bin/yum"))
    const result = await machine.install({ distribution: "openeuler" })
    expect(result.refusals.slice(0, 2)).toEqual(["dnf: exit code 3, no output", "yum: the same program as dnf here"])
  })

  it("goes through the mirrors in order, each with its own sources", async ({ machine }) => {
    machine.fake(
      "dnf",
      `for o; do case $o in --setopt=reposdir=*) f=\${o#*reposdir=}/mirror.repo ;; esac; done
      cat "$f" >>"$STATE/sources"
      case $(cat "$f") in *//bad/*) echo "Error: Status code: 403 for http://bad/"; exit 1 ;; *) ${install} ;; esac`,
    )
    const dnf = ["http://bad/oe", "http://good/oe"].map((url) => ({ url, repositories: ["/OS/$basearch"] }))
    const result = await machine.install({ distribution: "openeuler", mirrors: { dnf } })
    expect(result).toMatchObject({ code: 0, by: "dnf via http://good/oe" })
    expect(result.refusals).toEqual(["dnf via http://bad/oe: mirror answered 403"])
    const sources = machine.read("state/sources")
    expect(sources).toContain("baseurl=http://bad/oe/OS/$basearch\nenabled=1\nautorefresh=1\ngpgcheck=1")
    expect(sources).toContain("baseurl=http://good/oe/OS/$basearch\n")
  })

  it.for([
    ["/v{minor}/main", `VERSION_ID=3.19.1`, "/v3.19/main"],
    ["/{codename} {version}", `VERSION_ID="12"\nVERSION_CODENAME=bookworm`, "/bookworm 12"],
    ["/{edition}/OS/$basearch", `VERSION="24.03 (LTS-SP1)"`, "/24.03-LTS-SP1/OS/$basearch"],
    ["/{codename}", `ID=other`, undefined],
  ])("fills the system's release into %s", async ([repository, system, filled], { machine }) => {
    mkdirSync(machine.path("root/etc"))
    machine.write("root/etc/os-release", `NAME=x\n${system}\n`)
    machine.fake("apk", `[ "$1" = info ] || cat "$4"; exit 1`)
    const mirrors = { apk: [{ url: "http://m", repositories: [repository!] }] }
    const { refusals } = await machine.install({ distribution: "alpine", mirrors, mirrorsOnly: true })
    const reason = filled ? `exit code 1: http://m${filled}` : "/etc/os-release doesn't tell this system's release"
    expect(refusals[0]).toBe(`apk via http://m: ${reason}`)
  })

  it("hands a proxy on in the small letters that the managers read", async ({ machine }) => {
    machine.fake("dnf", `echo "proxy $http_proxy" >>"$STATE/calls"; ${install}`)
    await machine.install({}, { HTTP_PROXY: "http://proxy:3128" })
    expect(machine.read("state/calls")).toContain("proxy http://proxy:3128\n")
  })

  it("takes the day of today from accounts that a package has made, and from no other", async ({ machine }) => {
    const today = Math.floor(Date.now() / 86_400_000)
    const shadow = machine.path("root/etc/shadow")
    mkdirSync(machine.path("root/etc"))
    machine.write("root/etc/shadow", "root:*:19675:0:99999:7:::\nann:!:20000::::::\n")
    chmodSync(shadow, 0o640)
    const made = (file: string) => `printf 'tool:!:${today}::::::\nwith:$y$hash:${today}::::::\n' >>${file}`
    machine.fake(
      "apt-get",
      `case "$*" in *install*) ${install}; cp -p ${shadow} ${shadow}-; ${made(`${shadow}-`)}; ${made(shadow)} ;; esac`,
    )
    expect(await machine.install({ distribution: "debian" })).toMatchObject({ code: 0, by: "apt-get" })
    for (const name of ["root/etc/shadow", "root/etc/shadow-"])
      expect(machine.read(name)).toBe(`root:*:19675:0:99999:7:::\nann:!:20000::::::\ntool:!:::::::\nwith:$y$hash:${today}::::::\n`)
    expect(statSync(shadow).mode & 0o777).toBe(0o640)
  })

  it("removes the caches and leaves nothing temporary", async ({ machine }) => {
    const cache = "root/var/cache/dnf/repo"
    mkdirSync(machine.path(cache), { recursive: true })
    machine.fake("dnf", `${install}; touch ${machine.path(cache)}/x`)
    expect((await machine.install()).code).toBe(0)
    expect(machine.has(cache)).toBe(false)
    expect(readdirSync(machine.path("tmp"))).toEqual([])
  })

  it("reads the mirror's answer from what the managers write", async ({ machine }) => {
    const answers: [string, number][] = [
      ["  403  Forbidden [IP: 10.0.0.1 80]", 403],
      ["E: Failed to fetch http://m/x  403  Forbidden [IP: 10.0.0.1 80]", 403],
      ["  - Status code: 403 for http://m/repodata/repomd.xml (IP: 10.0.0.1)", 403],
      ["[Errno 14] HTTP Error 404 - Not Found", 404],
      [" - Permission to access http://m/content denied.", 403],
      ["curl: (22) The requested URL returned error: 502", 502],
      ["2026-01-01 00:00:00 ERROR 403: Forbidden.", 403],
      ["wget: server returned error: HTTP/1.1 403 Forbidden", 403],
    ]
    machine.write("state/answers", answers.map(([line]) => `${line}\n`).join(""))
    machine.fake("dnf", `sed -n "$(grep -c "^dnf " "$STATE/calls")p" "$STATE/answers"; exit 1`)
    const dnf = answers.map((_, number) => ({ url: `http://${number}`, repositories: [""] }))
    const { refusals } = await machine.install({ distribution: "openeuler", mirrors: { dnf }, mirrorsOnly: true })
    const expected = answers.map(([, status], number) => `dnf via http://${number}: mirror answered ${status}`)
    expect(refusals.slice(0, answers.length)).toEqual(expected)
  })
})

describe.concurrent("the manual step", () => {
  const content = "#!/bin/sh\necho tool\n"
  const digest = (of: string | Buffer) => createHash("sha256").update(of).digest("hex")
  const manual = (urls: string[], more = {}) => [
    { name: "tool", manual: { urls, sha256: digest(content), to: "/opt/bin/tool", mode: "0755", ...more } },
  ]
  // curl -fsSL -o FILE URL
  const curl = `case $4 in
      *closed*) echo "curl: (22) The requested URL returned error: 403"; exit 22 ;;
      *slow*) sleep 20 ;;
      *wrong*) echo other >"$3" ;;
      *) cat "$STATE/content" >"$3" ;;
    esac`

  it("goes on after 403, silence and a wrong checksum, and puts the file into place", async ({ machine }) => {
    machine.write("state/content", content)
    machine.fake("curl", curl)
    const want = manual(["http://closed/tool", "http://slow/tool", "http://wrong/tool", "http://good/tool"])
    const result = await machine.install({ distribution: "debian", want, limitSeconds: 2 })
    expect(result).toMatchObject({ code: 0, by: "manual" })
    expect(result.log).toContain("manual fallback: no package manager delivered")
    expect(result.refusals).toEqual([
      ...absent("apt-get"),
      "manual via http://closed/tool: mirror answered 403",
      "manual via http://slow/tool: no answer within 2 s",
      expect.stringMatching(/^manual via http:\/\/wrong\/tool: checksum is [0-9a-f]{64}, expected /),
    ])
    const { stdout } = await promisify(execFile)(machine.path("root/opt/bin/tool"))
    expect(stdout).toBe("tool\n")
  })

  it("puts nothing into place when one of the downloads is refused", async ({ machine }) => {
    machine.write("state/content", content)
    machine.fake("curl", curl)
    const want = [...manual(["http://good/tool"]), { ...manual(["http://wrong/x"])[0], name: "other" }]
    expect((await machine.install({ distribution: "debian", want })).code).toBe(1)
    expect(machine.has("root/opt")).toBe(false)
  })

  it("unpacks an archive, or says that it is none", async ({ machine }) => {
    mkdirSync(machine.path("tool-1.0/bin"), { recursive: true })
    machine.write("tool-1.0/bin/tool", content)
    await promisify(execFile)("tar", ["-czf", machine.path("state/content"), "-C", machine.folder, "tool-1.0"])
    machine.fake("curl", curl)
    const archive = { sha256: digest(readFileSync(machine.path("state/content"))), unpack: true, stripTop: true }
    const good = manual(["http://good/t.tgz"], { ...archive, to: "/usr/local" })
    expect(await machine.install({ distribution: "debian", want: good })).toMatchObject({ code: 0, by: "manual" })
    expect(machine.read("root/usr/local/bin/tool")).toBe(content)

    machine.write("state/content", content)
    const bad = manual(["http://good/t.tgz"], { unpack: true, to: "/usr/local" })
    expect((await machine.install({ distribution: "debian", want: bad })).refusals.at(-1)).toMatch(
      /^manual: cannot unpack into \/usr\/local: exit code 1: tar: /,
    )
  })

  it("says so where nothing can download", async ({ machine }) => {
    const result = await machine.install({ distribution: "debian", want: manual(["http://good/tool"]) })
    expect(result.refusals.at(-1)).toBe("manual: neither curl nor wget is installed")
  })
})

describe("locked packages leave the same record as those that are found by name", () => {
  const locked = { tool: "2.0", lib: "1.0", newer: "3.0", base: "4.0" }

  it("apt: what others need is marked so; what the base had keeps its mark", async ({ machine }) => {
    for (const before of ["newer", "base"]) machine.write(`state/${before}`, "")
    machine.fake("apt-get", `case "$*" in *install*) ${install} "$STATE/lib" ;; esac`)
    machine.fake("apt-mark", `case "$*" in *showauto) printf 'newer\\nold\\n' ;; esac`)
    const marks = () =>
      machine
        .read("state/calls")
        .split("\n")
        .filter((line) => line.startsWith("apt-mark"))
        .map((line) => line.replace(/ -[oq].* (?=showauto|auto)/, " "))
    expect((await machine.install({ distribution: "debian", locked })).by).toBe("apt-get")
    expect(marks()).toEqual(["apt-mark showauto", "apt-mark auto lib newer"])
  })

  it("apt: nothing is marked where no package is locked, nor after an installation that failed", async ({ machine }) => {
    machine.fake("apt-mark", "")
    machine.fake("apt-get", `case "$*" in *tool=2.0*) exit 100 ;; *install*) ${install} ;; esac`)
    expect((await machine.install({ distribution: "debian", locked })).refusals).toHaveLength(1)
    expect(machine.read("state/calls")).not.toContain(" auto ")
  })

  it("apk: the list of what is wanted holds names only, and those that are wanted only", async ({ machine }) => {
    mkdirSync(machine.path("root/etc/apk"), { recursive: true })
    machine.write("root/etc/apk/world", "busybox\n")
    machine.write("state/lib", "")
    machine.fake(
      "apk",
      `case $1 in info) [ -e "$STATE/\${3%%=*}" ] ;; add) shift 2; ${install}; for one; do echo "$one"; done >>${machine.path("root/etc/apk/world")} ;; esac`,
    )
    expect((await machine.install({ distribution: "alpine", locked: { tool: "2.0", lib: "1.0" } })).by).toBe("apk")
    expect(machine.read("root/etc/apk/world")).toBe("busybox\ntool\n")
    expect(machine.read("state/calls")).toContain("apk add --no-cache tool=2.0 lib=1.0\n")
  })
})

describe("the right to act as another user", () => {
  it.for(["with find", "without find"])("is taken from every file, %s", async (tool, { machine }) => {
    const found = process.env
      .PATH!.split(delimiter)
      .map((folder) => join(folder, "find"))
      .find(existsSync)
    if (tool === "with find") symlinkSync(found!, machine.path("bin/find"))
    const files = { "usr/bin/su": 0o4755, "usr/lib/a/helper": 0o6750, "sbin/lock": 0o2755, "bin/plain": 0o755 }
    for (const [file, mode] of Object.entries(files)) {
      mkdirSync(join(machine.path("root"), file, ".."), { recursive: true })
      machine.write(`root/${file}`, "")
      chmodSync(machine.path(`root/${file}`), mode)
    }
    chmodSync(machine.path("root/usr/lib/a"), 0o2755)
    machine.fake("apt-get", `case "$*" in *install*) : >"$STATE/tool" ;; esac`)
    const modes = () =>
      [...Object.keys(files), "usr/lib/a"].map((file) => (statSync(machine.path(`root/${file}`)).mode & 0o7777).toString(8))
    expect((await machine.install()).code).toBe(0)
    expect(modes()).toEqual(["4755", "6750", "2755", "755", "2755"])
    expect((await machine.install({}, {}, { withoutSetuid: true })).code).toBe(0)
    expect(modes()).toEqual(["755", "750", "755", "755", "2755"])
  })
})

describe("what packages make while they are installed", () => {
  it("is removed in the same step, with the links that led to it", async ({ machine }) => {
    mkdirSync(machine.path("root/etc/ssl/own"), { recursive: true })
    mkdirSync(machine.path("root/var/lib/tool/main"), { recursive: true })
    const made = `root=${machine.path("root")}; : >"$root/var/lib/tool/main/base"; : >"$root/etc/ssl/own/key.pem"`
    machine.fake("apt-get", `case "$*" in *install*) : >"$STATE/tool"; ${made} ;; esac`)
    const want = [{ name: "tool", without: ["/var/lib/tool", "/etc/ssl/own/key.pem"] }]
    machine.write("root/etc/ssl/own/kept.pem", "")
    symlinkSync("key.pem", machine.path("root/etc/ssl/own/1a2b.0"))
    symlinkSync("kept.pem", machine.path("root/etc/ssl/own/kept.0"))
    expect((await machine.install({ want })).code).toBe(0)
    expect(readdirSync(machine.path("root/etc/ssl/own")).sort()).toEqual(["kept.0", "kept.pem"])
    expect(existsSync(machine.path("root/var/lib/tool"))).toBe(false)
    expect(existsSync(machine.path("root/var/lib"))).toBe(true)
  })
})
