// The smoke test's questions, asked for real: of programs in a folder of the test's own, good ones and each of them broken.
import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { ImageEntry, InstalledEntry, SourceImageEntry } from "../../src/catalogue/types.js"
import {
  answersOf,
  fileQuestions,
  findingsOf,
  imageQuestions,
  programQuestions,
  type SmokeQuestion,
  serverQuestions,
  smokeScript,
  surplusCertificates,
} from "../../src/plan/tests/smoke.js"

let root: string
const path = (...parts: string[]) => join(root, ...parts)
const put = (name: string, text: string, mode = 0o644) => {
  mkdirSync(dirname(path(name)), { recursive: true })
  rmSync(path(name), { force: true })
  writeFileSync(path(name), text)
  chmodSync(path(name), mode)
}
const program = (name: string, text: string, mode = 0o555) => put(`bin/${name}`, `#!/bin/sh\n${text}\n`, mode)

/** Root may write everything, which some questions are about. */
const user = process.getuid?.() === 0 ? { uid: 10001, gid: 10001 } : {}

/** The questions that are answered with no. */
function refused(questions: SmokeQuestion[], search = `${path("bin")}:${process.env["PATH"]}`): string[] {
  chmodSync(path("bin"), 0o555)
  const { stdout } = spawnSync("/bin/sh", ["-c", smokeScript(questions)], {
    encoding: "utf8",
    cwd: path("data"),
    env: { PATH: search },
    ...user,
  })
  chmodSync(path("bin"), 0o755)
  return answersOf(questions, stdout)
    .filter(({ ok }) => !ok)
    .map(({ name, detail }) => [name, detail?.trim()].filter(Boolean).join(": "))
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "smoke-"))
  chmodSync(root, 0o755)
  for (const folder of ["bin", "data", "logs"]) {
    mkdirSync(path(folder))
    chmodSync(path(folder), 0o777)
  }
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe("programs of a source", () => {
  const questions = () =>
    programQuestions({ config: path("config"), logs: path("logs"), programs: path("bin") } as SourceImageEntry, ["one", "two"])
  beforeEach(() => {
    put("config/a.yml", "a: b\n")
    for (const name of ["one", "two"]) program(name, '[ "$1" = --help ]')
  })

  it("are accepted when all is as it should be", () => expect(refused(questions())).toEqual([]))

  const broken: [string, () => void, string[]][] = [
    ["one is missing", () => rmSync(path("bin/two")), ["two starts and answers --help", "the binaries cannot be written"]],
    ["one does not start", () => program("two", "echo no memory; exit 2"), ["two starts and answers --help: no memory"]],
    ["one can be written", () => program("two", ":", 0o777), ["the binaries cannot be written"]],
    [
      "one cannot be read as a program",
      () => program("two", ":", 0o444),
      ["two starts and answers --help", "the binaries cannot be written"],
    ],
    ["the configuration is missing", () => rmSync(path("config/a.yml")), ["the configuration can be read"]],
    ["the configuration cannot be read", () => chmodSync(path("config/a.yml"), 0), ["the configuration can be read"]],
    ["the log folder is missing", () => rmSync(path("logs"), { recursive: true }), ["the log folder can be written"]],
    ["the log folder cannot be written", () => chmodSync(path("logs"), 0o555), ["the log folder can be written"]],
  ]
  it.each(broken)("are refused when %s", (_, spoil, expected) => {
    spoil()
    const found = refused(questions())
    expect(found).toHaveLength(expected.length)
    for (const [at, words] of expected.entries()) expect(found[at]).toContain(words)
  })
})

describe("a server", () => {
  const questions = () =>
    serverQuestions({ server: "store", versionOption: "--version", start: "start-store", data: path("data") } as InstalledEntry)
  /** Answers while its file is there. */
  const start = (changed: { refusal?: string; health?: string; run?: string } = {}) => {
    const {
      refusal = 'echo "start-store: no password: set STORE_PASSWORD" >&2; exit 1',
      health = "[ -e up ] || exit 1; exit 0",
      run = 'trap "rm up; exit 0" TERM; : > up; while :; do sleep 0.1; done',
    } = changed
    program("start-store", `if [ "$1" = health ]; then ${health}; fi\nif [ "$ALLOW_EMPTY_PASSWORD" != yes ]; then ${refusal}; fi\n${run}`)
  }
  beforeEach(() => {
    program("store", '[ "$1" = --version ]')
    start()
  })

  it("is accepted when all is as it should be", () => expect(refused(questions())).toEqual([]))

  it("may know no passwords, and print its version by another option", () => {
    const own = { server: "store", versionOption: "-v", open: true, start: "start-store", data: path("data") } as InstalledEntry
    program("store", '[ "$1" = -v ]')
    start({ refusal: ":" })
    expect(refused(serverQuestions(own))).toEqual([])
    const titles = (open: boolean) => serverQuestions({ ...own, open }).map(([what]) => what)
    expect(titles(false).filter((what) => !titles(true).includes(what))).toEqual(["the server does not start without a password"])
  })

  const broken: [string, () => void, string[]][] = [
    ["it is missing", () => rmSync(path("bin/store")), ["store starts and answers --version", "the programs cannot be written"]],
    [
      "its start script is missing",
      () => rmSync(path("bin/start-store")),
      [
        "the server does not start without a password",
        "the programs cannot be written",
        "the health check says whether the server answers",
      ],
    ],
    [
      "it ends without a password for another reason",
      () => start({ refusal: "echo out of memory; exit 1" }),
      ["the server does not start without a password: out of memory"],
    ],
    [
      "it says so and starts all the same",
      () => start({ refusal: 'echo "start-store: no password: set STORE_PASSWORD"; exit 0' }),
      ["the server does not start without a password"],
    ],
    [
      "it never answers its health check",
      () => start({ health: "exit 1", run: "echo no port; exit 1" }),
      ["the health check says whether the server answers: no port"],
    ],
    ["its health check always answers", () => start({ health: "exit 0" }), ["the health check says whether the server answers"]],
    [
      "its health check's own program is missing",
      () => start({ health: "no-such-client; exit" }),
      ["the health check says whether the server answers"],
    ],
    ["its data folder is not empty", () => put("data/old", ""), ["the data folder can be written, and is empty"]],
    [
      "its data folder cannot be written",
      () => chmodSync(path("data"), 0o555),
      ["the data folder can be written, and is empty", "the health check says whether the server answers"],
    ],
    ["it can be written", () => program("store", ":", 0o777), ["the programs cannot be written"]],
  ]
  it.each(broken)("is refused when %s", (_, spoil, expected) => {
    spoil()
    const found = refused(questions())
    expect(found).toHaveLength(expected.length)
    for (const [at, words] of expected.entries()) expect(found[at]).toContain(words)
  })
})

describe("an image's files", () => {
  const questions = () => fileQuestions(path("image"))
  beforeEach(() => {
    put("image/etc/passwd", "root:x:0:0::/:/bin/sh\n")
    put("image/usr/share/bash-completion/completions/go", "complete go\n", 0o755)
    put("image/var/cache/apt/archives/lock", "")
    put("image/etc/pki/ca-trust/source/README", "how to\n")
  })

  it("are accepted when nothing is left of a build", () => expect(refused(questions())).toEqual([]))

  it.each([
    ["usr/local/go/bin/go", "no compiler is there"],
    ["usr/bin/gcc-14", "no compiler is there"],
    ["srv/src/main.go", "no source is there"],
    ["srv/go.mod", "no source is there"],
    ["var/lib/apt/lists/deb_InRelease", "no package cache is there"],
    ["var/cache/dnf/a/repomd.xml", "no package cache is there"],
    ["var/cache/apk/APKINDEX.tar.gz", "no package cache is there"],
    ["usr/local/share/ca-certificates/company.crt", "no certificate was added by hand"],
    ["etc/pki/ca-trust/source/anchors/company.pem", "no certificate was added by hand"],
  ])("are refused with %s", (file, question) => {
    put(`image/${file}`, "x", 0o755)
    expect(refused(questions())).toEqual([expect.stringMatching(new RegExp(`^${question}: .*${file}`))])
  })

  it.each([0o4755, 0o2755])("are refused with one of mode %o", (mode) => {
    put("image/usr/bin/su", "x", 0o755)
    chmodSync(path("image/usr/bin/su"), mode)
    expect(refused(questions())).toEqual([expect.stringMatching(/^no program can act as another user .*usr\/bin\/su/)])
  })

  it("are refused with an account that has today's day, which no other build gives it", () => {
    const today = Math.floor(Date.now() / 86_400_000)
    put("image/etc/shadow", `root:*:19675:0:99999:7:::\nredis:!:${today}::::::\n`)
    expect(refused(questions())).toEqual([expect.stringMatching(/^no account has the day on which it was made: .*redis/)])
    put("image/etc/shadow", "root:*:19675:0:99999:7:::\nredis:!:::::::\n")
    expect(refused(questions())).toEqual([])
  })

  it("a compiler by another name is found", () => {
    mkdirSync(path("image/usr/bin"), { recursive: true })
    symlinkSync("gcc-14", path("image/usr/bin/cc"))
    expect(refused(questions())).toEqual([expect.stringContaining("no compiler is there")])
  })

  it("are refused when they cannot be searched", () => {
    rmSync(path("image"), { recursive: true })
    expect(refused(questions())).toHaveLength(questions().length)
  })
})

describe("every question", () => {
  const all = () => [
    ...imageQuestions([
      ...programQuestions({ config: path("config"), logs: path("logs"), programs: path("nowhere") } as SourceImageEntry, ["one"]),
      ...serverQuestions({ server: "store", versionOption: "--version", start: "start-store", data: path("data") } as InstalledEntry),
    ]),
    ...fileQuestions(path("image")),
  ]

  it("is answered with no where no program is there", () => {
    put("image/etc/passwd", "")
    const zone = "time zones are there"
    const names = all()
      .map(([what]) => what)
      .filter((what) => what !== zone)
    expect(
      refused(
        all().filter(([what]) => what !== zone),
        path("nowhere"),
      ),
    ).toHaveLength(names.length)
  })

  it("counts as no when it is not answered", () => {
    const cases = answersOf(
      [
        ["first", ""],
        ["second", ""],
      ],
      "yes\tfirst\n",
    )
    expect(cases).toMatchObject([
      { name: "first", ok: true },
      { name: "second", ok: false, detail: "not answered" },
    ])
  })
})

describe("an image's settings", () => {
  const image = {
    labels: ["source", "revision", "version", "created", "title"].map((name) => `org.opencontainers.image.${name}`),
    ports: [10001, 10002],
    health: ["check"],
    foreign: [] as string[],
  }
  const component = { kind: "group", ports: [10001, 10002] } as unknown as ImageEntry
  const failed = (changed: object) =>
    findingsOf({ ...image, ...changed }, component)
      .filter(({ ok }) => !ok)
      .map(({ name }) => name)

  it.each([
    ["are as they should be", {}, []],
    ["are of a checkout whose commit is not known", { labels: image.labels.filter((label) => !label.endsWith(".revision")) }, []],
    ["lack a label", { labels: image.labels.slice(1) }, ["the labels are set"]],
    ["have the builder's certificate", { foreign: ["company-ca"] }, ["no certificate of the building machine is left"]],
    ["lack a port", { ports: [10001] }, ["the ports 10001, 10002 are exposed"]],
    ["lack a health check", { health: [] }, ["a health check is set"]],
  ])("%s", (_, changed, names) => expect(failed(changed)).toEqual(names))

  it("show as skipped what this distribution cannot answer", () => {
    const { name, ok, skipped } = findingsOf({ ...image, foreign: undefined }, component).at(-1)!
    expect({ name, ok, skipped }).toEqual({ name: "no certificate of the building machine is left", ok: true, skipped: true })
  })
})

describe("certificates that no package has brought", () => {
  const packaged = ["ACCVRAIZ1", "Certum Root (CA), 2", "third"]
  it.each([
    ["none on Debian", ["ACCVRAIZ1", "Certum_Root_=CA=__2"], 2, []],
    ["none on Alpine", ["ca-cert-ACCVRAIZ1", "ca-cert-Certum_Root_=CA=__2"], 2, []],
    ["a company's on Debian", ["ACCVRAIZ1", "company"], 3, ["company"]],
    ["a company's on Alpine", ["ca-cert-ACCVRAIZ1", "ca-cert-company"], 3, ["ca-cert-company"]],
    ["one in the bundle alone", ["ACCVRAIZ1"], 4, ["1 certificates in the bundle"]],
  ])("%s", (_, installed, bundled, found) => expect(surplusCertificates({ packaged, installed, bundled })).toEqual(found))
})
