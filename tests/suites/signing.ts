// Signs and verifies an image in a real registry, Debian's own, with TLS and a password.

import { dag, type File, type Secret } from "@dagger.io/dagger"
import type { Layout } from "../../src/graph/build/layouts.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { publishLayout } from "../../src/graph/publish/publishing.js"
import { type RegistryAccess, withRegistryAccess } from "../../src/graph/publish/registries.js"
import { type SigningKey, signImages, verifyImages } from "../../src/graph/publish/signing.js"
import { fails, same } from "./cases.js"
import { registryName, registryPassword, registryUser, testRegistries } from "./registries.js"

const host = `${registryName}:5000`
const repository = `${host}/example/shop`

export async function signingCases(settings: Settings, layout: Layout, nonce: string): Promise<[string, () => Promise<unknown>][]> {
  const { secured, open, ca } = await testRegistries(settings, nonce)
  const password = dag.setSecret("password-of-signing", registryPassword)
  const access: RegistryAccess = { username: registryUser, password, ca, plainHttp: false, service: secured }
  const plain: RegistryAccess = { plainHttp: true, service: open }
  const image = `${repository}@${layout.digest}`
  const [ours, other] = await Promise.all([keyPair(settings, "ours", "green tea"), keyPair(settings, "other", "black tea")])
  const push = (to: RegistryAccess) => publishLayout(settings, layout, [{ host, repository, tags: ["latest"] }], to, nonce)
  const sign = (key: SigningKey, step: string, reference = image, to = access) =>
    signImages(settings, [reference], key, to, `${nonce} ${step}`)
  const verify = (publicKey: File, step: string, to = access) => verifyImages(settings, [image], publicKey, to, `${nonce} ${step}`)

  return [
    [
      "a signed image can be verified, and another time it keeps its signature",
      async () => {
        await secured.start()
        await push(access)
        await fails(() => verify(ours.publicKey, "before"), "cannot be verified with this key")
        same(await sign(ours, "first"), `${image}: signed\n`)
        same(await verify(ours.publicKey, "after"), `${image}: signed by this key as ${repository}\n`)
        same(await sign(ours, "second"), `${image}: has this key's signature already\n`)
      },
    ],
    ["another key verifies nothing", () => fails(() => verify(other.publicKey, "other"), "cannot be verified with this key")],
    [
      "a wrong password of the key is recognized",
      async () => {
        const wrong = { key: ours.key, password: other.password }
        const message = await fails(() => sign(wrong, "password"), "the password does not open the signing key")
        same(message.includes("tea"), false)
      },
    ],
    [
      "a key that is not one is recognized",
      () =>
        fails(() => sign({ key: dag.setSecret("no-key", "no key at all") }, "no key"), "the signing key is not a private key of cosign"),
    ],
    [
      "an image that is not there is recognized",
      () => fails(() => sign(ours, "absent", `${repository}-absent@${layout.digest}`), `shop-absent@${layout.digest} cannot be signed`),
    ],
    ["a tag without a digest is not signed", () => fails(() => sign(ours, "tag", `${repository}:latest`), "has no digest")],
    [
      "a signature holds under its own name alone",
      async () => {
        const verifyAs = (reference: string, step: string) =>
          verifyImages(settings, [reference], ours.publicKey, access, `${nonce} ${step}`)
        same(await sign(ours, "named", `${repository}:v1@${layout.digest}`), `${repository}:v1@${layout.digest}: signed\n`)
        same(
          await verifyAs(`${repository}:v1@${layout.digest}`, "named"),
          `${repository}:v1@${layout.digest}: signed by this key as ${repository}:v1\n`,
        )
        // Another tag and another repository that somebody gave the signed image, with all its signatures.
        await fails(() => verifyAs(`${repository}:latest`, "other tag"), `is signed by this key, but as ${repository}`)
        const copy = { host, repository: `${host}/example/other`, tags: ["latest"] }
        const box = await withRegistryAccess(await toolbox(settings, ["regctl"]), host, access)
        await box.withExec(["regctl", "image", "copy", "--referrers", `${image}`, `${copy.repository}:latest`]).sync()
        await fails(() => verifyAs(`${copy.repository}@${layout.digest}`, "other repository"), `but as ${repository}`)
      },
    ],
    [
      "a registry without TLS works as well",
      async () => {
        await open.start()
        await push(plain)
        same(await sign(ours, "plain", image, plain), `${image}: signed\n`)
        same(await verify(ours.publicKey, "plain", plain), `${image}: signed by this key as ${repository}\n`)
        await Promise.all([secured.stop(), open.stop()])
      },
    ],
  ]
}

interface KeyPair {
  key: Secret
  password: Secret
  publicKey: File
}

/** A key pair of cosign's, with this password. */
export async function keyPair(settings: Settings, who: string, text: string): Promise<KeyPair> {
  const password = dag.setSecret(`${who}-password`, text)
  const pair = (await toolbox(settings, ["cosign"]))
    .withSecretVariable("COSIGN_PASSWORD", password)
    .withExec(["cosign", "generate-key-pair", "--output-key-prefix", `/${who}`])
  const key = dag.setSecret(`${who}-key`, await pair.file(`/${who}.key`).contents())
  return { key, password, publicKey: pair.file(`/${who}.pub`) }
}
