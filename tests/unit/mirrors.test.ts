import { describe, expect, it } from "vitest"
import { unknownName } from "../../src/base/nearest.js"
import type { MirrorAnswer } from "../../src/mirrors/ask.js"
import { askEvery, mirrorChoice } from "../../src/mirrors/choice.js"
import { distributionFamilies, type MirrorEntry, mirrorFamilies, presetNames, readMirrorEntries } from "../../src/mirrors/entries.js"
import { mirrorPresets } from "../../src/mirrors/presets.js"
import { questionFor } from "../../src/mirrors/questions.js"
import { fetchedLines, inUse, mirrorReport } from "../../src/plan/call/mirrorReports.js"
import { pullAddresses, pullReason } from "../../src/plan/images/pullAddresses.js"
import { packageDistributions } from "../../src/plan/packages/data.js"
import { mavenSettings } from "../../src/plan/stack/mavenSettings.js"

const read = (...given: string[]) => readMirrorEntries(given, unknownName)
const short = (entries: MirrorEntry[]) => entries.map(({ family, address }) => `${family}=${address}`)

describe("--mirrors", () => {
  it("takes presets and addresses, mixed and in order", () => {
    const entries = read("go=https://goproxy.example/", "huawei", "apt=http://mirror.example/debian")
    expect(short(entries)[0]).toBe("go=https://goproxy.example")
    expect(short(entries).at(-1)).toBe("apt=http://mirror.example/debian")
    expect(entries).toContainEqual({
      family: "apt",
      address: "http://mirrors.huaweicloud.com/debian",
      distribution: "debian",
      preset: "huawei",
    })
    expect(entries.filter(({ family }) => family === "dnf").map(({ distribution }) => distribution)).toEqual(["openeuler"])
  })

  it("names nothing twice", () => {
    expect(read("china", "aliyun", "tuna")).toEqual(read("china"))
    expect(short(read("aliyun", "china"))[0]).toBe("apt=http://mirrors.aliyun.com/debian")
  })

  it("has an order over all presets in china, goproxy.cn and Docker Hub's first", () => {
    const china = read("china")
    const of = (family: string) => china.filter((entry) => entry.family === family).map(({ address }) => address)
    expect(of("go")).toEqual(["https://goproxy.cn", "https://mirrors.aliyun.com/goproxy", "https://mirrors.tencent.com/go"])
    expect(of("npm")[0]).toBe("https://registry.npmmirror.com")
    expect(of("docker")[0]).toBe("docker.m.daocloud.io")
    expect(of("apt").map((address) => new URL(address).host)).toEqual([
      "mirrors.aliyun.com",
      "mirrors.tuna.tsinghua.edu.cn",
      "mirrors.ustc.edu.cn",
      "mirrors.tencent.com",
      "mirrors.huaweicloud.com",
    ])
  })

  it.each([
    ["docker=https://registry.example/", "docker=registry.example"],
    ["docker=registry.example:5000/hub", "docker=registry.example:5000/hub"],
    ["docker=http://registry.example:5000", "docker=http://registry.example:5000"],
    ["cargo=sparse+https://crates.example/index/", "cargo=https://crates.example/index"],
  ])("reads %s", (given, expected) => expect(short(read(given))).toEqual([expected]))

  it.each([
    ["https://a", "expected FAMILY=ADDRESS, such as apt=https://mirror.example/debian, or a preset: china, aliyun"],
    ["atp=https://a", 'unknown mirror family "atp". Did you mean "apt"?'],
    ["archives=https://a", 'unknown mirror family "archives". Did you mean "archive"?'],
    ["chine", 'unknown preset of mirrors "chine". Did you mean "china"?'],
    ["constructor", 'unknown preset of mirrors "constructor"'],
    ["archive=mirror.example", '--mirrors: address "mirror.example" is not valid'],
    ["docker=https://a b", "expected FAMILY=ADDRESS"],
    ["docker=registry.example/Hub", 'docker=registry.example/Hub": expected the registry as HOST or HOST/PATH'],
    ["go=https://me:secret@goproxy.example", "https://***@goproxy.example holds credentials"],
    ["go=HTTPS://me:secret@goproxy.example", "HTTPS://***@goproxy.example holds credentials"],
    ["go=me:secret@goproxy.example", "***@goproxy.example holds credentials"],
    ["docker=me:secret@registry.example", "***@registry.example"],
    ["https://me:secret@goproxy.example", "https://***@goproxy.example"],
  ])("refuses %s", (given, message) => {
    expect(() => read(given)).toThrow(message)
    expect(() => read(given)).not.toThrow(/secret/)
  })

  it("has presets of known families with addresses that are in order", () => {
    expect(presetNames).toEqual(["china", "aliyun", "tuna", "ustc", "tencent", "huawei"])
    const known = [...mirrorFamilies, ...Object.keys(distributionFamilies), "then"]
    for (const [name, preset] of Object.entries(mirrorPresets)) {
      expect(known).toEqual(expect.arrayContaining(Object.keys(preset)))
      for (const entry of read(name)) expect(short(read(`${entry.family}=${entry.address}`))).toEqual(short([entry]))
    }
    // Debian's images have no certificates.
    for (const { address } of read("china").filter(({ family }) => family === "apt")) expect(address).toMatch(/^http:/)
  })
})

const page: MirrorAnswer = { status: 200, type: "text/html", start: "<!DOCTYPE html><title>Please log in</title>" }
const answers: Record<string, MirrorAnswer> = {
  apt: { status: 200, type: "", start: "-----BEGIN PGP SIGNED MESSAGE-----\n" },
  dnf: { status: 200, type: "text/xml", start: '<?xml version="1.0"?>\n<repomd xmlns="x">' },
  zypper: { status: 200, type: "text/xml", start: "<repomd>" },
  apk: { status: 200, type: "", start: "\x1f\x8b\x08" },
  docker: { status: 401, type: "application/json", start: '{"errors":[]}' },
  go: { status: 200, type: "text/plain", start: "v0.8.0\nv0.9.1\n" },
  npm: { status: 200, type: "application/json", start: '{"_id":"ms","name":"ms"}' },
  maven: { status: 200, type: "text/xml", start: '<?xml version="1.0"?>\n<metadata>' },
  pypi: { status: 200, type: "text/html", start: '<!DOCTYPE html><a href="six-1.17.0.tar.gz">six-1.17.0.tar.gz</a>' },
  cargo: { status: 200, type: "application/json", start: '{\n  "dl": "https://x"\n}' },
  archive: { status: 200, type: "text/html", start: "" },
}

describe("the question to a mirror", () => {
  it.each(mirrorFamilies)("of %s knows it from a login page and from one that refuses", (family) => {
    const { refusal } = questionFor({ family, address: "https://mirror.example" })
    expect(refusal(answers[family])).toBeUndefined()
    if (family !== "archive") expect(refusal(page)).toContain("something else (text/html): a login page, or no mirror of")
    expect(refusal({ ...page, status: 403 })).toBe("it answers 403")
    expect(refusal({ ...page, status: 502 })).toBe("it answers 502")
  })

  it("is one about the distribution whose packages are needed", () => {
    for (const distribution of packageDistributions.filter((name) => name !== "any")) {
      const family = distributionFamilies[distribution]
      expect(questionFor({ family, address: "http://m" }, distribution).url).toMatch(/^http:\/\/m\/.+/)
    }
    expect(questionFor({ family: "dnf", address: "http://m" }, "openeuler").url).toContain("/openEuler-")
    expect(questionFor({ family: "apt", address: "http://m/debian" }).url).toBe("http://m/debian/dists/stable/InRelease")
  })

  it("goes to the top of a registry", () => {
    expect(questionFor({ family: "docker", address: "registry.example:5000/hub" }).url).toBe("https://registry.example:5000/v2/")
    expect(questionFor({ family: "docker", address: "http://registry.example/a/b" }).url).toBe("http://registry.example/v2/")
  })

  it("is followed by one setting for Maven, whatever the address holds", () => {
    expect(mavenSettings("https://m/a?b=1&c=2")).toContain("<mirrorOf>central</mirrorOf><url>https://m/a?b=1&amp;c=2</url>")
  })

  it("allows somebody's own to have less than a whole mirror", () => {
    const missing = { ...page, status: 404 }
    expect(questionFor({ family: "apt", address: "http://m" }).refusal(missing)).toBeUndefined()
    expect(questionFor({ family: "apt", address: "http://m", preset: "tuna" }).refusal(missing)).toBe("it answers 404")
    expect(questionFor({ family: "go", address: "http://m" }).refusal(missing)).toBe("it answers 404")
  })
})

/** A net in which only these hosts are mirrors; it remembers what was asked. */
function net(reachable: string[]) {
  const asked: string[] = []
  const log: string[] = []
  const of = (entries: MirrorEntry[]) =>
    mirrorChoice(
      entries,
      async (url) => {
        asked.push(url)
        if (!reachable.includes(new URL(url).hostname)) throw new Error("no answer within 3 s")
        const entry = entries.find(({ address }) => url.startsWith(address))
        return answers[entry?.family ?? "docker"]
      },
      (line) => log.push(line),
    )
  return { asked, log, of }
}

describe("the choice", () => {
  const china = read("china")

  it("is those that answer, in order, and asks each once and only what is needed", async () => {
    const { asked, log, of } = net(["mirrors.ustc.edu.cn", "mirrors.aliyun.com"])
    const choice = of(china)
    expect(asked).toEqual([])
    const wanted = ["http://mirrors.aliyun.com/debian", "http://mirrors.ustc.edu.cn/debian"]
    const twice = await Promise.all([choice.of("apt", "debian"), choice.of("apt", "debian")])
    expect(twice).toEqual([wanted, wanted])
    expect(asked).toHaveLength(5)
    expect(log).toContain("debian mirror: http://mirrors.tencent.com/debian refused: no answer within 3 s")
    expect(log).toHaveLength(3)
    expect(inUse(await choice.asked())).toEqual({ apt: wanted })
  })

  it("is empty with one clear line where none answers", async () => {
    const { log, of } = net([])
    expect(await of(read("go=https://a", "go=https://b")).of("go")).toEqual([])
    expect(log.at(-1)).toBe("go mirror: none can be used, so the usual addresses are asked")
    expect(log).toHaveLength(3)
  })

  it("asks nothing of families that have no mirrors", async () => {
    const { asked, log, of } = net([])
    expect(await of(read("go=https://a")).of("npm")).toEqual([])
    expect([...asked, ...log]).toEqual([])
  })

  it("takes a preset's packages for their distribution alone, and a caller's own for any", async () => {
    const choice = net(["mirrors.ustc.edu.cn", "own.example"]).of(read("ustc", "dnf=https://own.example/rpm"))
    expect(await choice.of("dnf", "openeuler")).toEqual(["https://mirrors.ustc.edu.cn/openeuler", "https://own.example/rpm"])
    expect(await choice.of("dnf", "anolis")).toEqual(["https://own.example/rpm"])
    expect((await choice.asked()).map(({ address }) => address)).toEqual([
      "https://mirrors.ustc.edu.cn/openeuler",
      "https://own.example/rpm",
    ])
  })
})

describe("the function mirrors", () => {
  const asked = async (given: string[], reachable: string[]) => {
    const entries = read(...given)
    return askEvery(net(reachable).of(entries), entries, "debian")
  }
  const hosts = ["own.example", "registry.npmmirror.com", "mirrors.aliyun.com", "docker.1ms.run", "docker.m.daocloud.io"]

  it("lists for each mirror what it answers and what becomes of it", async () => {
    const text = mirrorReport("table", { asked: await asked(["china", "docker=own.example/hub"], hosts), proxy: "http://***@proxy:3128" })
    expect(text).toMatch(/apt \(debian\) +http:\/\/mirrors\.aliyun\.com\/debian +\d+ ms +used, number 1\n/)
    expect(text).toMatch(/docker +docker\.1panel\.live +- +refused: no answer within 3 s\n/)
    expect(text).toMatch(/docker +own\.example\/hub +\d+ ms +used, number 3\n/)
    expect(text).toContain("\narchive: none can be used, so the usual addresses are asked\n")
    expect(text).toMatch(/\nHTTP proxy: http:\/\/\*\*\*@proxy:3128\n$/)
    expect(mirrorReport("table", { asked: [] })).toContain("no mirrors are set: --mirrors takes presets (china, ")
  })

  it("gives lines for an environment, Docker's daemon and Cargo", async () => {
    const facts = { asked: await asked(["china", "docker=own.example/hub"], hosts) }
    expect(mirrorReport("env", facts)).toBe(
      "GOPROXY=https://mirrors.aliyun.com/goproxy,direct\nnpm_config_registry=https://registry.npmmirror.com\n" +
        "PIP_INDEX_URL=https://mirrors.aliyun.com/pypi/simple\nOPENIM_DEBIAN_MIRROR=http://mirrors.aliyun.com/debian\n" +
        "OPENIM_REGISTRY_MIRRORS=docker.m.daocloud.io,docker.1ms.run,own.example/hub\n",
    )
    expect(JSON.parse(mirrorReport("docker", facts))).toEqual({
      "registry-mirrors": ["https://docker.m.daocloud.io", "https://docker.1ms.run"],
    })
    expect(mirrorReport("cargo", facts)).toContain('registry = "sparse+https://mirrors.aliyun.com/crates.io-index/"\n')
    expect(JSON.parse(mirrorReport("json", facts)).environment.npm_config_registry).toBe("https://registry.npmmirror.com")
  })

  it("lets --goproxy go first, and prints no password of it", async () => {
    const facts = { asked: await asked(["aliyun"], hosts), goproxy: "https://me:secret@goproxy.example,direct" }
    expect(mirrorReport("table", facts)).toContain("answers, but --goproxy goes first")
    for (const format of ["table", "json", "env"]) {
      expect(mirrorReport(format, facts)).toContain("https://***@goproxy.example,direct")
      expect(mirrorReport(format, facts)).not.toContain("secret")
    }
  })

  it("knows its formats", () => expect(() => mirrorReport("jsn", { asked: [] })).toThrow('Did you mean "json"?'))
})

describe("the plan", () => {
  it("names mirrors and proxy where there are any", () => {
    expect(fetchedLines({})).toBe("")
    const mirrors = { apt: ["http://a/debian", "http://b/debian"], go: ["https://c"] }
    expect(fetchedLines({ mirrors, proxy: "http://***@proxy:3128" })).toBe(
      "\napt mirrors: http://a/debian, http://b/debian\ngo mirrors: https://c\nHTTP proxy: http://***@proxy:3128\n",
    )
  })
})

describe("mirrors of Docker Hub", () => {
  const digest = `sha256:${"1".repeat(64)}`
  const addresses = (from: "registry" | "packages", references: string[], mirrors = ["m.example", "http://n.example:5000/hub"]) =>
    pullAddresses(from, references, mirrors).map(({ address }) => address)

  it("are asked before the usual reference, with its digest", () => {
    const reference = `docker.io/library/debian:trixie-slim@${digest}`
    expect(addresses("registry", [reference])).toEqual([
      `m.example/library/debian:trixie-slim@${digest}`,
      `n.example:5000/hub/library/debian:trixie-slim@${digest}`,
      reference,
    ])
  })

  it.each([
    ["debian:12", "m.example/library/debian:12"],
    ["apache/kafka:3.9.1", "m.example/apache/kafka:3.9.1"],
    ["index.docker.io/apache/kafka:3.9.1", "m.example/apache/kafka:3.9.1"],
  ])("know %s", (reference, expected) => expect(addresses("registry", [reference], ["m.example"])[0]).toBe(expected))

  it.each(["quay.io/coreos/etcd:v3.5.21", "localhost/x:1", "registry.example:5000/library/debian:12"])("have no %s", (reference) => {
    expect(addresses("registry", [reference])).toEqual([reference])
  })

  it("are for what an engine from packages does not have itself, and then the usual reference is not waited for long", () => {
    const attempts = pullAddresses("packages", ["docker.io/library/alpine:3.22"], ["m.example"])
    expect(attempts.map(({ address, limitSeconds }) => `${address} ${limitSeconds}`)).toEqual([
      "docker.io/library/alpine:3.22 60",
      "m.example/library/alpine:3.22 300",
    ])
    expect(pullAddresses("packages", ["docker.io/library/alpine:3.22"], [])[0].limitSeconds).toBe(300)
  })
})

it.each([
  [
    'failed to resolve image "docker.io/library/alpine:3.22" (platform: "linux/amd64"): docker.io/library/alpine:3.22: not found',
    "not found",
  ],
  ['failed to resolve image "docker.io/library/alpine:3.22" (platform: "linux/amd64"): dial tcp: no such host', "dial tcp: no such host"],
  ["no result within 300 s", "no result within 300 s"],
])("an image that is refused is named once: %s", (said, reason) => expect(pullReason("docker.io/library/alpine:3.22", said)).toBe(reason))
