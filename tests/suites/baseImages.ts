// The list of base images against a real registry, which has some of them.

import { type Container, type Directory, dag, type Service } from "@dagger.io/dagger"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { platform, type Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { baseImagesReport, type ImageSources, ownDigest } from "../../src/graph/images/baseImages.js"
import type { ImageRow } from "../../src/plan/images/baseImages.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, fails, has, same } from "./cases.js"

/**
 * Engines speak plain HTTP to this name alone. Under the port the engine itself has nobody, so that without the service the registry
 * is out of reach.
 */
const registryHost = "localhost:5999"
/** The same one for the tool that asks for sizes: in its container localhost is the container. */
const toolHost = "images.test"
const there = ["base/debian:slim", "base/golang:1.25.0", "example/watch-web:release-v3.8.3"]

export async function baseImageTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const box = await toolbox(settings, ["regctl"], ["docker-registry"])
  const service = registry(box)
  const client = box
    .withServiceBinding(toolHost, service)
    .withNewFile("/run/regctl.json", JSON.stringify({ hosts: { [registryHost]: { tls: "disabled", hostname: `${toolHost}:5999` } } }))
    .withEnvVariable("REGCTL_CONFIG", "/run/regctl.json")
  const reached: ImageSources = { tools: { registry: async () => client }, service }
  const gone: ImageSources = { tools: { registry: async () => box } }
  const given = await loadCatalogue("watch", (name) => ownHost(checkout.file(`tests/fixtures/watch/catalogue/${name}`).contents()))
  /** The rows by the last part of their names. */
  const rows = async (sources: ImageSources, digests: Record<string, string> = {}): Promise<Record<string, ImageRow | undefined>> => {
    const catalogue = { ...given, pins: { ...given.pins, digests } }
    const own: Settings = { ...settings, catalogue, from: "registry", toolchainOptions: { go: { proxy: "http://proxy.invalid" } } }
    const text = await baseImagesReport(own, { format: "json", base: "debian", buildArguments: {}, status: true }, sources)
    const { images } = JSON.parse(text) as { images: ImageRow[] }
    return Object.fromEntries(images.map((row) => [row.name.split("/").at(-1), row]))
  }
  const statusOf = (row?: ImageRow) => `${row?.status}: ${row?.reason}`
  const debian = `${registryHost}/base/debian:slim`

  await service.start()
  const cases = await casesOf([
    [
      "base images: what a registry has can be fetched, with its size; what it has not says so",
      async () => {
        const { debian, node, golang, "watch-web": web } = await rows(reached)
        for (const row of [debian, golang, web]) same(statusOf(row), "missing: can be fetched")
        same(statusOf(node), "missing: no registry that the engine reaches has it")
        same(debian?.size, await sizeIn(client))
        same(node?.size, undefined)
      },
    ],
    [
      "base images: one with another digest than the pinned one has moved",
      async () => {
        const { debian: row } = await rows(reached, { [debian]: `sha256:${"1".repeat(64)}` })
        const reason = `pinned is sha256:${"1".repeat(12)}, the registry has ${row?.digest?.slice(0, 19)}; bump --bases pins that`
        same(statusOf(row), `moved: ${reason}`)
      },
    ],
    [
      "base images: what the engine has cached is reported where the registry is out of reach",
      async () => {
        const digest = (await rows(reached)).debian?.digest ?? ""
        const other = `${registryHost}/base/golang:1.25.0`
        await dag.container({ platform }).from(`${debian}@${digest}`, { registryService: service }).sync()
        const { debian: kept, golang } = await rows(gone, { [debian]: digest, [other]: `sha256:${"1".repeat(64)}` })
        const away = `${registryHost} cannot be reached: `
        same(statusOf(kept).slice(0, 28 + away.length), `cached: kept by the engine; ${away}`)
        same(statusOf(golang).slice(0, 9 + away.length), `missing: ${away}`)
      },
    ],
    [
      "base images: the registry beside the engine is asked for what it has in the place of Docker Hub's images",
      async () => {
        const beside = { ...reached, beside: registryHost }
        same(await ownDigest("docker.io/base/debian:slim", beside), (await rows(reached)).debian?.digest)
        same(await ownDigest("docker.io/base/debian:other", beside), undefined)
        same(await ownDigest("quay.io/base/debian:slim", beside), undefined)
        // The engine of this run: only one from packages has such a registry, and it has made Debian.
        const found = await ownDigest("docker.io/library/debian:trixie-slim", gone)
        same(found !== undefined, process.env.DAGGER_BASES === "packages")
        same(await ownDigest("docker.io/library/debian:potato", gone), undefined)
      },
    ],
    [
      "base images of the Dockerfiles of document 002: exactly these five, each once",
      async () => {
        const dockerfiles = checkout.directory("tests/fixtures/v7")
        const request = { format: "table", base: "debian", dockerfiles, buildArguments: {}, status: false }
        const text = await baseImagesReport(settings, request)
        const names = text
          .split("\n")
          .slice(1, -2)
          .map((line) => line.split(/ +/).slice(0, 2).join(":").replace("docker.io/library/", ""))
        // The document's own list; the Dockerfiles of the fixture are ours.
        const listed = ["rust:1.87-alpine", "python:3.11-alpine", "alpine:3.19", "node:18-alpine", "nginx:1.25-alpine"]
        same(names.sort().join(), listed.sort().join())
        has(text, "total: 5 images\n")
        await fails(() => baseImagesReport(settings, { ...request, format: "jsn" }), 'Did you mean "json"?')
        await fails(() => baseImagesReport(settings, { ...request, dockerfiles: dag.directory() }), "no Dockerfile below this folder")
      },
    ],
  ])
  await service.stop()
  return cases
}

async function ownHost(text: Promise<string>): Promise<string> {
  return (await text).replaceAll("registry.test:5000", registryHost).replace(/(OLD|CHAT)_COMMIT/g, "a".repeat(40))
}

/** What the registry's manifest counts together: the configuration and the layers. */
async function sizeIn(client: Container): Promise<number> {
  const manifest = await client.withExec(["regctl", "manifest", "get", "--format", "raw-body", `${registryHost}/base/debian:slim`]).stdout()
  const { config, layers } = JSON.parse(manifest)
  return [config, ...layers].reduce((sum, { size }) => sum + size, 0)
}

function registry(box: Container): Service {
  const config = ["version: 0.1", "storage: {filesystem: {rootdirectory: /srv/registry}}", "http: {addr: ':5999'}", ""].join("\n")
  const image = dag.container({ platform }).withNewFile("/hello", "hello\n").asTarball()
  const script = [
    "docker-registry serve /srv/registry.yml > /srv/registry.log 2>&1 &",
    "timeout 60 bash -c 'until (: < /dev/tcp/127.0.0.1/5999) 2> /dev/null; do sleep 0.1; done'",
    "regctl registry set 127.0.0.1:5999 --tls disabled",
    ...there.map((name) => `regctl image import 127.0.0.1:5999/${name} /srv/image.tar`),
    "kill $!",
  ].join("\n")
  return box
    .withNewFile("/srv/registry.yml", config)
    .withFile("/srv/image.tar", image)
    .withExec(["sh", "-ec", script])
    .withExposedPort(5999)
    .asService({ args: ["docker-registry", "serve", "/srv/registry.yml"] })
}
