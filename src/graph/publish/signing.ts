// Signatures on published images, by the caller's own key pair: nothing is asked of a public log or of a certificate authority.

import { type Container, dag, type File, type Secret } from "@dagger.io/dagger"
import { imagesToSign, keyProblem, readSignedImage, registryHost } from "../../plan/supplychain/signing.js"
import { explain, tailOf } from "../call/failures.js"
import type { Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { type RegistryAccess, withRegistryAccess } from "./registries.js"
import { readSecrets } from "./secrets.js"

export interface SigningKey {
  /** As `cosign generate-key-pair` writes it. */
  key: Secret
  password?: Secret
}

/** What a call says of a key; what it does not say arrives as null. Fails for secrets that are empty or cannot be read. */
export async function readSigning(key?: Secret | null, password?: Secret | null): Promise<SigningKey | undefined> {
  await readSecrets({ "sign-key": key, "sign-password": password })
  return key ? { key, password: password ?? undefined } : undefined
}

/** A private key is never in a layer: mounted as a secret for these commands alone. */
function withKey(container: Container, { key, password }: SigningKey): Container {
  const mounted = container.withMountedSecret(keyFile, key)
  return password === undefined ? mounted.withEnvVariable("COSIGN_PASSWORD", "") : mounted.withSecretVariable("COSIGN_PASSWORD", password)
}

const keyFile = "/run/cosign.key"
const publicKeyFile = "/run/cosign.pub"

/**
 * Signs images of one registry by their digests. The signature says under which repository and, where the reference has one, under
 * which tag; an image that has this key's signature under this name is left as it is. Answers with a line for each. A `nonce` that
 * was never used before makes it happen again.
 */
export async function signImages(
  settings: Settings,
  references: string[],
  signing: SigningKey,
  access: RegistryAccess,
  nonce: string,
): Promise<string> {
  const words = imagesToSign(references).flatMap(({ repository, tag, digest }) => [repository, tag ?? "", digest])
  const container = withKey(await toolbox(settings, ["cosign"]), signing)
  const publicKey = await publicKeyOf(container)
  const ready = await withRegistryAccess(container.withFile(publicKeyFile, publicKey), registryHost(references), access)
  const next = "check the names, the registry and its user, and call again: what is signed is kept"
  return explain(`${references.join(", ")} cannot be signed`, next, () => cosign(ready, "sign", access, words, nonce))
}

function cosign(
  container: Container,
  step: "sign" | "ask" | "verify",
  access: RegistryAccess,
  words: string[],
  nonce: string,
): Promise<string> {
  return container
    .withMountedFile("/signatures.sh", dag.currentModule().source().file("shell/signatures.sh"))
    .withEnvVariable("ASKED", nonce)
    .withExec(["sh", "/signatures.sh", step, access.plainHttp ? "--allow-http-registry" : "", ...words])
    .stdout()
}

/** Which of these images of one registry have a signature by this key under their names. One that cannot be asked for has none. */
export async function signedImages(
  settings: Settings,
  references: string[],
  signing: SigningKey,
  access: RegistryAccess,
  nonce: string,
): Promise<string[]> {
  const container = withKey(await toolbox(settings, ["cosign"]), signing)
  const ready = await withRegistryAccess(container.withFile(publicKeyFile, await publicKeyOf(container)), registryHost(references), access)
  const words = references.map(readSignedImage).flatMap(({ repository, tag, digest }) => [repository, tag ?? "", digest ?? ""])
  const answers = (await cosign(ready, "ask", access, words, nonce)).trim().split("\n")
  return references.filter((_, index) => answers[index] === "yes")
}

/** Fails for a key that could not sign, so that nothing is published that would then lack its signature. */
export async function checkKey(settings: Settings, signing: SigningKey): Promise<void> {
  await publicKeyOf(withKey(await toolbox(settings, ["cosign"]), signing))
}

/** Without a password, or with a wrong one, this fails before any registry is asked. */
async function publicKeyOf(container: Container): Promise<File> {
  try {
    return await container.withExec(["cosign", "public-key", "--key", keyFile, "--outfile", "/public"]).file("/public").sync()
  } catch (error) {
    throw new Error(keyProblem(tailOf(error)))
  }
}

/** Fails where an image has no signature by this key under its own name. Answers with a line for each, which names its digest. */
export async function verifyImages(
  settings: Settings,
  references: string[],
  publicKey: File,
  access: RegistryAccess,
  nonce: string,
): Promise<string> {
  const words = references.map(readSignedImage).flatMap(({ repository, tag, digest }) => [repository, tag ?? "", digest ?? ""])
  const container = (await toolbox(settings, ["cosign"])).withMountedFile(publicKeyFile, publicKey)
  const ready = await withRegistryAccess(container, registryHost(references), access)
  const next =
    "check the key, the names and the registry. An image that was signed under another name, or before signatures named it: sign it again"
  return explain(`${references.join(", ")} cannot be verified with this key`, next, () => cosign(ready, "verify", access, words, nonce))
}
