import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { type Container, connection, dag } from "@dagger.io/dagger"
import { aroundAll, beforeAll, describe, expect, it as one } from "vitest"
import { fetchedPackages, packageOutcome, withPackages } from "../../../src/graph/build/packages.js"
import { planPackages } from "../../../src/plan/packages/packages.js"
import { packageScript } from "../../../src/plan/packages/script.js"
import type { PackageMirror, PackageRequest } from "../../../src/plan/packages/types.js"
import { bookworm, download, functions, mirrorService, mirrors, withManagers } from "./mirrors.js"

const rpm = (kind: string): PackageMirror => ({ url: `${mirrors}/${kind}/rpm`, repositories: [""], unsigned: true })
const deb = (kind: string): PackageMirror => ({ url: `${mirrors}/${kind}/deb`, repositories: [" ./"], unsigned: true })
const proof = "/usr/share/probe/from"
const files = { dnf: [proof], zypper: [proof], apt: [proof] }
const limitSeconds = 15
const silence = { name: expect.any(String), reason: `no answer within ${limitSeconds} s` }
const it = one.concurrent

/** Debian with dnf, zypper and apt-get; microdnf, yum and apk are missing. */
let machine: Container

aroundAll((run) => connection(() => run()))
beforeAll(async () => {
  const managers = await withManagers()
  machine = managers.withServiceBinding("mirrors", mirrorService(managers))
})

function plan(sources: PackageRequest["mirrors"], more: Partial<PackageRequest> = {}) {
  const want = [{ name: "probe", files }]
  return planPackages({ distribution: "any", want, mirrors: sources, mirrorsOnly: true, limitSeconds, ...more })
}

async function install(...asked: Parameters<typeof plan>) {
  const planned = plan(...asked)
  const container = await withPackages(machine, planned, functions())
  const { by, refusals } = await packageOutcome(container, planned)
  return { container, by, refusals, says: (command: string) => output(container, command) }
}

const output = (container: Container, command: string) => container.withExec(["sh", "-c", command]).stdout()
const missing = (name: string) => ({ name, reason: "not installed" })

describe("the next one takes over when", () => {
  it("a manager is missing", async () => {
    const { by, refusals, says } = await install({ dnf: [rpm("good")] })
    expect(by).toBe(`dnf via ${mirrors}/good/rpm`)
    expect(refusals).toEqual([missing("microdnf")])
    expect(await says(`rpm -q probe; cat ${proof}`)).toBe("probe-1-1.noarch\nrpm 1\n")
  })

  it("a manager fails", async () => {
    const { by, refusals, says } = await install({ dnf: [rpm("empty")], zypper: [rpm("good")] })
    expect(by).toBe(`zypper via ${mirrors}/good/rpm`)
    expect(refusals).toEqual([
      missing("microdnf"),
      { name: `dnf via ${mirrors}/empty/rpm`, reason: "exit code 1: Error: Unable to find a match: probe" },
      missing("yum"),
    ])
    expect(await says("rpm -q probe")).toBe("probe-1-1.noarch\n")
  })

  it("a manager is stopped half-way: what it left doesn't count as installed", async () => {
    const { by, refusals, says } = await install({ dnf: [rpm("half"), rpm("good")] })
    expect(by).toBe(`dnf via ${mirrors}/good/rpm`)
    expect(refusals).toEqual([missing("microdnf"), silence])
    expect(await says(`rpm -q probe; rpm -V probe; cat ${proof}`)).toBe("probe-1-1.noarch\nrpm 1\n")
  })

  it.each([
    ["dnf", { dnf: [rpm("forbidden"), rpm("good")] }, "rpm 1\n"],
    ["zypper", { zypper: [rpm("forbidden"), rpm("good")] }, "rpm 1\n"],
    ["apt-get", { apt: [deb("forbidden"), deb("good")] }, "deb\n"],
  ])("%s gets 403 from a mirror", async (manager, sources, from) => {
    const { by, refusals, says } = await install(sources)
    expect(by).toMatch(new RegExp(`^${manager} via ${mirrors}/good/`))
    expect(refusals.at(-1)).toEqual({
      name: expect.stringMatching(`^${manager} via ${mirrors}/forbidden/`),
      reason: "mirror answered 403",
    })
    expect(await says(`cat ${proof}`)).toBe(from)
  })

  it.each([
    ["dnf", { dnf: [rpm("hanging"), rpm("good")] }, "rpm 1\n"],
    ["zypper", { zypper: [rpm("hanging"), rpm("good")] }, "rpm 1\n"],
    ["apt-get", { apt: [deb("hanging"), deb("good")] }, "deb\n"],
  ])("%s waits for a mirror that hangs", async (manager, sources, from) => {
    const { by, refusals, says } = await install(sources)
    expect(by).toMatch(new RegExp(`^${manager} via ${mirrors}/good/`))
    expect(refusals.at(-1)).toEqual(silence)
    expect(await says(`cat ${proof}`)).toBe(from)
  })

  it("no manager delivers: the manual step tries its addresses", async () => {
    const sha256 = createHash("sha256").update(download).digest("hex")
    const urls = ["forbidden", "hanging", "good"].map((kind) => `${mirrors}/${kind}/files/probe`)
    const want = [{ name: "probe", files, manual: { urls, sha256, to: "/usr/local/bin/probe", mode: "0755" } }]
    const { by, refusals, says } = await install({ dnf: [rpm("forbidden")] }, { want })
    expect(by).toBe("manual")
    expect(refusals.slice(-2)).toEqual([
      { name: `manual via ${urls[0]}`, reason: "mirror answered 403" },
      { name: `manual via ${urls[1]}`, reason: silence.reason },
    ])
    expect(await says("stat -c %a /usr/local/bin/probe; cat /usr/local/bin/probe")).toBe(`755\n${download}`)
  })
})

it("names every attempt in one error when nothing works", async () => {
  const sources = { dnf: [rpm("forbidden")], zypper: [rpm("empty")], apt: [deb("hanging")] }
  const message = await install(sources).then(
    () => "it worked",
    (error: Error) => error.message,
  )
  expect(message).toMatch(
    new RegExp(
      [
        "^probe: nothing worked: microdnf \\(not installed\\)",
        `dnf via ${mirrors}/forbidden/rpm \\(mirror answered 403\\)`,
        "yum \\(not installed\\)",
        `zypper via ${mirrors}/empty/rpm \\(exit code 104: [^)]*\\)`,
        `apt-get via ${mirrors}/hanging/deb \\(no answer within ${limitSeconds} s\\)`,
        "manual \\(no download is named for probe\\)\\. Next: name a mirror .*$",
      ].join("; "),
    ),
  )
})

it("keeps nothing but the package: no caches, no lists, no logs, the sources as they were", async () => {
  const state = "cat /etc/apt/sources.list; ls -R /etc/apt /etc/yum.repos.d /etc/zypp/repos.d 2>/dev/null; ls -A /tmp"
  const caches =
    "find /var/cache/dnf /var/cache/yum /var/cache/zypp /var/cache/apt/archives /var/lib/apt/lists " +
    "/var/log/dnf* /var/log/apt -type f -newer /etc/hostname 2>/dev/null || :"
  const before = await output(machine, state)
  for (const sources of [{ dnf: [rpm("good")] }, { zypper: [rpm("good")] }, { apt: [deb("good")] }]) {
    const { says } = await install(sources)
    expect(await says(state)).toBe(before)
    expect(await says(caches)).toBe("")
  }
})

describe("files that are fetched for a bundle", () => {
  const folder = "file:///bundle"

  /** Just this version, installed then from the folder and from nothing else. */
  async function carried(exact: string, from: PackageRequest["mirrors"], into: PackageRequest["mirrors"], index = "true") {
    const wanted = planPackages({ distribution: "any", want: [exact], mirrors: from, mirrorsOnly: true, limitSeconds })
    const fetched = await fetchedPackages(machine, wanted, functions())
    const repository = machine.withDirectory("/bundle", fetched).withExec(["sh", "-c", index]).directory("/bundle")
    const planned = plan(into)
    const container = await withPackages(machine.withMountedDirectory("/bundle", repository), planned, functions())
    const files = (await fetched.glob("**")).filter((name) => !name.endsWith("/"))
    return { files, by: (await packageOutcome(container, planned)).by, says: (command: string) => output(container, command) }
  }

  it("are a repository for apt-get", async () => {
    const { files, by, says } = await carried(
      "probe=1",
      { apt: [deb("good")] },
      { apt: [{ url: folder, repositories: [" ./"], unsigned: true }] },
    )
    expect(files.sort()).toEqual(["Packages", "probe_1_all.deb"])
    expect(by).toBe(`apt-get via ${folder}`)
    expect(await says(`cat ${proof}`)).toBe("deb\n")
  })

  it.each(["dnf", "zypper"] as const)("are those of rpm for %s", async (family) => {
    const repository = { url: folder, repositories: [""], unsigned: true }
    const index = "createrepo_c --quiet /bundle"
    const { files, by, says } = await carried("probe-1-1.noarch", { [family]: [rpm("good")] }, { [family]: [repository] }, index)
    expect(files).toEqual([expect.stringMatching(/^(\S+\/)?probe-1-1\.noarch\.rpm$/)])
    expect(by).toBe(`${family} via ${folder}`)
    expect(await says(`rpm -q probe; cat ${proof}`)).toBe("probe-1-1.noarch\nrpm 1\n")
  })

  it("of a version that is not there name the attempt", async () => {
    const wanted = planPackages({
      distribution: "any",
      want: ["probe=9"],
      mirrors: { apt: [deb("good")] },
      mirrorsOnly: true,
      limitSeconds,
    })
    await expect(fetchedPackages(machine, wanted, functions())).rejects.toThrow(
      /probe=9: nothing worked: .*apt-get via .*Version '9' for 'probe' was not found/,
    )
  })
})

describe("the script that stands alone", () => {
  const library = readFileSync("shell/install-packages.sh", "utf8")
  const sources = { dnf: [rpm("hanging"), rpm("forbidden")], apt: [deb("good")] }

  it("runs in busybox's shell with its tools, as on Alpine", async () => {
    const tools = "cat chmod cp date grep kill mkdir mktemp readlink rm sed setsid sh sleep tail timeout tr true"
    const links = `mkdir /opt/busybox; for tool in ${tools}; do ln -s /bin/busybox /opt/busybox/$tool; done`
    const container = machine
      .withExec(["sh", "-c", links])
      .withEnvVariable("PATH", "/opt/busybox:/usr/sbin:/usr/bin:/sbin:/bin")
      .withExec(["busybox", "sh", "-c", packageScript(library, plan(sources))])
    const { by, refusals } = await packageOutcome(container, plan(sources))
    expect(by).toBe(`apt-get via ${mirrors}/good/deb`)
    expect(refusals).toEqual(expect.arrayContaining([silence, { name: `dnf via ${mirrors}/forbidden/rpm`, reason: "mirror answered 403" }]))
  })

  it("has no fault that shellcheck knows", async () => {
    const manual = { urls: ["http://x/y"], sha256: "0".repeat(64), to: "/x" }
    const want = [
      { name: "x", manual },
      { name: "y", manual: { ...manual, unpack: true } },
    ]
    const options = { aptArchives: "/a", fetchTo: "/c", root: "/b" }
    const checked = machine
      .withNewFile("/check/functions.sh", library)
      .withNewFile("/check/fetch-modules.sh", readFileSync("shell/fetch-modules.sh", "utf8"))
      .withNewFile("/check/script.sh", packageScript(library, plan(sources, { want }), options))
      // SC2317: a plan doesn't need all functions.
      .withExec(["sh", "-c", "cd /check && shellcheck --exclude=SC2317 *.sh >&2"])
    await checked.sync()
  })
})

it("installs packages on Debian from the image's own sources", async () => {
  const planned = planPackages({ distribution: "debian", want: ["ca-certificates", "tzdata", "tree"] })
  const image = dag.container().from(bookworm)
  const container = await withPackages(image, planned, functions())
  expect((await packageOutcome(container, planned)).by).toBe("apt-get")
  const states = await output(container, "dpkg-query -W -f '${db:Status-Status} ' ca-certificates tzdata tree")
  expect(states).toBe("installed installed installed ")
  const rest = async (of: Container) => (await output(of, "find /var/lib/apt /var/cache/apt /var/log -type f; ls -A /tmp")).split("\n")
  expect(await rest(image)).toEqual(expect.arrayContaining(await rest(container)))
})
