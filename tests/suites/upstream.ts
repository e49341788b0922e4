// The version watch against real upstreams: a git server, a Go module proxy and a registry, as services of the test.

import type { Changeset, Container, Directory, Service } from "@dagger.io/dagger"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { archiveBuild, pinnedArchive, pinnedSource } from "../../src/catalogue/lookup.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { withRegistryAccess } from "../../src/graph/publish/registries.js"
import { type WatchTools, watchTools } from "../../src/graph/versions/upstream.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { readChannel } from "../../src/plan/versions/order.js"
import type { WatchRow } from "../../src/plan/versions/watch.js"
import type { BumpRequest } from "../../src/tasks/bump.js"
import { bumpChanges, updatesReport, versionsReport } from "../../src/tasks/versions.js"
import { baseImageTests } from "./baseImages.js"
import { casesOf, fails, has, same } from "./cases.js"

const registryHost = "registry.test:5000"
const botCame = "programs +cmd/bot (in no image), ports +10010, configuration +config/bot.yml +config/main.yml -config/server.yml"

/** A catalogue names https:// addresses; the test's git server has none. Nobody answers for chat. */
const own = { server: "git://git.test/server", cache: "git://git.test/cache" }

export async function upstreamTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const fixture = checkout.directory("tests/fixtures/watch")
  const box = await toolbox(settings, ["regctl"], ["git", "python3", "docker-registry"])
  const repository = fixture.file("upstream/repository")
  const sources = box.withFile("/usr/local/bin/repository", repository, { permissions: 0o755 }).withExec(["repository"])
  const commits = Object.fromEntries(
    (await sources.file("/srv/commits").contents())
      .trim()
      .split("\n")
      .map((line) => line.split("=")),
  )

  const git = sources.withExposedPort(9418).asService({ args: ["git", "daemon", "--export-all", "--base-path=/srv/git", "/srv/git"] })
  const proxy = sources.withExposedPort(8080).asService({ args: ["python3", "-m", "http.server", "8080", "--directory", "/srv/go"] })
  const images = registry(box)
  const tools = serving(watchTools(settings, new Date().toISOString()), git, proxy, images)
  const silent = serving(watchTools(settings, new Date().toISOString()))

  const folder = fixture
    .directory("catalogue")
    .withNewFile(
      "versions.yaml",
      (await fixture.file("catalogue/versions.yaml").contents())
        .replace("OLD_COMMIT", commits["old-v3.8.3"])
        .replace("CHAT_COMMIT", commits["chat-v1.8.4"]),
    )
  /** The settings of a call whose --catalogue is this folder. */
  const using = async (catalogue: Directory, upstreams: Record<string, string> = own): Promise<Settings> => ({
    ...settings,
    catalogue: await loadCatalogue("watch", (name) => catalogue.file(name).contents()),
    upstreams,
  })
  const versions = async (channel: string, from = folder, by = tools): Promise<WatchRow[]> =>
    JSON.parse(await versionsReport(await using(from), readChannel(channel), "json", by)).rows
  const decisions = async (channel: string, from = folder) =>
    (await versions(channel, from)).map((row) => `${row.component} ${row.decision} ${row.newest}`).join(", ")
  const bump = async (request: Partial<BumpRequest> & { bases?: boolean }, from = folder, by = tools) => {
    const { channel = "patch", bases = false, ...rest } = request
    return bumpChanges(await using(from), { folder: from }, { channel, ...rest }, bases, by)
  }
  const after = async (changes: Promise<Changeset>) => (await changes).after()

  // Started once; else each question would start and end them.
  const services = [git, proxy, images]
  await Promise.all(services.map((service) => service.start()))
  const cases = await casesOf([
    [
      "the newest of each channel by git, module proxy and registry",
      async () => {
        const newest = async (channel: string, ...expected: string[]) => same(await decisions(channel), expected.join(", "))
        const [server, chat] = ["server update v3.8.3-patch.16", "chat update v1.8.4-patch.10"]
        await newest("patch", server, chat, "cache update 7.0.10", "web update release-v3.8.3-patch.2")
        await newest("stable", "server moved v3.8.3", "chat current v1.8.4", "cache update 7.0.10", "web current release-v3.8.3")
        await newest("alpha", "server update v3.8.4-alpha.1", chat, "cache update 7.0.11-rc0", "web update release-v3.8.4-alpha.1")
      },
    ],
    [
      "a moved tag is reported with both commits, and not taken",
      async () => {
        const text = await versionsReport(await using(folder), "stable", "table", tools)
        const [before, now] = ["old-v3.8.3", "v3.8.3"].map((name) => commits[name].slice(0, 8))
        has(text, `WARNING: server: tag v3.8.3 moved from ${before} (pinned) to ${now}`)
        const done = await after(bump({ channel: "stable" }))
        same((await using(done)).catalogue.pins.sources.server?.commit, commits["old-v3.8.3"])
      },
    ],
    [
      "what a newer version has more and less: programs that no image gets, ports, configuration files",
      async () => {
        const table = await versionsReport(await using(folder), "patch", "table", tools)
        has(table, `server: v3.8.3 → v3.8.3-patch.16: ${botCame}\n`)
        has(table, "chat: v1.8.4 → v1.8.4-patch.10: the same programs, ports and configuration files\n")
        const { changes } = JSON.parse(await versionsReport(await using(folder), "patch", "json", tools))
        same(JSON.stringify(changes.server.unknown), '["cmd/bot"]')
        same(JSON.stringify(JSON.parse(await versionsReport(await using(folder), "stable", "json", tools)).changes), "{}")
      },
    ],
    [
      "a tag that says something else at the module proxy cannot be pinned",
      () => fails(async () => bump({ component: "server", version: "v3.8.3" }), "the tag was moved, and one pin cannot stand for both"),
    ],
    [
      "lines for a workflow",
      async () =>
        same(
          await updatesReport(await using(folder), "patch", "github", false, tools),
          "server=v3.8.3-patch.16\nchat=v1.8.4-patch.10\ncache=7.0.10\nweb=release-v3.8.3-patch.2\nany=true\n" +
            'components=["server","chat","cache","web"]\nmoved=["server"]\nunknown=[]\n',
        ),
    ],
    [
      "an error for scripts that look at the exit code",
      async () => {
        const settings = await using(folder)
        await fails(() => updatesReport(settings, "patch", "text", true, tools), "there are updates:\nserver: v3.8.3 → v3.8.3-patch.16\n")
        const done = await using(await after(bump({ component: "cache" })))
        has(await updatesReport(done, "stable", "text", true, tools), "nothing new\nWARNING: server: tag v3.8.3 moved")
      },
    ],
    [
      "a bump pins commit, checksum and time, and keeps what was",
      async () => {
        const done = await after(bump({ date: "2025-02-01" }))
        const text = await done.file("versions.yaml").contents()
        has(text, "# What is pinned. This comment stays.\n")
        has(text, `version: v3.8.3-patch.16 # the release, before its tag moved\n    commit: ${commits["v3.8.3-patch.16"]}\n`)
        has(text, 'created: "2025-01-05T00:00:00Z"\n    previous:\n      - version: v3.8.3\n')
        has(text, "web: release-v3.8.3-patch.2\n")
        const { pins } = (await using(done)).catalogue
        same(pins.sources.server?.previous[0]?.commit, commits["old-v3.8.3"])
        same(pins.sources.chat?.commit, commits["chat-v1.8.4-patch.10"])
        same(pins.previousReferences.web?.join(), "release-v3.8.3")
        const { builds, previous } = pinnedArchive({ pins }, "cache")
        const ten = "10".padStart(64, "0")
        same(`${builds.linux?.sha256} ${builds.other?.sha256} ${builds.fresh?.sha256}`, `${ten} undefined ${ten}`)
        same(JSON.stringify(previous), JSON.stringify([{ version: "7.0.2", sha256: { linux: "2".padStart(64, "0") } }]))
        const template = await done.file("env.template").contents()
        has(template, `WATCH_SERVER_IMAGE=${registryHost}/example/watch-server:v3.8.3-patch.16\n`)
        has(template, "# WATCH_CHAT_IMAGE=REGISTRY/example/watch-chat:v1.8.4-patch.10\n")
        has(template, `WATCH_WEB_IMAGE=${registryHost}/example/watch-web:release-v3.8.3-patch.2@sha256:`)
        has(
          await done.file("CHANGELOG.md").contents(),
          `## 2025-02-01\n\n### Changed\n\n- server: v3.8.3 (${commits["old-v3.8.3"].slice(0, 8)}) → v3.8.3-patch.16 (`,
        )
        has(await done.file("CHANGELOG.md").contents(), ` of 2025-01-05; ${botCame}\n`)
        same(pins.sources.server?.sum, await sumOf(tools, "example.com/server/v3@v3.8.3-patch.16"))
        same(await updatesReport(await using(done), "patch", "text", true, tools), "nothing new\n")
        same(await (await bump({}, done)).isEmpty(), true)
      },
    ],
    [
      "a checksum that nobody has recorded is taken from the makers, never from a mirror",
      async () => {
        const done = await after(bump({ component: "cache", version: "7.0.2" }))
        const { version, builds } = pinnedArchive((await using(done)).catalogue, "cache")
        same(`${version} ${builds.fresh?.sha256} ${builds.other?.sha256}`, `7.0.2 ${"2".padStart(64, "0")} undefined`)
        has(await done.file("CHANGELOG.md").contents(), "- cache 7.0.2 for fresh: the makers' checksum 000000000000… is recorded\n")
        same(await (await bump({ component: "cache", version: "7.0.2" }, done)).isEmpty(), true)
      },
    ],
    [
      "a version that no module proxy has is pinned by its commit alone",
      async () => {
        const done = await after(bump({ component: "server", version: "v3.8.3-patch.2" }))
        const server = pinnedSource((await using(done)).catalogue, "server")
        same(`${server.commit} ${server.sum}`, `${commits["v3.8.3-patch.2"]} undefined`)
      },
    ],
    [
      "the way back needs no network and is not undone by the next watch",
      async () => {
        const done = await after(bump({}))
        const back = await after(bump({ component: "server", version: "v3.8.3" }, done, silent))
        has(await back.file("CHANGELOG.md").contents(), ` → v3.8.3 (${commits["old-v3.8.3"].slice(0, 8)}) of 2025-01-04\n`)
        const server = pinnedSource((await using(back)).catalogue, "server")
        same(`${server.version} ${server.commit}`, `v3.8.3 ${commits["old-v3.8.3"]}`)
        same(server.previous.map((pin) => pin.version).join(), "v3.8.3-patch.16")
        const [row] = await versions("patch", back)
        same(row?.decision, "moved")
        same(await (await bump({}, back)).isEmpty(), true)
        const forth = await after(bump({ component: "server", version: "v3.8.3-patch.16" }, back, silent))
        same(await forth.file("versions.yaml").contents(), await done.file("versions.yaml").contents())
        const cache = await using(await after(bump({ component: "cache", version: "7.0.2" }, done, silent)))
        same(archiveBuild(cache.catalogue, "cache", "linux").sha256, "2".padStart(64, "0"))
        const web = await after(bump({ component: "web", version: "release-v3.8.3" }, done, silent))
        same((await using(web)).catalogue.pins.references.web, "release-v3.8.3")
      },
    ],
    [
      "an upstream that cannot be asked keeps no other from answering",
      async () => {
        const elsewhere = folder.withNewFile(
          "stack.yaml",
          (await folder.file("stack.yaml").contents()).replace("module: example.com/server/v3", "module: example.com/gone"),
        )
        const settings = await using(elsewhere, { ...own, server: "git://gone.test/server" })
        const { rows } = JSON.parse(await versionsReport(settings, "patch", "json", tools))
        const [server, chat] = rows
        same(server.decision, "unknown")
        has(server.reason, "git git://gone.test/server (")
        has(server.reason, "Go module example.com/gone (reading http://proxy.test:8080/example.com/gone/@v/")
        same(chat.newest, "v1.8.4-patch.10")
        const text = await updatesReport(settings, "patch", "github", false, tools)
        has(text, "server=\nchat=v1.8.4-patch.10\n")
        has(text, 'unknown=["server"]\n')
        const request = { channel: readChannel("patch"), component: "server" }
        await fails(() => bumpChanges(settings, { folder: elsewhere }, request, false, tools), "git git://gone.test/server (")
        const nobody = "no upstream of stack watch could be asked:\n  server: git git://git.test/server ("
        await fails(() => versions("patch", folder, silent), nobody)
      },
    ],
    [
      "another address for one upstream",
      async () => {
        const mirrored = await using(folder, { chat: "git://git.test/server" })
        const { rows } = JSON.parse(await versionsReport(mirrored, "patch", "json", tools))
        same(`${rows[1].by} ${rows[1].newest}`, "git git://git.test/server v3.8.3-patch.16")
      },
    ],
    [
      "wrong words",
      async () => {
        await fails(async () => versions("patsch"), 'unknown channel "patsch". Did you mean "patch"?')
        await fails(async () => bump({ component: "servr" }), 'unknown component "servr". Did you mean "server"?')
        await fails(async () => bump({ component: "server", version: "v3.8.3-patch.61" }), 'Did you mean "v3.8.3-patch.16"?')
        await fails(async () => bump({ component: "web", version: "release-v9.9.9" }), 'unknown version of web "release-v9.9.9"')
        const unsummed = "cache 7.0.9 for linux: nothing worked: http://proxy.test:8080/archives/cache-7.0.9.tgz.sha256 ("
        await fails(async () => bump({ component: "cache", version: "7.0.9" }), unsummed)
        await fails(async () => bump({ version: "v3.8.2" }), "name it with --component")
        await fails(async () => bump({ date: "yesterday" }), '--date "yesterday": expected a day')
        await fails(async () => updatesReport(await using(folder), "patch", "gitub", false, tools), 'Did you mean "github"?')
        const text = await folder.file("versions.yaml").contents()
        const nonsense = folder.withNewFile("versions.yaml", text.replace("version: v1.8.4", "version: newest"))
        const line = text.split("\n").findIndex((one) => one.includes("version: v1.8.4")) + 1
        await fails(() => versions("patch", nonsense), `versions.yaml:${line}: sources.chat.version: expected a version such as v3.8.3`)
      },
    ],
    [
      "base images get the digests that their registry has",
      async () => {
        const done = await after(bump({ bases: true, date: "2025-02-01" }))
        const { digests } = (await using(done)).catalogue.pins
        const images = ["base/debian:slim", "base/golang:1.25.0", "base/node:slim", "example/watch-web:release-v3.8.3"]
        same(Object.keys(digests).sort().join(), images.map((name) => `${registryHost}/${name}`).join())
        has(await done.file("CHANGELOG.md").contents(), `- ${registryHost}/base/debian:slim: not pinned → `)
        same(await (await bump({ bases: true }, done)).isEmpty(), true)
        const [, , , web] = await versions("stable", done)
        same(web?.decision, "current")
        // As if the tag had been pushed again since.
        const then = `sha256:${"5".repeat(64)}`
        const text = await done.file("versions.yaml").contents()
        const pushed = done.withNewFile(
          "versions.yaml",
          text.replace(digests[`${registryHost}/example/watch-web:release-v3.8.3`] ?? "", then),
        )
        has((await versions("stable", pushed))[3]?.reason ?? "", "tag release-v3.8.3 moved from 55555555 (pinned) to ")
        await fails(() => bump({ bases: true }, folder, silent), "no registry could be asked for the base images")
      },
    ],
  ])
  await Promise.all(services.map((service) => service.stop()))
  return [...cases, ...(await baseImageTests(settings, checkout))]
}

/** Debian's registry, with small artifacts as the images. */
function registry(box: Container): Service {
  const config = ["version: 0.1", "storage: {filesystem: {rootdirectory: /srv/registry}}", "http: {addr: ':5000'}", ""].join("\n")
  const tags = ["release-v3.8.2", "release-v3.8.3", "release-v3.8.3-patch.2", "release-v3.8.4-alpha.1", "v9.0.0", "latest", "main"]
  const images = [...tags.map((tag) => `example/watch-web:${tag}`), "base/debian:slim", "base/node:slim", "base/golang:1.25.0"]
  const script = [
    "docker-registry serve /srv/registry.yml > /srv/registry.log 2>&1 &",
    "timeout 60 bash -c 'until (: < /dev/tcp/127.0.0.1/5000) 2> /dev/null; do sleep 0.1; done'",
    "regctl registry set 127.0.0.1:5000 --tls disabled",
    ...images.map((image) => `echo ${image} | regctl artifact put --artifact-type application/x-test 127.0.0.1:5000/${image} > /dev/null`),
    "kill $!",
  ].join("\n")
  return box
    .withNewFile("/srv/registry.yml", config)
    .withExec(["sh", "-ec", script])
    .withExposedPort(5000)
    .asService({ args: ["docker-registry", "serve", "/srv/registry.yml"] })
}

/** The real tools, with these services under their names; without them they reach nobody. */
function serving(tools: WatchTools, git?: Service, proxy?: Service, images?: Service): WatchTools {
  const bound = (container: Container, name: string, service?: Service) =>
    service ? container.withServiceBinding(name, service) : container
  return {
    git: async () => bound(await tools.git(), "git.test", git),
    toolchain: async (name) =>
      bound(await tools.toolchain(name), "proxy.test", proxy)
        .withEnvVariable("GOPROXY", "http://proxy.test:8080")
        .withEnvVariable("GOSUMDB", "off"),
    http: async () => bound(await tools.http(), "proxy.test", proxy),
    registry: async () => withRegistryAccess(await tools.registry(), registryHost, { plainHttp: true, service: images }),
  }
}

async function sumOf(tools: WatchTools, query: string): Promise<string> {
  return JSON.parse(await (await tools.toolchain("go")).withExec(["go", "mod", "download", "-json", query]).stdout()).Sum
}
