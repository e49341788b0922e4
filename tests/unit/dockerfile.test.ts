import { execFileSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue, stackNames } from "../../src/catalogue/load.js"
import type { Catalogue, ImageEntry } from "../../src/catalogue/types.js"
import { dockerfile, dockerfiles, dockerfilesByPath } from "../../src/plan/dockerfile/dockerfile.js"
import { assigned, printed } from "../../src/plan/dockerfile/words.js"
import { fixtureCatalogue } from "./fixtures.js"

const root = new URL("../../", import.meta.url)
const committed = (folder = "dockerfiles") => readdirSync(new URL(folder, root)).filter((name) => name.endsWith(".Dockerfile"))
let live: Catalogue
let catalogue: Catalogue
beforeAll(async () => {
  live = await loadCatalogue("openim")
  catalogue = await fixtureCatalogue()
})

const of = (component: string, base = "debian", options = {}) =>
  dockerfile(catalogue, catalogue.components[component] as ImageEntry, catalogue.bases[base], options)

/** What the final image gets: everything from the last FROM on. */
const finalStage = (text: string) => text.slice(text.lastIndexOf("\nFROM ") + 1)

describe.each(stackNames())("the Dockerfiles of the stack %s", async (stack) => {
  const found = await loadCatalogue(stack)
  const made = dockerfiles(found)

  it.each(Object.keys(made))("%s is what the catalogue gives", async (name) => {
    const file = `${found.dockerfiles}/${name}`
    const hint = `${file} is old: run ./daggerw -y call --stack=${stack} dockerfiles`
    await expect(made[name], hint).toMatchFileSnapshot(`../../${file}`)
  })

  it("are one for each component, and no other", () => {
    expect(committed(found.dockerfiles).sort()).toEqual(Object.keys(made).sort())
    expect(Object.keys(dockerfilesByPath(found))).toEqual(Object.keys(made).map((name) => `${found.dockerfiles}/${name}`))
  })
})

describe("the folder dockerfiles/", () => {
  it("has a file for each component that is built, and no other", () => {
    expect(committed()).toContain("server-api.Dockerfile")
    for (const name of ["chat", "mongodb", "redis"]) expect(committed()).toContain(`${name}.Dockerfile`)
    expect(committed()).not.toContain("web.Dockerfile")
  })
})

describe("a Dockerfile", () => {
  it("pins the source and the supervisor with their checksums", () => {
    const { sources, tools } = catalogue.pins
    const { version, sum } = sources.server
    // A version that no module proxy has is pinned by its commit alone.
    expect(of("server")).toContain(`/module/fetch ${catalogue.sources.server.module} ${version}${sum === undefined ? "" : ` ${sum}`}\n`)
    expect(of("server")).toContain(`/module/fetch ${tools.pebble.module} ${tools.pebble.version} ${tools.pebble.sum}\n`)
    expect(of("server-api")).not.toContain("canonical/pebble")
  })

  it("lets go.mod choose the version of Go, whatever the builder has", () => {
    expect(of("server")).toContain('GOTOOLCHAIN="go1.21.0+auto"')
    expect(of("server")).toContain("\nARG BUILDER=docker.io/library/golang:")
  })

  it("downloads modules before the sources come, and builds without those that cannot be fetched", () => {
    const text = of("server")
    const wanted = ["COPY --from=source /go.mod /go.sum* ./", "RUN go mod download || echo", "COPY --from=source / ."]
    const steps = wanted.map((step) => text.indexOf(`\n${step}`))
    expect(steps).not.toContain(-1)
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
  })

  it("ends in an image that has neither sources nor build arguments", () => {
    const servers = Object.values(live.components).filter((entry) => entry.kind === "installed")
    const made = servers.flatMap(({ server, start, install, helper }) => [
      `COPY shell/${start}.sh /usr/local/bin/${start}`,
      `COPY --from=go /out/${helper} /usr/local/bin/`,
      ...Object.values(install).flatMap(({ tool, java }) => [
        `COPY --from=go /out/${tool} /usr/local/bin/${server}`,
        `COPY --from=java /out/ /opt/${java}/`,
        `COPY java/${java}/*.properties /opt/${java}/config/`,
      ]),
    ])
    for (const text of Object.values(dockerfiles(live))) {
      const stage = finalStage(text)
      expect(stage).not.toMatch(/^ARG |GOPROXY|golang|(https?|no)_proxy/im)
      for (const copied of stage.match(/^COPY .*$/gm)!) {
        expect([
          "COPY shell/install-packages.sh /tmp/",
          "COPY --from=source /config /openim-server/config",
          "COPY --from=source /config /openim-chat/config",
          "COPY --from=build /out/ /usr/local/bin/",
          "COPY --from=archive /archive/bin/mongod /usr/local/bin/",
          ...made,
        ]).toContain(copied)
      }
      expect(stage).toContain(" && rm /tmp/install-packages.sh\n")
      expect(stage).toContain("\nUSER 10001:10001\n")
    }
  })

  it("needs no builder newer than others: no heredoc, no mount, no --chmod, no other frontend", () => {
    for (const text of Object.values(dockerfiles(live))) {
      expect(text).not.toMatch(/<<|--mount|--chmod|--link|^# *(syntax|escape|check)=/m)
    }
  })

  it("has the mirrors and the proxy of a site where they are asked for, and else stays as it is", () => {
    const plain = of("server")
    const tuned = of("server", "debian", {
      mirrors: { apt: ["http://mirrors.aliyun.com/debian"] },
      arguments: { GOPROXY: "https://goproxy.cn,direct" },
    })
    expect(tuned).toContain("\nARG GOPROXY=https://goproxy.cn,direct\n")
    expect(tuned.match(/via_mirror http:\/\/mirrors\.aliyun\.com\/debian signed/g)).toHaveLength(2)
    expect(finalStage(tuned)).not.toContain("goproxy")
    expect(of("server")).toBe(plain)
  })

  it("of a server that is installed has its packages, or the pinned archive from the first mirror that gives it", () => {
    const { urls, sha256 } = catalogue.pins.archives.mongodb.builds.ubuntu2204
    const mongodb = of("mongodb")
    expect(mongodb).toContain(sha256)
    for (const url of urls) expect(mongodb).toContain(url)
    expect(finalStage(mongodb)).not.toContain("curl ")
    expect(mongodb).toContain('GOTOOLCHAIN="go1.21.5"')
    expect(finalStage(of("redis"))).toContain("has_manager apt-get 'ca-certificates tzdata redis-server redis-tools'")
    expect(of("redis")).not.toContain("golang")
    expect(() => of("mongodb", "alpine")).toThrow("mongodb is not available on alpine")
  })

  it("takes another distribution's packages on another base", () => {
    expect(finalStage(of("server", "alpine"))).toContain("has_manager apk 'ca-certificates tzdata'")
    expect(finalStage(of("server", "anolis"))).toMatch(/has_manager microdnf[\s\S]*has_manager yum/)
    expect(of("server", "anolis")).toContain("or registry.openanolis.cn/openanolis/anolisos:8.10.\n")
  })
})

describe("a text in a RUN", () => {
  const texts = ["a plain word", "it's", '"$HOME" `id` \\n \\', "'\\''", "100 %s", 'it\'s "both" $1', "-n", "a\n\n\tb\n"]
  it.each(texts)("%j is printed as it is", (text) => {
    // What a Dockerfile's parser does to a line that ends with a backslash, a shell does too.
    expect(execFileSync("sh", ["-c", printed(text)], { encoding: "utf8" })).toBe(`${text.replace(/\n$/, "")}\n`)
  })

  it("keeps the Dockerfile's own signs out of ENV and LABEL", () => {
    expect(assigned("ENV", { A: 'say "$x" \\', B: "" })).toBe('ENV A="say \\"\\$x\\" \\\\" \\\n    B=""')
  })
})
