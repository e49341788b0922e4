// From a plan to what registries hold: what is pushed has passed its gate, and one component that fails leaves the others alone. On
// the small shop, in a registry and a stack of this run.

import { randomUUID } from "node:crypto"
import { type Directory, dag } from "@dagger.io/dagger"
import { firstIn } from "../../src/base/entries.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { componentImage } from "../../src/graph/build/components.js"
import { imageLayout } from "../../src/graph/build/layouts.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { publishLayout } from "../../src/graph/publish/publishing.js"
import { type RegistryAccess, withRegistryAccess } from "../../src/graph/publish/registries.js"
import { verifyImages } from "../../src/graph/publish/signing.js"
import { candidateOf, stackGate } from "../../src/graph/stack/gates.js"
import { watchTools } from "../../src/graph/versions/upstream.js"
import { imageOf } from "../../src/plan/build/components.js"
import { type PlanRow, planRows, readPlanRecord } from "../../src/plan/publish/planRows.js"
import { publishTargets } from "../../src/plan/publish/registries.js"
import { releasedTable, releaseRecord } from "../../src/plan/publish/released.js"
import { serviceOf } from "../../src/plan/stack/services.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { earlierImages, planInputs } from "../../src/tasks/plan.js"
import { type PublishOrder, releaseAll, unsignedAreBuilt } from "../../src/tasks/release.js"
import { catalogueIn } from "../../src/tasks/versions.js"
import { wholeRelease } from "../../src/tasks/wholeRelease.js"
import { casesOf, fails, has, same } from "./cases.js"
import { registryName, testRegistries } from "./registries.js"
import { shopFixture } from "./shopFixture.js"
import { keyPair } from "./signing.js"

const programs = ["shop-api", "shop-worker"]

export async function releasingTests(settings: Settings, checkout: Directory, nonce: string): Promise<TestCase[]> {
  const { source, request, from } = await shopFixture(settings, checkout)
  const { open } = await testRegistries(settings, nonce)
  await open.start()
  const access: RegistryAccess = { plainHttp: true, service: open }
  const options = { base: request.base, layout: request.layout, builder: request.builder }
  const stackTests = dag
    .directory()
    .withDirectory(".", checkout, { include: ["package.json", "package-lock.json", ".npmrc", "tsconfig.json"] })
    .withDirectory("tests/stacks/shop", checkout.directory("tests/fixtures/shop/stack"))

  const order = (where: string, changed: Partial<PublishOrder> = {}): PublishOrder => ({
    registries: [`${registryName}:5000/${where}`],
    tags: [],
    access,
    nonce: `${nonce}-${randomUUID()}`,
    gate: "integration",
    checkout: stackTests,
    ...changed,
  })
  const plan = async (using: Settings, names: string[], to: PublishOrder): Promise<PlanRow[]> => {
    const inputs = await planInputs(using, options, names)
    return unsignedAreBuilt(using, planRows(inputs, await earlierImages(using, inputs, to)), to)
  }
  const release = async (using: Settings, names: string[], to: PublishOrder, failFast = false) =>
    releaseAll(using, await plan(using, names, to), options, failFast, to)
  const short = (rows: { component: string; result: string }[]) => rows.map(({ component, result }) => `${component} ${result}`).join(", ")
  const actions = (rows: PlanRow[]) => rows.map(({ component, action, reason }) => `${component}: ${action}: ${reason}`).join("\n")
  /** What the registry holds. Only its own word that there is nothing counts as "none". */
  const held = async (where: string, image: string): Promise<string> => {
    const box = await withRegistryAccess(await toolbox(settings, ["regctl"]), `${registryName}:5000`, access)
    const asked = box
      .withEnvVariable("ASKED", `${nonce}-${randomUUID()}`)
      .withExec(["sh", "-c", tags, `${registryName}:5000/${where}/${image}`])
    return (await asked.stdout()).trim()
  }
  const digestOf = async (reference: string): Promise<string> => {
    const box = await withRegistryAccess(await toolbox(settings, ["regctl"]), `${registryName}:5000`, access)
    return (
      await box.withEnvVariable("ASKED", `${nonce}-${randomUUID()}`).withExec(["regctl", "image", "digest", reference]).stdout()
    ).trim()
  }

  const shop = from(source)
  const broken = from(source.withNewFile("cmd/shop-worker/broken.go", 'package main\n\nvar x int = "tea"\n'))
  const changed = from(source.withNewFile("internal/goods/more.go", "package goods\n\n// Coffee is new.\nconst Coffee = 1\n"))
  const staged = inStack(settings, shop)
  // Answers --help as it should, but no customer.
  const deaf = { ...staged, custom: { of: "shop", checkout: source.withNewFile("cmd/shop-api/main.go", deafApi) } }
  const { version = "latest" } = firstIn(await planInputs(shop, options, ["shop-api"]), "component")
  let record = ""

  try {
    return await casesOf([
      [
        "a plan builds what the registry does not have",
        async () =>
          same(
            actions(await plan(shop, programs, order("some"))),
            programs.map((name) => `${name}: build: ${registryName}:5000/some/${name}:${version} is not published yet`).join("\n"),
          ),
      ],
      [
        "one component that does not compile keeps no other from being published",
        async () => {
          const to = order("some")
          const rows = await plan(broken, programs, to)
          const released = await releaseAll(broken, rows, options, false, to)
          same(short(released), "shop-api published, shop-worker failed")
          const text = releasedTable(released)
          for (const words of [
            "shop-api     published  sha256:",
            "smoke",
            "shop-worker failed:\n",
            "broken.go:3:13: cannot use",
            "1 published, 1 failed\n",
          ]) {
            if (!text.includes(words)) throw new Error(`${JSON.stringify(words)} is not in ${text}`)
          }
          same(await held("some", "shop-worker"), "none")
          same(await digestOf(`${registryName}:5000/some/shop-api:${rows[0]?.version}`), released[0]?.digest)
          record = releaseRecord(broken.catalogue, rows, released, { registries: to.registries, tags: [] })
          same(
            JSON.parse(record)
              .rows.map((row: PlanRow) => `${row.component} ${row.digest}`)
              .join(),
            `shop-api ${released[0]?.digest}`,
          )
        },
      ],
      [
        "with --fail-fast nothing is published after a failure",
        async () => {
          const failedFirst = await releaseAll(
            broken,
            [...(await plan(broken, ["shop-worker"], order("fast"))), ...refused],
            options,
            true,
            order("fast"),
          )
          same(
            failedFirst.every(({ result }) => result === "failed"),
            true,
          )
          same(await held("fast", "shop-worker"), "none")
        },
      ],
      [
        "the state of a release skips what it published, and nothing else",
        async () => {
          const inputs = await planInputs(broken, options, programs)
          const rows = planRows(inputs, readPlanRecord(record, { registries: order("some").registries, tags: [] }))
          same(rows.map(({ component, action }) => `${component} ${action}`).join(), "shop-api skip,shop-worker build")
        },
      ],
      [
        "the next call publishes what failed, and skips what is there",
        async () => {
          const now = await release(broken, ["shop-api"], order("some"))
          same(short(now), "shop-api skipped")
          const both = await release(shop, ["shop-worker"], order("some"))
          same(short(both), "shop-worker published")
        },
      ],
      [
        "a changed source is built again, and the plan says why",
        async () => {
          const [row] = await plan(changed, ["shop-worker"], order("some", { tags: [version] }))
          same(row?.action, "build")
          has(row?.reason ?? "", "source or configuration changed")
        },
      ],
      [
        "all are built side by side without a registry, and the failure is reported at the end",
        async () => {
          const rows = planRows(await planInputs(broken, options, programs), {})
          const built = await releaseAll(broken, rows, options, false)
          same(short(built), "shop-api built, shop-worker failed")
          if (!releasedTable(built).endsWith("1 built, 1 failed\n")) throw new Error(releasedTable(built))
        },
      ],
      [
        "what passes in the stack is pushed, all components of a release with one run",
        async () => {
          const to = order("staged")
          const released = await release(staged, ["shop", "redis", "shop-worker"], to)
          same(short(released), "shop published, shop-worker published, redis published")
          same(released.map(({ tested }) => tested).join(" | "), "smoke, integration | smoke | smoke, integration")
        },
      ],
      [
        "what fails in the stack pushes nothing, though its smoke test passes",
        async () => {
          const released = await release(deaf, ["shop"], order("deaf"))
          same(short(released), "shop failed")
          for (const words of [
            "not pushed: 1 of 2 cases of integration failed with shop in the stack",
            "the shop serves customers",
            "ECONNREFUSED",
          ]) {
            has(released[0]?.detail ?? "", words)
          }
          same(await held("deaf", "shop"), "none")
        },
      ],
      [
        "a lower gate lets the same image through, and says what it was",
        async () => {
          const released = await release(deaf, ["shop"], order("deaf", { gate: "smoke" }))
          same(released.map(({ result, tested }) => `${result} ${tested}`).join(), "published smoke")
        },
      ],
      [
        "an installed server stands in its service's place: a broken one turns the stack red",
        async () => {
          const image = await componentImage(staged, { ...options, component: "redis" })
          // It answers in its own container alone.
          const script = "#!/bin/sh\nexec redis-server --bind 127.0.0.1 --requirepass openIM123\n"
          const lonely = image.container.withNewFile("/usr/local/bin/start-redis", script, { permissions: 0o755, owner: "0:0" })
          const candidate = await candidateOf(staged, "redis", await imageLayout(staged, { ...image, container: lonely }))
          const message = "1 of 2 cases of integration failed with redis in the stack\nthe cache takes the password"
          await fails(() => stackGate(staged, options, "integration", [candidate], stackTests), message)
        },
      ],
      [
        "a newer version is built from its tag, tested, published, and given as changes with a state",
        async () => {
          const { settings: using, folder, tools } = await upstreamShop(settings, shop, checkout, nonce)
          const to = order("newer")
          const request = { names: ["shop-api"], channel: "patch", date: "2025-03-01", failFast: false }
          const first = await wholeRelease(using, options, { folder }, request, to, tools)
          same(short(first.released), "shop-api published")
          same(await held("newer", "shop-api"), "v1.1.0")
          const after = first.changes.after()
          const pins = await after.file("versions.yaml").contents()
          if (!pins.includes("version: v1.1.0\n")) throw new Error(pins)
          if (!(await after.file("CHANGELOG.md").contents()).includes("- shop: v1.0.0"))
            throw new Error("CHANGELOG.md does not name the change")
          same(
            JSON.parse(first.record)
              .rows.map((row: PlanRow) => `${row.version} ${row.digest}`)
              .join(),
            `v1.1.0 ${first.released[0]?.digest}`,
          )
          // From there nothing is newer, and the state alone says that all is published.
          const now = { ...using, catalogue: await catalogueIn(after, undefined) }
          const again = await wholeRelease(now, options, { folder: after }, { ...request, record: first.record }, to, tools)
          same(short(again.released), "shop-api skipped")
          same(await again.changes.isEmpty(), true)
        },
      ],
      [
        "an image with another digest than the tested one is not pushed",
        async () => {
          const released = await release(shop, ["shop-api"], order("expected", { expected: { "shop-api": `sha256:${"0".repeat(64)}` } }))
          has(released[0]?.detail ?? "", "was tested (--expect)")
          same(await held("expected", "shop-api"), "none")
        },
      ],
      [
        "an image with a copied label is not signed but replaced; what is signed by the key is skipped",
        async () => {
          const { key, password, publicKey } = await keyPair(shop, `releaser-${nonce}`, "white tea")
          const image = await componentImage(shop, { ...options, component: "shop-api" })
          const genuine = (await imageLayout(shop, image)).digest
          const forged = await imageLayout(shop, { ...image, container: image.container.withNewFile("/usr/local/bin/extra", "not ours") })
          const targets = publishTargets(imageOf(shop.catalogue, "shop-api"), [`${registryName}:5000/forged`], [version])
          await publishLayout(shop, forged, targets, access, `${nonce}-${randomUUID()}`)
          // Without a key its label is believed, as it always was.
          same(short(await release(shop, ["shop-api"], order("forged"))), "shop-api skipped")

          const signing = { key, password }
          const released = await release(shop, ["shop-api"], order("forged", { signing }))
          same(released[0]?.detail, "unchanged by its label, but not signed by this key")
          same(`${released[0]?.result} ${released[0]?.digest}`, `published ${genuine}`)
          const reference = `${registryName}:5000/forged/shop-api`
          const verified = await verifyImages(shop, [`${reference}:${version}`], publicKey, access, randomUUID())
          same(verified, `${reference}:${version}@${genuine}: signed by this key as ${reference}:${version}\n`)
          await fails(() => verifyImages(shop, [`${reference}@${forged.digest}`], publicKey, access, randomUUID()), "cannot be verified")
          same(short(await release(shop, ["shop-api"], order("forged", { signing }))), "shop-api skipped")
        },
      ],
    ])
  } finally {
    await open.stop()
  }
}

const refused: PlanRow[] = [{ component: "shop-api", action: "skip", reason: "", source: "nowhere", refused: "its source is not there" }]

/** The shop with a cache that it needs, which is the stack's own Redis. */
function inStack(settings: Settings, shop: Settings): Settings {
  const { catalogue } = shop
  const suite = catalogue.components.shop
  const { redis } = settings.catalogue.components
  const service = serviceOf(settings.catalogue, "redis")
  const components = { ...catalogue.components, shop: { ...suite, needs: ["redis"] }, redis } as Catalogue["components"]
  return { ...shop, catalogue: { ...catalogue, components, services: { redis: { ...service, user: catalogue.user.name } } } }
}

/** The shop's source in a repository with two versions, and the catalogue that pins the first of them. */
async function upstreamShop(settings: Settings, shop: Settings, checkout: Directory, nonce: string) {
  const fixture = checkout.directory("tests/fixtures/shop")
  const box = (await toolbox(settings, [], ["git"]))
    .withDirectory("/work", fixture.directory("source"))
    .withExec(["sh", "-euc", twoVersions])
  const git = box.withExposedPort(9418).asService({ args: ["git", "daemon", "--export-all", "--base-path=/srv/git", "/srv/git"] })
  const host = await git.hostname()
  const commit = (await box.file("/srv/commit").contents()).trim()
  const pinned = await fixture.file("catalogue/versions.yaml").contents()
  const versions = pinned
    .replace(/commit: .*/, `commit: ${commit}`)
    .replace(/\n {4}sum: .*/, "")
    // JSON is YAML as well.
    .replace("tools: {}", `tools: ${JSON.stringify(settings.catalogue.pins.tools)}`)
  const folder = fixture.directory("catalogue").withNewFile("versions.yaml", versions)
  const asking = watchTools(settings, nonce)
  const tools = {
    ...asking,
    git: async () => (await asking.git()).withServiceBinding(host, git),
    // No module proxy has it.
    toolchain: async (name: string) => (await asking.toolchain(name)).withEnvVariable("GOPROXY", "off"),
  }
  const catalogue = await catalogueIn(folder, undefined)
  return {
    settings: { ...shop, catalogue, custom: undefined, upstreams: { shop: `git://${host}/shop` }, sourceService: git },
    folder,
    tools,
  }
}

/** v1.0.0 and v1.1.0; prints nothing, and leaves the first one's commit. */
const twoVersions = `
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@example.com GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@example.com
export GIT_AUTHOR_DATE=2025-01-01T00:00:00Z GIT_COMMITTER_DATE=2025-01-01T00:00:00Z
cd /work
git init -q -b main
git add .
git commit -qm first
git tag v1.0.0
git rev-parse HEAD > /srv/commit
printf 'goods: coffee\\n' > config/shop.yml
git commit -qam second
git tag v1.1.0
git clone -q --bare . /srv/git/shop.git
`

const deafApi = `package main

import (
	"log"
	"net/http"

	"example.com/shop/internal/goods"
)

func main() {
	goods.Open("shop-api")
	log.Fatal(http.ListenAndServe("127.0.0.1:10080", nil))
}
`

/** Without the tags under which registries that know no referrers keep them. */
const tags = `regctl tag ls --exclude 'sha256-.*' "$0" 2>/tmp/error || { grep -qE 'http 404|name unknown' /tmp/error && echo none || cat /tmp/error; }`
