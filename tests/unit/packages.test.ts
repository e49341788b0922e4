import { execFile, execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { packageDistributions, planPackages, readPackageRecord, type PackageRequest } from "../../src/plan/packages.js"
import { packageScript } from "../../src/plan/packagesScript.js"

const base = ["ca-certificates", "tzdata"]
const names = (request: PackageRequest) => planPackages(request).attempts.map((attempt) => attempt.name)

describe("the plan", () => {
  it.each([
    ["debian", ["apt-get", "manual"], "ca-certificates tzdata"],
    ["ubuntu", ["apt-get", "manual"], "ca-certificates tzdata"],
    ["anolis", ["microdnf", "dnf", "yum", "manual"], "ca-certificates tzdata"],
    ["openeuler", ["dnf", "yum", "manual"], "ca-certificates tzdata"],
    ["opensuse", ["zypper", "manual"], "ca-certificates ca-certificates-mozilla timezone"],
    ["alpine", ["apk", "manual"], "ca-certificates tzdata"],
    ["any", ["microdnf", "dnf", "yum", "zypper", "apk", "apt-get", "manual"], undefined],
  ])("for %s", (distribution, order, packages) => {
    const plan = planPackages({ distribution, want: base, limitSeconds: 60 })
    expect(plan.attempts.map((attempt) => attempt.name)).toEqual(order)
    expect(plan.attempts.map((attempt) => attempt.limitSeconds)).toEqual(order.map(() => 60))
    for (const attempt of plan.attempts.slice(0, -1)) {
      expect(attempt.probe).toBe(`command -v ${attempt.manager}`)
      if (packages) expect(attempt.commands.at(-1)).toMatch(new RegExp(`(install|add).* ${packages}( |$)`))
      expect(plan.files[attempt.family!]).toHaveLength(2)
    }
  })

  it("covers every distribution it offers", () => {
    expect(packageDistributions).toEqual(["debian", "ubuntu", "anolis", "openeuler", "opensuse", "alpine", "any"])
  })

  it("keeps caches, lists and logs out of the image", () => {
    const command = (distribution: string) => planPackages({ distribution, want: base }).attempts[0].commands
    expect(command("alpine")).toEqual(["exec apk add --no-cache $from ca-certificates tzdata"])
    expect(command("openeuler")[0]).toContain('--setopt=cachedir="$work/cache"')
    expect(command("opensuse")[0]).toContain('--cache-dir "$work/cache"')
    expect(command("debian")).toHaveLength(2)
    for (const line of command("debian")) expect(line).toContain('Dir::State::lists="$work/lists"')
  })

  it("tries the mirrors in order and the image's own sources where they are asked for", () => {
    const mirrors = { dnf: ["http://a/x/", "http://b/x"] }
    const request: PackageRequest = { distribution: "openeuler", want: base, mirrors }
    expect(names(request)).toEqual([
      "dnf via http://a/x", "dnf via http://b/x", "dnf",
      "yum via http://a/x", "yum via http://b/x", "yum", "manual",
    ])
    expect(names({ ...request, ownSources: "first" }).slice(0, 3)).toEqual([
      "dnf", "dnf via http://a/x", "dnf via http://b/x",
    ])
    expect(names({ ...request, ownSources: "never" })).not.toContain("dnf")
  })

  it("has a limit of five minutes unless told otherwise", () => {
    expect(planPackages({ distribution: "debian", want: base }).attempts[0].limitSeconds).toBe(300)
  })

  const download = { urls: ["http://a/x"], sha256: "0".repeat(64), to: "/usr/bin/x" }
  it.each<[string, Partial<PackageRequest>]>([
    ['unknown distribution "solaris": use debian, ubuntu', { distribution: "solaris" }],
    ['unknown distribution "constructor"', { distribution: "constructor" }],
    ["no package is asked for", { want: [] }],
    ['package "-x" is not valid', { want: ["-x"] }],
    ['package "a b" is not valid', { want: ["a b"] }],
    ['package "$(id)" is not valid', { want: ["$(id)"] }],
    ["the list of packages for apt is empty", { want: [{ name: "x", packages: { apt: [] } }] }],
    ["limitSeconds is 0", { limitSeconds: 0 }],
    ["limitSeconds is 1.5", { limitSeconds: 1.5 }],
    ['mirror: address "mirror.example" is not valid', { mirrors: { apt: ["mirror.example"] } }],
    ["http://***@m holds credentials", { mirrors: { apt: ["http://me:secret@m"] } }],
    ['unknown family "rpm": use dnf, zypper, apk, apt', { mirrors: { rpm: ["http://m"] } as never }],
    ["name its repositories", { distribution: "any", mirrors: { apt: ["http://m"] } }],
    ["repository \"'; x\" is not valid", { mirrors: { apt: [{ url: "http://m", repositories: ["'; x"] }] } }],
    ['ownSources is "never", but no mirror for apt', { ownSources: "never" }],
    ['ownSources is "maybe"', { ownSources: "maybe" as never }],
    ['release "a/b" is not valid', { release: "a/b" }],
    ["x: manual: no address is given", { want: [{ name: "x", manual: { ...download, urls: [] } }] }],
    ["x: manual: sha256", { want: [{ name: "x", manual: { ...download, sha256: "abc" } }] }],
    ["x: manual: path", { want: [{ name: "x", manual: { ...download, to: "usr/bin/x" } }] }],
    ['must not contain ".."', { want: [{ name: "x", manual: { ...download, to: "/usr/../x" } }] }],
    ["x: manual: mode", { want: [{ name: "x", manual: { ...download, mode: "u+x" } }] }],
    ["name the files that the archive must bring", { want: [{ name: "x", manual: { ...download, unpack: true } }] }],
  ])("refuses bad input: %s", (message, request) => {
    const mistake = () => planPackages({ distribution: "debian", want: base, ...request })
    expect(mistake).toThrow(message)
    expect(mistake).not.toThrow(/me:secret/)
  })
})

// The script itself, on managers that are small shell scripts, on a PATH that holds nothing else.
const tools = "cat chmod cp date gzip mkdir mktemp mv rm setsid sh sha256sum sleep tail tar timeout touch".split(" ")
const find = (tool: string) => {
  try {
    return execFileSync("/bin/sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim()
  } catch {
    return undefined
  }
}
const shells = [["dash"], ["bash"], ["busybox", "sh"]].filter(([program]) => find(program))

describe.each(shells)("the script in %s", (...shell) => {
  let folder: string
  const inFolder = (name: string) => join(folder, name)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "packages-test-"))
    for (const name of ["bin", "root", "state", "tmp"]) mkdirSync(inFolder(name))
    // As on Alpine: with busybox's shell come busybox's tools.
    for (const tool of tools) symlinkSync(find(shell[0] === "busybox" ? "busybox" : tool)!, inFolder(`bin/${tool}`))
    // What is "installed" is a file below state/.
    fake("rpm", `for last; do :; done; case $1 in -q) [ -e "$STATE/$last" ] ;; -e) rm "$STATE/$last" ;; esac`)
    fake("dpkg-query", `for last; do :; done; [ -e "$STATE/$last" ] && printf installed`)
    fake("dpkg", `for last; do :; done; [ "$1" != --purge ] || rm "$STATE/$last"`)
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function fake(name: string, body: string) {
    writeFileSync(inFolder(`bin/${name}`), `#!/bin/sh\necho "${name} $*" >>"$STATE/calls"\n${body}\n`)
    chmodSync(inFolder(`bin/${name}`), 0o755)
  }
  const install = 'touch "$STATE/tool"'

  async function run(request: Partial<PackageRequest>, args: string[] = []) {
    const plan = planPackages({ distribution: "any", want: ["tool"], limitSeconds: 1, ...request })
    writeFileSync(inFolder("script"), packageScript(plan, { root: inFolder("root") }))
    const [program, ...options] = shell
    const env = { PATH: inFolder("bin"), STATE: inFolder("state"), TMPDIR: inFolder("tmp") }
    return new Promise<{ code: number; log: string; by?: string; refusals: string[] }>((resolve) => {
      execFile(find(program)!, [...options, inFolder("script"), ...args], { env }, (error, stdout, stderr) => {
        const { by, refusals } = readPackageRecord(stdout)
        const code = error ? Number(error.code) : 0
        resolve({ code, log: stderr, by, refusals: refusals.map(({ name, reason }) => `${name}: ${reason}`) })
      })
    })
  }
  const calls = () => readFileSync(inFolder("state/calls"), "utf8")
  const absent = (...managers: string[]) => managers.map((manager) => `${manager}: not installed`)

  it("refuses what is not installed at once and names everything at the end", async () => {
    const result = await run({})
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

  it("goes on after a failure, with its exit code and its last words", async () => {
    fake("microdnf", "echo working; echo 'error: cannot find tool'; echo; exit 7")
    fake("dnf", install)
    const result = await run({})
    expect(result).toMatchObject({ code: 0, by: "dnf" })
    expect(result.refusals).toEqual(["microdnf: exit code 7: error: cannot find tool"])
    expect(result.log).toContain("tool: microdnf refused: exit code 7")
    expect(result.log).toContain("tool: done by dnf")
  })

  it("ends what hangs", async () => {
    fake("zypper", "sleep 20")
    fake("apt-get", `case "$*" in *install*) ${install} ;; esac`)
    const result = await run({})
    expect(result).toMatchObject({ code: 0, by: "apt-get" })
    expect(result.refusals).toEqual([
      ...absent("microdnf", "dnf", "yum"),
      "zypper: no answer within 1 s",
      ...absent("apk"),
    ])
  })

  it("leaves nothing running behind an attempt that was ended", async () => {
    fake("dnf", `(trap "" TERM; sleep 2; touch "$STATE/late") & sleep 20`)
    expect((await run({ distribution: "openeuler" })).refusals[0]).toBe("dnf: no answer within 1 s")
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(existsSync(inFolder("state/late"))).toBe(false)
  })

  it("doesn't believe a package that could not be taken back", async () => {
    fake("rpm", `for last; do :; done; [ "$1" != -q ] || [ -e "$STATE/$last" ]`)
    fake("dnf", `${install}; [ -e "$STATE/again" ] || { touch "$STATE/again"; exit 1; }`)
    const mirrors = { dnf: [{ url: "http://a", repositories: [""] }] }
    const result = await run({ distribution: "openeuler", mirrors })
    expect(result.refusals[1]).toBe("dnf: it reported success, but a whole package tool is not there")
  })

  it("doesn't believe a manager that installed nothing", async () => {
    fake("dnf", "echo Complete!")
    const result = await run({})
    expect(result.refusals).toContain("dnf: it reported success, but package tool is not there")
  })

  it("doesn't believe a manager whose files are not there", async () => {
    fake("apt-get", install)
    const want = [{ name: "tool", files: { apt: ["/usr/bin/tool"] } }]
    const refused = await run({ want, distribution: "debian" })
    expect(refused.refusals[0]).toBe("apt-get: it reported success, but file /usr/bin/tool is not there")
    expect(existsSync(inFolder("state/tool"))).toBe(false)

    fake("apt-get", `${install}; mkdir -p ${inFolder("root/usr/bin")}; echo x >${inFolder("root/usr/bin/tool")}`)
    expect(await run({ want, distribution: "debian" })).toMatchObject({ code: 0, by: "apt-get" })
  })

  it("takes back what a failed attempt half-installed, but nothing that was there before", async () => {
    writeFileSync(inFolder("state/older"), "")
    fake("dnf", `${install}; exit 1`)
    await run({ distribution: "openeuler", want: ["older", "tool"] })
    expect(existsSync(inFolder("state/tool"))).toBe(false)
    expect(existsSync(inFolder("state/older"))).toBe(true)
  })

  it("does nothing where everything is there already", async () => {
    writeFileSync(inFolder("state/tool"), "")
    fake("dnf", "exit 1")
    expect(await run({})).toMatchObject({ code: 0, by: "dnf (already installed)" })
    expect(calls()).not.toContain("dnf -y")
  })

  it("doesn't try yum again where it is dnf under another name", async () => {
    fake("dnf", "exit 3")
    symlinkSync("dnf", inFolder("bin/yum"))
    const result = await run({ distribution: "openeuler" })
    expect(result.refusals.slice(0, 2)).toEqual(["dnf: exit code 3, no output", "yum: the same program as dnf here"])
  })

  it("goes through the mirrors in order, each with sources of its own", async () => {
    fake(
      "dnf",
      `for o; do case $o in --setopt=reposdir=*) f=\${o#*reposdir=}/mirror.repo ;; esac; done
      cat "$f" >>"$STATE/sources"
      case $(cat "$f") in *//bad/*) echo "Error: Status code: 403 for http://bad/"; exit 1 ;; *) ${install} ;; esac`,
    )
    const mirrors = { dnf: ["http://bad/oe", "http://good/oe"] }
    const mirrored = mirrors.dnf.map((url) => ({ url, repositories: ["/OS/$basearch"] }))
    const result = await run({ distribution: "openeuler", mirrors: { dnf: mirrored } })
    expect(result).toMatchObject({ code: 0, by: "dnf via http://good/oe" })
    expect(result.refusals).toEqual(["dnf via http://bad/oe: mirror answered 403"])
    const sources = readFileSync(inFolder("state/sources"), "utf8")
    expect(sources).toContain("baseurl=http://bad/oe/OS/$basearch\nenabled=1\nautorefresh=1\ngpgcheck=1")
    expect(sources).toContain("baseurl=http://good/oe/OS/$basearch\n")
  })

  it("takes mirrors, proxy and record file as arguments", async () => {
    fake("dnf", `echo "proxy $http_proxy" >>"$STATE/calls"; ${install}`)
    const mirrors = { dnf: [{ url: "http://plan", repositories: [""] }] }
    const result = await run({ mirrors, distribution: "openeuler" }, [
      "--proxy=http://proxy:3128",
      "--record=" + inFolder("record"),
    ])
    expect(result).toMatchObject({ code: 0, by: undefined })
    expect(readFileSync(inFolder("record"), "utf8")).toBe("done\tdnf via http://plan\n")
    expect(calls()).toContain("proxy http://proxy:3128")
  })

  it("tries mirrors from the arguments before those of the plan", async () => {
    fake("apk", 'case $1 in info) [ -e "$STATE/tool" ] ;; add) echo "ERROR: HTTP 404: Not Found"; exit 99 ;; esac')
    const request = { distribution: "alpine", mirrors: { apk: [{ url: "http://plan", repositories: ["/main"] }] } }
    const result = await run(request, ["--mirror=apk=http://given"])
    // The host is no Alpine, so only a system with a release takes the usual layout.
    expect(result.refusals[0]).toMatch(/^apk via http:\/\/given: /)
    expect(result.refusals[1]).toBe("apk via http://plan: mirror answered 404")
  })

  const telling = [["--proxy=http://me:secret@p"], ["--mirror=apt=http://me:secret@m"]]
  it.each(telling)("refuses credentials in %s", async (arg) => {
    const result = await run({}, [arg])
    expect(result.code).toBe(2)
    expect(result.log).toContain("holds credentials")
    expect(result.log).not.toContain("secret")
  })

  it("says so where there is no timeout command", async () => {
    rmSync(inFolder("bin/timeout"))
    fake("dnf", install)
    const result = await run({})
    expect(result.code).toBe(0)
    expect(result.log).toContain("no timeout command here")
  })

  it("removes the caches and leaves nothing temporary", async () => {
    const cache = inFolder("root/var/cache/dnf/repo")
    mkdirSync(cache, { recursive: true })
    fake("dnf", `${install}; touch ${cache}/x`)
    expect((await run({})).code).toBe(0)
    expect(existsSync(cache)).toBe(false)
    expect(execFileSync("ls", ["-A", inFolder("tmp")], { encoding: "utf8" })).toBe("")
  })

  it.each([
    ["  403  Forbidden [IP: 10.0.0.1 80]", "403"],
    ["E: Failed to fetch http://m/x  403  Forbidden [IP: 10.0.0.1 80]", "403"],
    ["  - Status code: 403 for http://m/repodata/repomd.xml (IP: 10.0.0.1)", "403"],
    ["[Errno 14] HTTP Error 404 - Not Found", "404"],
    [" - Permission to access 'http://m/content' denied.", "403"],
    ["curl: (22) The requested URL returned error: 502", "502"],
    ["2026-01-01 00:00:00 ERROR 403: Forbidden.", "403"],
    ["wget: server returned error: HTTP/1.1 403 Forbidden", "403"],
  ])("reads the mirror's answer from %j", async (line, status) => {
    fake("dnf", `echo '${line}'; exit 1`)
    expect((await run({ distribution: "openeuler" })).refusals[0]).toBe(`dnf: mirror answered ${status}`)
  })

  describe("manual", () => {
    const content = "#!/bin/sh\necho tool\n"
    const sha256 = createHash("sha256").update(content).digest("hex")
    const manual = (urls: string[], more = {}) => [
      { name: "tool", manual: { urls, sha256, to: "/opt/bin/tool", mode: "0755", ...more } },
    ]
    beforeEach(() => {
      writeFileSync(inFolder("state/content"), content)
      // curl -fsSL -o FILE URL
      fake(
        "curl",
        `case $4 in
          *closed*) echo "curl: (22) The requested URL returned error: 403"; exit 22 ;;
          *slow*) sleep 20 ;;
          *wrong*) echo other >"$3" ;;
          *) cat "$STATE/content" >"$3" ;;
        esac`,
      )
    })

    it("announces itself, goes on after 403, silence and a wrong checksum, and puts the file into place", async () => {
      const want = manual(["http://closed/tool", "http://slow/tool", "http://wrong/tool", "http://good/tool"])
      const result = await run({ distribution: "debian", want })
      expect(result).toMatchObject({ code: 0, by: "manual" })
      expect(result.log).toContain("manual fallback: no package manager delivered")
      expect(result.refusals).toEqual([
        ...absent("apt-get"),
        "manual via http://closed/tool: mirror answered 403",
        "manual via http://slow/tool: no answer within 1 s",
        expect.stringMatching(/^manual via http:\/\/wrong\/tool: checksum is [0-9a-f]{64}, expected /),
      ])
      expect(execFileSync(inFolder("root/opt/bin/tool"), { encoding: "utf8" })).toBe("tool\n")
    })

    it("puts nothing into place when one of the downloads is refused", async () => {
      const want = [...manual(["http://good/tool"]), { ...manual(["http://wrong/x"])[0], name: "other" }]
      expect((await run({ distribution: "debian", want })).code).toBe(1)
      expect(existsSync(inFolder("root/opt"))).toBe(false)
    })

    it("unpacks an archive", async () => {
      mkdirSync(inFolder("tool-1.0/bin"), { recursive: true })
      writeFileSync(inFolder("tool-1.0/bin/tool"), content)
      execFileSync("tar", ["-czf", inFolder("state/content"), "-C", folder, "tool-1.0"])
      const digest = createHash("sha256").update(readFileSync(inFolder("state/content"))).digest("hex")
      const archive = { sha256: digest, to: "/usr/local", unpack: true, stripTop: true }
      const good = manual(["http://good/t.tgz"], { ...archive, files: ["/usr/local/bin/tool"] })
      expect(await run({ distribution: "debian", want: good })).toMatchObject({ code: 0, by: "manual" })
      expect(readFileSync(inFolder("root/usr/local/bin/tool"), "utf8")).toBe(content)

      const bad = manual(["http://good/t.tgz"], { ...archive, files: ["/usr/local/bin/another"] })
      expect((await run({ distribution: "debian", want: bad })).refusals.at(-1)).toBe(
        "manual: the archive did not bring /usr/local/bin/another",
      )
    })

    it("says so where nothing can download", async () => {
      rmSync(inFolder("bin/curl"))
      const result = await run({ distribution: "debian", want: manual(["http://good/tool"]) })
      expect(result.refusals.at(-1)).toBe("manual: neither curl nor wget is installed")
    })
  })
})
