// Publishing to real registries, with what goes wrong there. Its subject is the small shop's image.

import { randomUUID } from "node:crypto"
import { type Directory, dag, type Service } from "@dagger.io/dagger"
import { componentImage } from "../../src/graph/build/components.js"
import { imageLayout, type Layout } from "../../src/graph/build/layouts.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { publishLayout } from "../../src/graph/publish/publishing.js"
import { type RegistryAccess, withRegistryAccess } from "../../src/graph/publish/registries.js"
import { verifyImages } from "../../src/graph/publish/signing.js"
import { imageOf } from "../../src/plan/build/components.js"
import { publishTargets } from "../../src/plan/publish/registries.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { type PublishOrder, releaseImage } from "../../src/tasks/release.js"
import { casesOf, fails, same } from "./cases.js"
import { registryName, registryPassword, registryUser, testRegistries } from "./registries.js"
import { shopFixture } from "./shopFixture.js"
import { keyPair } from "./signing.js"

export async function publishingTests(settings: Settings, checkout: Directory, nonce: string): Promise<TestCase[]> {
  const { source, request, from } = await shopFixture(settings, checkout)
  const shop = from(source)
  const image = await componentImage(shop, request)
  const layout = await imageLayout(shop, image)
  const registries = await testRegistries(settings, nonce)
  const component = imageOf(shop.catalogue, "shop")
  // A registry that nobody uses for a while would be stopped, and forget what it has.
  const started = [registries.open, registries.secured, registries.dying, registries.refusing]
  await Promise.all(started.map((service) => service.start()))
  let calls = 0

  const secured = (service: Service, password = registryPassword): RegistryAccess => ({
    username: registryUser,
    password: dag.setSecret(`password-${randomUUID()}`, password),
    ca: registries.ca,
    plainHttp: false,
    service,
  })
  const plain = (service: Service): RegistryAccess => ({ plainHttp: true, service })
  const publish = async (where: string, tags: string[], access: RegistryAccess, what: Layout = layout) => {
    calls += 1
    return publishLayout(shop, what, publishTargets(component, [`${registryName}:5000/${where}`], tags), access, `${nonce}-${calls}`)
  }
  const outcomes = async (...asked: Parameters<typeof publish>) => (await publish(...asked)).map(({ outcome }) => outcome).join(", ")
  const client = async (access: RegistryAccess) => {
    calls += 1
    return (await withRegistryAccess(await toolbox(shop, ["regctl"]), `${registryName}:5000`, access)).withEnvVariable(
      "ASKED",
      `${nonce}-${calls}`,
    )
  }
  /** What the registry holds under a name. Only its own word that there is nothing counts as "none". */
  const tagsOf = async (where: string, access: RegistryAccess) =>
    (await client(access)).withExec(["sh", "-c", `${tags}`, `${registryName}:5000/${where}/shop`]).stdout()

  const cases = await casesOf([
    [
      "an image is pushed with all its tags to a registry with TLS and a password",
      async () => {
        same(await outcomes("first", ["v1", "latest"], secured(registries.secured)), "pushed, pushed")
        same(await tagsOf("first", secured(registries.secured)), "latest\nv1\n")
      },
    ],
    [
      "the registry has the layout's own digest",
      async () => {
        const found = (await client(secured(registries.secured))).withExec([
          "regctl",
          "image",
          "digest",
          `${registryName}:5000/first/shop:v1`,
        ])
        same((await found.stdout()).trim(), layout.digest)
      },
    ],
    [
      "what is there already is not pushed again",
      async () =>
        same(await outcomes("first", ["v1", "latest", "v2"], secured(registries.secured)), "already there, already there, pushed"),
    ],
    [
      "a tag that pointed elsewhere says what it replaced",
      async () => {
        const other = await imageLayout(shop, { ...image, created: "2025-02-02T02:02:02Z" })
        same(await outcomes("first", ["latest"], secured(registries.secured), other), `replaced ${layout.digest}`)
      },
    ],
    [
      "a wrong password is one clear message without the password, and pushes nothing",
      async () => {
        const message = await fails(
          () => publish("second", ["v1"], secured(registries.secured, "wrong-password-of-tests")),
          "cannot be published: the registry does not know this user or password: check --registry-username and --registry-password",
        )
        if (message.includes("wrong-password-of-tests")) throw new Error("the message has the password")
        same(await tagsOf("second", secured(registries.secured)), "none\n")
      },
    ],
    [
      "a missing password is recognized",
      () =>
        fails(
          () => publish("second", ["v1"], { ca: registries.ca, plainHttp: false, service: registries.secured }),
          "does not know this user",
        ),
    ],
    [
      "an unknown certificate asks for the authority",
      () =>
        fails(
          () => publish("second", ["v1"], { ...secured(registries.secured), ca: undefined }),
          "its certificate is not known here: give its authority as --registry-ca",
        ),
    ],
    [
      "plain HTTP where TLS is asked for names the option",
      () => fails(() => publish("second", ["v1"], { plainHttp: false, service: registries.open }), "--plain-http"),
    ],
    [
      "a registry that cannot be used is reported before anything is built",
      async () => {
        const broken = from(source.withNewFile("cmd/shop-worker/broken.go", 'package main\n\nvar x int = "tea"\n'))
        const order: PublishOrder = {
          registries: [`${registryName}:5000/early`],
          tags: ["v1"],
          access: { plainHttp: false, service: registries.open },
          nonce: `${nonce}-early`,
          gate: "smoke",
          checkout,
        }
        const message = await fails(() => releaseImage(broken, request, order), "the registry speaks plain HTTP: --plain-http")
        if (message.includes("broken.go")) throw new Error("it was built first")
      },
    ],
    ["a registry without TLS", async () => same(await outcomes("plain", ["v1"], plain(registries.open)), "pushed")],
    [
      "a read-only registry refuses once and says so",
      () => fails(() => publish("third", ["v1"], secured(registries.readOnly)), "the registry takes no pushes (read-only)"),
    ],
    [
      "a registry that dies in mid-push gets all of it in the end",
      async () => {
        same(await outcomes("dying", ["v1"], plain(registries.dying)), "pushed")
        const check = (await client(plain(registries.dying))).withExec([
          ...["regctl", "image", "copy", `${registryName}:5000/dying/shop:v1`, "ocidir:///copy:v1"],
        ])
        await check.sync()
      },
    ],
    [
      "a registry that refuses the manifest gets no tag",
      async () => {
        await fails(() => publish("refused", ["v1"], plain(registries.refusing)), "the registry refuses the image's manifest")
        same(await tagsOf("refused", plain(registries.refusing)), "none\n")
      },
    ],
    [
      "several registries at once: one that fails keeps the others from getting a tag",
      async () => {
        calls += 1
        const targets = publishTargets(component, [`${registryName}:5000/both`, "nowhere.invalid/both"], ["v1"])
        const access = secured(registries.secured)
        await fails(
          () => publishLayout(shop, layout, targets, access, `${nonce}-${calls}`, { waits: [1] }),
          "nowhere.invalid/both/shop cannot be published",
        )
        same(await tagsOf("both", access), "none\n")
      },
    ],
    [
      "with a key the whole way gives a signed image",
      async () => {
        calls += 1
        const { key, password, publicKey } = await keyPair(shop, `publisher-${nonce}`, "green tea")
        const access = plain(registries.open)
        const order = {
          registries: [`${registryName}:5000/signed`],
          tags: ["v1"],
          access,
          signing: { key, password },
          nonce: `${nonce}-${calls}`,
          gate: "smoke" as const,
          checkout,
        }
        const { tags } = await releaseImage(shop, request, order)
        same(tags.map(({ outcome }) => outcome).join(), "pushed")
        await verifyImages(shop, [`${registryName}:5000/signed/shop:v1`], publicKey, access, `${nonce}-${calls}`)
      },
    ],
    [
      "no secret is in what was pushed: layers, labels, history, what is attached",
      async () => {
        const basic = Buffer.from(`${registryUser}:${registryPassword}`).toString("base64")
        const reference = `${registryName}:5000/first/shop:v1`
        const found = (await client(secured(registries.secured))).withExec([
          "sh",
          "-euc",
          secretsIn,
          "secrets",
          reference,
          registryPassword,
          basic,
        ])
        const [blobs = 0, hits] = (await found.stdout()).trim().split(" ").map(Number)
        same(hits, 0)
        // Configuration, layers, list of contents, provenance.
        if (blobs < 8) throw new Error(`only ${blobs} files were looked through`)
      },
    ],
  ])
  await Promise.all(started.map((service) => service.stop()))
  return cases
}

const tags = `regctl tag ls "$0" 2>/tmp/error || { grep -qE 'http 404|name unknown' /tmp/error && echo none || cat /tmp/error; }`

/** Prints how many files were looked through, and in how many the secrets are. */
const secretsIn = `
regctl image copy --referrers "$1" ocidir:///copy:v1 >&2
blobs=0 hits=0
for blob in /copy/blobs/sha256/*; do
  blobs=$((blobs + 1))
  if { gzip -dc "$blob" 2>/dev/null || cat "$blob"; } | grep -aqF -e "$2" -e "$3"; then hits=$((hits + 1)); fi
done
echo $blobs $hits`
