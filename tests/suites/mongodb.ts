// MongoDB's way from mirrors that fail to an image that starts. The archive holds a stand-in for the server, which speaks
// enough of its protocol: the real one is not available everywhere that these tests run.

import { createHash } from "node:crypto"
import { type Container, type Directory, dag, ReturnType, type Service } from "@dagger.io/dagger"
import { archiveBuild, pinnedImage } from "../../src/catalogue/lookup.js"
import type { ArchivePin } from "../../src/catalogue/types.js"
import { withArchiveSum } from "../../src/graph/build/archives.js"
import { fromFirst } from "../../src/graph/build/bases.js"
import { componentImage } from "../../src/graph/build/components.js"
import { nameOf, readBundle } from "../../src/graph/bundle/bundle.js"
import { bundledItem } from "../../src/graph/bundle/prewarm.js"
import { callMirrors } from "../../src/graph/call/mirrors.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { service } from "../../src/graph/stack/services.js"
import { withBuildCache } from "../../src/graph/toolchains/go/caches.js"
import { goToolchain } from "../../src/graph/toolchains/go/container.js"
import type { BundleItem } from "../../src/plan/bundle/types.js"
import { placeInStack } from "../../src/plan/publish/gates.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { buildFlags } from "../../src/plan/toolchains/go/programs.js"
import { lockedVersions } from "../../src/tasks/bundleCheck.js"
import { casesOf, emptied, fails, logged, same } from "./cases.js"
import { clone3Filter, refusesClone3 } from "./oldDocker.js"

const owner = "10001:10001"
const rootPassword = 'root "word" \\ $HOME'
const openimPassword = "another word"
const top = "mongodb-linux-x86_64-ubuntu2204-7.0.30"
const archive = `${top}.tgz`

/** `checkout` holds tests/fixtures. */
export async function mongodbTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const packed = await packedServer(settings, checkout.directory("tests/fixtures/mongod"))
  const mirrors = await mirrorService(settings, packed)
  await mirrors.start()
  const address = await mirrors.endpoint({ scheme: "http", port: 8000 })
  const sha256 = (await packed.withExec(["sha256sum", `/srv/${archive}`]).stdout()).slice(0, 64)

  /** The stack's own component, with other addresses. */
  const from = (kinds: string[], changed: Partial<ArchivePin["builds"][string]> = {}): Settings => {
    const urls = kinds.map((kind) => `${address}/${kind}/${archive}`)
    const mongodb = { version: "7.0.30", limitSeconds: 3, builds: { ubuntu2204: { urls, sha256, ...changed } }, previous: [] }
    const { catalogue } = settings
    return { ...settings, catalogue: { ...catalogue, pins: { ...catalogue.pins, archives: { ...catalogue.pins.archives, mongodb } } } }
  }
  const build = async (kinds: string[], base = "debian", changed = {}): Promise<Container> => {
    const request = { component: "mongodb", base, layout: "multicall", builder: "go" } as const
    return (await componentImage(from(kinds, changed), request)).container
  }
  const failing = ["forbidden", "hanging", "wrong", "cut"]
  const secret = (name: string, value: string) => dag.setSecret(`mongodb-test-${name}`, value)
  const withUsers = (image: Container): Container =>
    image
      .withEnvVariable("MONGO_INITDB_ROOT_USERNAME", "root")
      .withSecretVariable("MONGO_INITDB_ROOT_PASSWORD", secret("root", rootPassword))
      .withEnvVariable("MONGO_INITDB_DATABASE", "openim_v3")
      .withEnvVariable("MONGO_OPENIM_USERNAME", "openIM")
      .withMountedSecret("/run/secrets/openim", secret("openim", `${openimPassword}\n`), { owner, mode: 0o400 })
      .withEnvVariable("MONGO_OPENIM_PASSWORD_FILE", "/run/secrets/openim")

  try {
    return await casesOf([
      [
        "mirrors that refuse, hang, or deliver something else are passed over",
        async () => {
          const image = await build([...failing, "good"])
          same(await image.withExec(["mongod", "--version"]).stdout(), "db version v7.0.30\n")
          same((await image.directory("/usr/local/bin").entries()).sort().join(" "), "mongo-admin mongod start-mongod")
          same((await image.rootfs().entries()).includes("archive/"), false)
          same((await image.directory("/tmp").entries()).length, 0)
          same(await image.label("org.opencontainers.image.version"), "7.0.30")
          same(await image.label("org.opencontainers.image.revision"), `sha256:${sha256}`)
          same(await image.label("org.opencontainers.image.source"), "https://github.com/mongodb/mongo")
          same(await image.user(), owner)
        },
      ],
      [
        "the caller's own mirror is asked first",
        async () => {
          const request = { component: "mongodb", base: "debian", layout: "multicall", builder: "go" } as const
          const { container } = await componentImage({ ...from(["forbidden"]), mirrors: callMirrors([`archive=${address}/good`]) }, request)
          same(await container.withExec(["mongod", "--version"]).stdout(), "db version v7.0.30\n")
        },
      ],
      [
        "when none delivers, one message names each mirror with its fault",
        async () => {
          const message = await fails(() => build(failing), "mongodb: nothing worked: ")
          const words = failing.map((kind) => `manual via ${address}/${kind}/${archive} (`)
          same(words.filter((part) => !message.includes(part)).join(", "), "")
          for (const fault of ["mirror answered 403", "no answer within 3 s", `expected ${sha256}`]) same(message.includes(fault), true)
          same(message.split("checksum is ").length - 1, 2)
        },
      ],
      [
        "an archive without a recorded checksum is not even asked for",
        () =>
          fails(
            () => build(["good"], "debian", { sha256: undefined }),
            "for ubuntu2204 has no checksum in versions.yaml, and versions.yaml names no address of its makers",
          ),
      ],
      [
        "the makers' checksum is taken where none is recorded, and the log says so",
        async () => {
          const unrecorded = { sha256: undefined, makers: `${address}/makers/${archive}` }
          const { found: image, lines } = await logged(() => build(["wrong", "good"], "debian", unrecorded))
          same(await image.label("org.opencontainers.image.revision"), `sha256:${sha256}`)
          const line = `mongodb 7.0.30 for ubuntu2204: versions.yaml records no checksum, so the makers' is taken, ${sha256} from ${address}/makers/${archive}.sha256. lock or bump writes it down`
          same(lines.includes(line), true)
        },
      ],
      [
        "a checksum that only a mirror gives is not taken",
        () =>
          fails(
            () => build(["good"], "debian", { sha256: undefined, makers: `${address}/forbidden/${archive}` }),
            "the one of its makers cannot be read (curl: (22)",
          ),
      ],
      [
        "what does not have the makers' checksum is refused",
        () =>
          fails(
            () => build(["good"], "debian", { sha256: undefined, makers: `${address}/liars/${archive}` }),
            `checksum is ${sha256}, expected ${"0".repeat(64)}`,
          ),
      ],
      [
        "a bundle has the archive with the makers' checksum, lock records it, and the bundle still fits",
        async () => {
          const online = from(["good"], { sha256: undefined, makers: `${address}/makers/${archive}` })
          const item: BundleItem = { kind: "archive", component: "mongodb", build: "ubuntu2204" }
          const bundle = await readBundle(await bundledItem(online, item))
          const text = `sources: {}\narchives:\n  mongodb:\n    version: 7.0.30\n    builds:\n      ubuntu2204:\n        makers: ${address}/makers/${archive}\ntools: {}\nimages: {}\ngo: ${settings.catalogue.pins.go}\n`
          const locked = await lockedVersions(bundle, text)
          same(locked, text.replace(/(makers: .*\n)/, `$1        sha256: ${sha256}\n`))
          same(await lockedVersions(bundle, locked), locked)
          const offline = { ...online, bundle }
          const summed = (await withArchiveSum(offline, "mongodb", "ubuntu2204")).catalogue
          same(archiveBuild(summed, "mongodb", "ubuntu2204").sha256, sha256)
          same(await nameOf(from(["good"]).catalogue, item), Object.keys(bundle.records).join())
        },
      ],
      ["Alpine is refused with the bases that work", () => fails(() => build(["good"], "alpine"), "use --base=debian or --base=anolis")],
      [
        "an archive of something else is recognized",
        async () => {
          const sum = (await packed.withExec(["sha256sum", "/srv/other.tgz"]).stdout()).slice(0, 64)
          await fails(() => build(["other"], "debian", { sha256: sum }), "the archive of mongodb has no bin/mongod")
        },
      ],
      [
        "without a user it starts only when that is asked for",
        async () => {
          const image = await build(["good"])
          const refused = image.withExec([], { useEntrypoint: true, expect: ReturnType.Failure })
          same((await refused.stderr()).includes("no user: set MONGO_INITDB_ROOT_USERNAME"), true)
          const open = image.withEnvVariable("ALLOW_EMPTY_PASSWORD", "yes").asService({ useEntrypoint: true, noInit: true })
          await open.start()
          await open.stop()
        },
      ],
      [
        "where it is to be published, it stands in the stack as the store, in the stand-in's place",
        async () => {
          const place = placeInStack(settings.catalogue, "mongodb")
          if (place === undefined) throw new Error("mongodb has no place in the stack")
          const { service: store, standIn } = await service(settings, place, "mongodb-test", { mongodb: await build(["good"]) })
          same(standIn, undefined)
          // Ready is what answers MongoDB's own protocol.
          await store.start()
          await store.stop({ kill: true })
        },
      ],
      [
        "under an old Docker's filter it says which Docker it takes",
        async () => {
          const old = withUsers(await build(["good"])).withFile(refusesClone3, await clone3Filter(settings, checkout))
          const ended = old.withExec([refusesClone3, "start-mongod"], { expect: ReturnType.Failure })
          same((await ended.stderr()).includes("this Docker is older than 20.10.10"), true)
        },
      ],
      [
        "the first start creates the users before anybody else can connect, later ones do not",
        async () => {
          const image = withUsers(await build(["good"]))
          const sum = (text: string) => createHash("sha256").update(text).digest("hex")
          const sums = `${sum(rootPassword)}  user-admin-root\n${sum(openimPassword)}  user-openim_v3-openIM\n`
          const kept = image.withMountedCache("/data/db", dag.cacheVolume("mongodb-test"), { owner })
          await emptied(kept, "/data/db")
          const server = kept.asService({ useEntrypoint: true, noInit: true })
          for (const _ of ["first", "second"]) {
            await server.start()
            await server.stop()
          }
          const seen = kept.withEnvVariable("ASKED_AT", String(Date.now())).withExec(["sh", "-c", "cat received; sha256sum user-*"])
          // By their checksums: the engine hides secrets from every output.
          same(await seen.stdout(), asked + sums)
        },
      ],
      [
        "a first start that was cut short is made good by the next one",
        async () => {
          const cut = withUsers(await build(["good"]))
            .withNewFile("/data/db/.users-unfinished", "", { owner })
            .withNewFile("/data/db/WiredTiger", "", { owner })
          const script = `
            if start-mongod health; then exit 1; fi
            start-mongod >&2 & server=$!
            until grep -qs bind_ip_all received; do kill -0 $server; done
            kill $server
            wait $server
            ls -A`
          same(await cut.withExec(["sh", "-euc", script]).stdout(), "WiredTiger\nreceived\nuser-admin-root\nuser-openim_v3-openIM\n")
        },
      ],
    ])
  } finally {
    await mirrors.stop()
  }
}

/** What the server was asked for over two starts. */
const asked = `start --dbpath /data/db --bind_ip 127.0.0.1
createUser root in admin: [{"role": "root","db": "admin"}]
createUser openIM in openim_v3: [{"role": "readWrite","db": "openim_v3"}]
end
start --dbpath /data/db --bind_ip_all --auth
end
start --dbpath /data/db --bind_ip_all --auth
end
`

/** The stand-in, packed as upstream packs the server. */
async function packedServer(settings: Settings, source: Directory): Promise<Container> {
  const go = await goToolchain(settings, settings.catalogue.pins.go)
  const pack = (folder: string, file: string) =>
    `tar -C /pack --sort=name --mtime=@0 --owner=0 --group=0 -cf - ${folder} | gzip -n >/srv/${file}`
  return withBuildCache(settings, go.version, go.container)
    .withDirectory("/mongod", source)
    .withWorkdir("/mongod")
    .withExec(["go", "build", ...buildFlags, "-o", `/pack/${top}/bin/mongod`, "."])
    .withNewFile("/pack/other/bin/mongos", "")
    .withExec(["sh", "-c", `${pack(top, archive)}; ${pack("other", "other.tgz")}`])
}

/**
 * /forbidden/…: 403; /hanging/…: no answer; /wrong/…: a page; /cut/…: half of it; /other/…: an archive of something else; /good/… and
 * /makers/…: the archive and its checksum; /liars/…: the archive and another checksum.
 */
async function mirrorService(settings: Settings, packed: Container): Promise<Service> {
  const server = `
    const { createServer } = require("node:http")
    const { readFileSync } = require("node:fs")
    const archive = readFileSync("/srv/${archive}")
    const answers = {
      forbidden: (response) => response.writeHead(403).end(),
      hanging: () => {},
      wrong: (response) => response.end("<html>Please log in</html>"),
      cut: (response) => response.end(archive.subarray(0, archive.length / 2)),
      other: (response) => response.end(readFileSync("/srv/other.tgz")),
      good: (response) => response.end(archive),
      makers: (response) => response.end(archive),
      liars: (response) => response.end(archive),
    }
    const sum = require("node:crypto").createHash("sha256").update(archive).digest("hex")
    const sums = { good: sum, makers: sum, liars: "0".repeat(64) }
    createServer((request, response) => {
      const kind = request.url.split("/")[1]
      if (request.url.endsWith(".sha256") && kind in sums) return response.end(sums[kind] + "  ${archive}\\n")
      answers[kind](response)
    }).listen(8000)`
  const node = await fromFirst(settings, [pinnedImage(settings.catalogue, "node")])
  return node
    .withDirectory("/srv", packed.directory("/srv"))
    .withNewFile("/srv/server.cjs", server)
    .withExposedPort(8000)
    .asService({ args: ["node", "/srv/server.cjs"] })
}
