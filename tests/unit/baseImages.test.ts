import { readdirSync, readFileSync } from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { fullReference, readReference } from "../../src/base/references.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { engineImages } from "../../src/plan/build/origins.js"
import { imageRows, imagesData, imagesTable, isOutOfReach, pullSize, refusalReason } from "../../src/plan/images/baseImages.js"
import { catalogueImages, type ImageChoice } from "../../src/plan/images/catalogueImages.js"
import { readBuildArguments } from "../../src/plan/images/dockerfileArguments.js"
import { dockerfileImages, isDockerfile } from "../../src/plan/images/dockerfileImages.js"
import { isNeeded, mergedImages, type WantedImage } from "../../src/plan/images/wantedImages.js"
import { moduleFile } from "../../src/plan/toolchains/go/sources.js"
import { fixtureCatalogue } from "./fixtures.js"

const root = new URL("../..", import.meta.url)
const text = (path: string) => readFileSync(new URL(path, root), "utf8")

async function imagesOf(...files: string[]): Promise<WantedImage[]> {
  return mergedImages((await Promise.all(files.map((file, index) => dockerfileImages(`${index}.Dockerfile`, file)))).flat())
}

const references = async (...files: string[]) => (await imagesOf(...files)).map(({ reference }) => reference)

describe("the Dockerfiles of V7", () => {
  let images: WantedImage[]
  beforeAll(async () => {
    const folder = "tests/fixtures/v7"
    const files = readdirSync(new URL(folder, root)).sort()
    images = mergedImages((await Promise.all(files.map((file) => dockerfileImages(file, text(`${folder}/${file}`))))).flat())
  })

  // From document 002, not from the Dockerfiles of the fixture, which are ours: the images of each recipe's stages, and the five in all.
  const recipes: Record<string, string[]> = {
    "analytics-engine": ["rust:1.87-alpine", "python:3.11-alpine", "alpine:3.19"],
    backend: ["rust:1.87-alpine", "alpine:3.19"],
    web: ["node:18-alpine", "node:18-alpine", "nginx:1.25-alpine"],
  }
  const five = ["rust:1.87-alpine", "python:3.11-alpine", "alpine:3.19", "node:18-alpine", "nginx:1.25-alpine"]
  const hub = (name: string) => `docker.io/library/${name}`

  it("need exactly the five images of the document, each named once", () => {
    expect(images.map(({ reference }) => reference)).toEqual(five.map(hub))
  })

  it("have the document's recipes, stage by stage", () => {
    const stages = (name: string) =>
      images.flatMap(({ reference, uses }) => uses.filter(({ where }) => where === `${name}.Dockerfile`).map(() => reference))
    expect(readdirSync(new URL("tests/fixtures/v7", root)).sort()).toEqual(Object.keys(recipes).map((name) => `${name}.Dockerfile`))
    for (const [name, wanted] of Object.entries(recipes)) expect(stages(name), name).toEqual(wanted.map(hub))
  })

  it("need the same five when they are written from the recipes alone", async () => {
    const files = Object.values(recipes).map((stages) => stages.map((image, index) => `FROM ${image} AS stage${index}\n`).join(""))
    expect((await references(...files)).sort()).toEqual(five.map(hub).sort())
  })

  it("share rust and alpine, and use node twice", () => {
    const places = images.map(({ uses }) => uses.map(({ where, stage, purpose }) => `${where.split(".")[0]} ${stage} ${purpose}`))
    expect(places).toEqual([
      ["analytics-engine rust-builder build stage", "backend builder build stage"],
      ["analytics-engine python-builder build stage"],
      ["analytics-engine 2 final image", "backend 1 final image"],
      ["web dependencies build stage", "web build build stage"],
      ["web 2 final image"],
    ])
  })

  it("are a table with a total, and a line of what is ready", () => {
    const facts = Object.fromEntries(
      images.map(({ reference }, index) => [reference, { digest: digest("a"), size: 1e7 * index, kept: index < 2 }]),
    )
    const lines = imagesTable(imageRows(images, { facts, digests: {} })).split("\n")
    expect(lines[0]).toMatch(/^NAME +VERSION +PURPOSE +STAGE +SIZE +STATUS$/)
    expect(lines[1]).toMatch(
      /^docker\.io\/library\/rust +1\.87-alpine +build stage +analytics-engine\.Dockerfile: rust-builder; backend\.Dockerfile: builder /,
    )
    expect(lines[5]).toMatch(/^docker\.io\/library\/nginx .* 40\.0 MB +missing \(can be fetched\)$/)
    expect(lines.slice(6)).toEqual(["total: 5 images: 100 MB", "2 of 5 present or cached (40 %)", ""])
  })
})

describe("a Dockerfile's images", () => {
  it("are those of FROM, COPY --from and RUN --mount, not its stages and not scratch", async () => {
    const file = [
      "FROM --platform=$BUILDPLATFORM golang:1.25 AS Builder",
      "RUN --mount=type=bind,from=busybox:1.36,source=/bin,target=/b --mount=type=cache,target=/c \\",
      "    go build",
      "FROM scratch AS files",
      "COPY --from=builder /a /",
      "COPY --from=0 /b /",
      "COPY --from=nginx /etc/nginx /",
      "FROM files",
      "COPY --from=quay.io/prometheus/busybox:latest /bin/sh /",
      "ONBUILD COPY --from=redis:7 /a /",
      "",
    ].join("\n")
    const listed = (await imagesOf(file)).map(({ reference, uses }) => `${reference} ${uses[0].stage}: ${uses[0].purpose}`)
    expect(listed).toEqual([
      "docker.io/library/golang:1.25 Builder: build stage",
      "docker.io/library/busybox:1.36 Builder: files mounted from it",
      "docker.io/library/nginx:latest files: files copied from it",
      "quay.io/prometheus/busybox:latest 2: files copied from it",
    ])
  })

  it("are final where the last stage begins with another one", async () => {
    const [image] = await imagesOf("FROM alpine:3.22 AS base\nFROM base AS tests\nFROM base\n")
    expect(image.uses).toEqual([{ where: "0.Dockerfile", stage: "base", purpose: "final image" }])
  })

  it.each([
    ["ARG A=3.22\nFROM alpine:$A", "docker.io/library/alpine:3.22"],
    ["ARG A=3\nARG B=${A}.22\nFROM alpine:${B}", "docker.io/library/alpine:3.22"],
    ["ARG A\nFROM ${A:-alpine}:3.22", "docker.io/library/alpine:3.22"],
    ["ARG A=\nFROM alpine:3.22${A:+-x}", "docker.io/library/alpine:3.22"],
    ["ARG A=x\nFROM alpine:3.22${A:+-x}", "docker.io/library/alpine:3.22-x"],
    ['ARG A="3.22" B=alpine\nFROM "$B:$A"', "docker.io/library/alpine:3.22"],
    ["FROM me/tool-$TARGETARCH", "docker.io/me/tool-amd64:latest"],
    ["FROM alpine:3.22 AS a\nARG A=9\nFROM a", "docker.io/library/alpine:3.22"],
    ["# escape=`\nFROM `\n  alpine:3.22", "docker.io/library/alpine:3.22"],
  ])("are named by ARGs too: %j", async (file, expected) => {
    expect(await references(file)).toEqual([expected])
  })

  it("take values that the caller gives", async () => {
    const given = readBuildArguments(["A=3.22", "B=a=b"])
    expect(given).toEqual({ A: "3.22", B: "a=b" })
    expect(await dockerfileImages("x", "ARG A\nARG C=3.19\nFROM alpine:$A", given)).toMatchObject([["alpine:3.22", {}]])
    expect(() => readBuildArguments(["A"])).toThrow('--build-args "A": expected NAME=VALUE')
  })

  it.each([
    [
      "ARG A\nFROM alpine:$A",
      'f: "alpine:$A" names an image, but ARG A has no default. Next: write ARG A=… there, or give --build-args=A=…',
    ],
    ["FROM alpine AS a\nARG A=1\nFROM alpine:${A}", 'f: "alpine:${A}" names an image, but no ARG A stands before the first FROM.'],
    ["FROM Alpine:3.22", 'f: "Alpine:3.22" is not an image: expected NAME:TAG'],
    ["RUN true", "f: no FROM"],
    ["FROM", "f: a FROM without an image, line 1"],
  ])("are asked for in one message: %j", (file, message) => expect(dockerfileImages("f", file)).rejects.toThrow(message))

  it("are looked for in files by their usual names", () => {
    const good = ["Dockerfile", "a/Dockerfile", "Dockerfile.web", "web.Dockerfile", "web.dockerfile", "Containerfile"]
    expect(
      [...good, "Dockerfile.dockerignore", "Dockerfile-notes.md", "dockerfile/README.md", "dockerfile.ts", "main.go"].filter(isDockerfile),
    ).toEqual(good)
  })
})

describe("references", () => {
  it.each([
    ["debian:trixie-slim", "docker.io/library/debian:trixie-slim"],
    ["docker.io/library/debian:trixie-slim", "docker.io/library/debian:trixie-slim"],
    ["index.docker.io/debian", "docker.io/library/debian:latest"],
    ["me/tool", "docker.io/me/tool:latest"],
    ["localhost/tool:1", "localhost/tool:1"],
    ["registry.test:5000/a/b:c", "registry.test:5000/a/b:c"],
    [`alpine@${digest("a")}`, `docker.io/library/alpine@${digest("a")}`],
    [`alpine:3@${digest("a")}`, `docker.io/library/alpine:3@${digest("a")}`],
  ])("%s is %s", (given, full) => expect(fullReference(given)).toBe(full))

  it.each(["", "a b", "a:", "-a", "a/../b", "a@sha256:1", "a//b"])("%j is none", (given) => {
    expect(() => readReference(given)).toThrow("is not an image: expected NAME:TAG")
  })
})

describe("a catalogue's images", () => {
  let catalogue: Catalogue
  beforeAll(async () => {
    catalogue = await fixtureCatalogue()
  })
  const images = (choice: Partial<ImageChoice>) =>
    mergedImages(catalogueImages(catalogue, { from: "registry", base: "debian", sourceVersions: {}, ...choice }))
  const names = (found: WantedImage[]) => found.map(({ reference }) => reference.replace("docker.io/", ""))
  const front = () => ["web", "admin"].map((name) => `openim/openim-${name}-front:${catalogue.pins.references[name]}`)

  it("are few where packages take their places", () => {
    const needed = images({ from: "packages" }).filter(isNeeded)
    expect(names(needed)).toEqual(["library/debian:trixie-slim", "library/node:24-trixie-slim", ...front()])
    expect(needed[0].uses.map(({ where, stage }) => `${where} ${stage}`)).toEqual(["base debian final", "builds build"])
  })

  it("are Go and services too where images come from a registry", () => {
    const needed = names(images({ sourceVersions: { server: "1.22.7", chat: "1.25.0" } }).filter(isNeeded))
    expect(needed.slice(0, 2)).toEqual(["library/debian:trixie-slim", "library/golang:1.22.7-bookworm"])
    expect(needed).toEqual(expect.arrayContaining(["library/golang:1.25.0-bookworm", "library/nginx:1.2-trixie", ...front()]))
    expect(needed.join()).not.toMatch(/alpine|anolis|openeuler/)
  })

  it("have the base that is chosen; others say with which option they are pulled", () => {
    const all = images({ base: "anolis" })
    expect(names(all.filter(isNeeded))).toContain("openanolis/anolisos:8.10")
    const only = Object.fromEntries(all.map(({ reference, uses }) => [reference, uses[0].only]))
    expect(only["docker.io/library/alpine:3.22"]).toBe("--base=alpine")
    const tagged = catalogueImages(catalogue, { from: "registry", base: "alpine:3.19", sourceVersions: {} })
    expect(tagged.filter(([reference]) => reference.includes("/alpine:")).map(([reference, { only }]) => [reference, only])).toEqual([
      ["docker.io/library/alpine:3.19", undefined],
    ])
    expect(only["registry.openanolis.cn/openanolis/anolisos:8.10"]).toBe("--base=anolis, where the one before is refused")
  })

  it("are all that a bump pins, and each once", () => {
    const { images: pinned } = catalogue.pins
    const all = images({}).map(({ reference }) => reference)
    expect(new Set(all).size).toBe(all.length)
    for (const [name, reference] of Object.entries(pinned)) if (name !== "golang") expect(all).toContain(reference)
    const more = { ...catalogue, pins: { ...catalogue.pins, images: { ...pinned, rust: "rust:1.87-alpine" } } }
    const [last] = catalogueImages(more, { from: "packages", base: "debian", sourceVersions: {} }).slice(-1)
    expect(last).toEqual(["rust:1.87-alpine", { where: "images.rust", stage: "build", purpose: "pinned in versions.yaml" }])
  })

  it("have those that an engine from packages makes", () => {
    const made = [...text("host/build/base-images.ts").matchAll(/"(library\/[a-z]+)", "([a-z0-9-]+)"/g)]
    expect(made.map(([, name, tag]) => `docker.io/${name}:${tag}`)).toEqual(engineImages)
  })
})

describe("an image's status", () => {
  const reference = "docker.io/library/debian:trixie-slim"
  const image: WantedImage = { reference, uses: [{ where: "base debian", stage: "final", purpose: "base of final images" }] }
  const status = (facts: object | undefined, more: object = {}) =>
    imageRows([image], { facts: facts === undefined ? undefined : { [reference]: facts }, digests: {}, ...more })[0]

  it("is present in a bundle, whatever else is known", () => {
    const bundle = { "debian:trixie-slim": { digest: digest("b"), size: 5 } }
    expect(status({}, { bundle })).toMatchObject({ status: "present", size: 5, digest: digest("b") })
    expect(status({}, { bundle, digests: { [reference]: digest("b") } }).status).toBe("present")
    expect(status({ refused: "gone" }, { bundle, digests: { [reference]: digest("c") } }).status).toBe("missing")
  })

  it("is cached where the engine has it", () => {
    expect(status({ digest: digest("a"), kept: true })).toMatchObject({ status: "cached", reason: "the engine's own" })
    expect(status({ digest: digest("a"), kept: true, refused: "x cannot be reached" }).reason).toBe(
      "kept by the engine; x cannot be reached",
    )
  })

  it("is missing, with where it is available or why not", () => {
    expect(status({ digest: digest("a"), size: 7, kept: false })).toMatchObject({ status: "missing", reason: "can be fetched", size: 7 })
    expect(status({ refused: "x cannot be reached" })).toMatchObject({ status: "missing", reason: "x cannot be reached" })
  })

  it("is moved where the registry has another digest than the pinned one", () => {
    const row = status({ digest: digest("a") }, { digests: { "debian:trixie-slim": digest("b") } })
    expect(row).toMatchObject({ status: "moved", digest: digest("a") })
    expect(row.reason).toBe("pinned is sha256:bbbbbbbbbbbb, the registry has sha256:aaaaaaaaaaaa; bump --bases pins that")
  })

  it("is unknown where nobody was asked", () => {
    const row = status(undefined)
    expect(row.status).toBeUndefined()
    expect(imagesTable([row])).toMatch(/unknown +not asked\ntotal: 1 image\n$/)
  })

  it("stands beside the uses of this call's options alone", () => {
    const [use] = image.uses
    const both = {
      ...image,
      uses: [
        { ...use, only: "--base=debian" },
        { where: "builds", stage: "build", purpose: "tools" },
      ],
    }
    expect(imagesTable(imageRows([both], { digests: {} }))).toMatch(/trixie-slim +tools +builds: build +unknown/)
  })

  it("counts what is needed with these options", () => {
    const other = { ...image, reference: "docker.io/library/alpine:3.22", uses: [{ ...image.uses[0], only: "--base=alpine" }] }
    const rows = imageRows([image, other], { facts: { [reference]: { digest: digest("a"), kept: true } }, digests: {} })
    const printed = imagesTable(rows, ["a note"])
    expect(printed).toContain("only with --base=alpine")
    expect(printed).toMatch(
      /\ntotal: 1 image needed, 1 more with other options: size unknown\n1 of 1 present or cached \(100 %\)\na note\n$/,
    )
    expect(imagesData(rows)).toMatchObject({ needed: 1, ready: 1, percent: 100, totalSize: 0, unknownSizes: 1 })
  })
})

describe("answers about images", () => {
  it("give a size by a manifest", () => {
    expect(pullSize(JSON.stringify({ config: { size: 1 }, layers: [{ size: 2 }, { size: 3 }] }))).toBe(6)
    expect(() => pullSize("{}")).toThrow("no manifest")
  })

  it.each([
    [
      'failed to do request: Head "https://quay.io/v2/": dial tcp: lookup quay.io on 10.87.0.1:53: no such host',
      "quay.io cannot be reached: no such host",
      true,
    ],
    [
      'Head "https://quay.io/v2/": dial tcp 1.2.3.4:443: connect: connection refused',
      "quay.io cannot be reached: connect: connection refused",
      true,
    ],
    ["no result within 20 s", "quay.io cannot be reached: no result within 20 s", true],
    ["quay.io/coreos/etcd:v3: not found", "no registry that the engine reaches has it", false],
    [
      "pull access denied, repository does not exist",
      "quay.io does not give it without a login, if it has it: docker login quay.io",
      false,
    ],
    ["unexpected status: 500", "quay.io does not give it: unexpected status: 500", false],
  ])("are a short reason: %s", (message, reason, away) => {
    expect(refusalReason("quay.io/coreos/etcd:v3", message)).toBe(reason)
    expect(isOutOfReach(message)).toBe(away)
  })

  it("come from the module proxy for a source's Go", () => {
    expect(moduleFile(undefined, "github.com/Me/x", "v1.0.0")).toBe("https://proxy.golang.org/github.com/!me/x/@v/v1.0.0.mod")
    expect(moduleFile("direct|https://goproxy.cn/,off", "m", "v1")).toBe("https://goproxy.cn/m/@v/v1.mod")
  })
})

function digest(letter: string): string {
  return `sha256:${letter.repeat(64)}`
}
