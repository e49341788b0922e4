// Signatures on published images, by a key pair of the caller's own: nothing is asked of a public log or of a certificate authority.

import type { Container, File, Secret } from "@dagger.io/dagger"
import { keyProblem, registryHost } from "../plan/signing.js"
import { explain, tailOf } from "./failures.js"
import { type RegistryAccess, withRegistryAccess } from "./registries.js"
import type { Settings } from "./settings.js"
import { toolbox } from "./toolbox.js"

export interface SigningKey {
  /** As `cosign generate-key-pair` writes it. */
  key: Secret
  password?: Secret
}

/** What a call says of a key; what it does not say arrives as null. */
export function readSigning(key?: Secret | null, password?: Secret | null): SigningKey | undefined {
  return key ? { key, password: password ?? undefined } : undefined
}

/** A private key is never in a layer: mounted as a secret for these commands alone. */
function withKey(box: Container, { key, password }: SigningKey): Container {
  const mounted = box.withMountedSecret(keyFile, key)
  return password === undefined ? mounted.withEnvVariable("COSIGN_PASSWORD", "") : mounted.withSecretVariable("COSIGN_PASSWORD", password)
}

const keyFile = "/run/cosign.key"
const publicKeyFile = "/run/cosign.pub"

/**
 * Signs images of one registry; one that already has this key's signature is left as it is. Answers with a line for each. A
 * `mark` that was never used before makes it happen again.
 */
export async function signImages(
  settings: Settings,
  references: string[],
  signing: SigningKey,
  access: RegistryAccess,
  mark: string,
): Promise<string> {
  const box = withKey(await toolbox(settings, ["cosign"]), signing)
  const publicKey = await publicKeyOf(box)
  const ready = await withRegistryAccess(box.withFile(publicKeyFile, publicKey), registryHost(references), access)
  const options = access.plainHttp ? ["--allow-http-registry"] : []
  const next = "Check the names, the registry and its user, and call again: what is signed is kept."
  return explain(`${references.join(", ")} cannot be signed`, next, () =>
    ready
      .withEnvVariable("ASKED", mark)
      .withExec(["sh", "-euc", sign, "sign", options.join(" "), ...references])
      .stdout(),
  )
}

/** Fails for a key that could not sign, so that nothing is published that would then lack its signature. */
export async function checkKey(settings: Settings, signing: SigningKey): Promise<void> {
  await publicKeyOf(withKey(await toolbox(settings, ["cosign"]), signing))
}

/** Without a password, or with a wrong one, this fails before any registry is asked. */
async function publicKeyOf(box: Container): Promise<File> {
  try {
    return await box.withExec(["cosign", "public-key", "--key", keyFile, "--outfile", "/public"]).file("/public").sync()
  } catch (error) {
    throw new Error(keyProblem(tailOf(error)))
  }
}

// The flags keep cosign from looking for a public log's addresses, which takes long where they cannot be reached.
const sign = `
options=$1
shift
for reference; do
  if cosign verify $options --key ${publicKeyFile} --insecure-ignore-tlog=true "$reference" >/dev/null 2>&1; then
    echo "$reference: has this key's signature already"
  else
    cosign sign $options --key ${keyFile} --use-signing-config=false --tlog-upload=false --yes "$reference" >&2
    echo "$reference: signed"
  fi
done
`

/** Fails where an image has no signature by this key. */
export async function verifyImages(
  settings: Settings,
  references: string[],
  publicKey: File,
  access: RegistryAccess,
  mark: string,
): Promise<string> {
  const box = (await toolbox(settings, ["cosign"])).withMountedFile(publicKeyFile, publicKey)
  const ready = await withRegistryAccess(box, registryHost(references), access)
  const options = access.plainHttp ? ["--allow-http-registry"] : []
  const verify = ["cosign", "verify", ...options, "--key", publicKeyFile, "--insecure-ignore-tlog=true", "--output=text"]
  const asked = ready.withEnvVariable("ASKED", mark)
  const verified = references.reduce((container, reference) => container.withExec([...verify, reference]), asked)
  const what = `${references.join(", ")} cannot be verified with this key`
  await explain(what, "Check the key, the names and the registry.", () => verified.sync())
  return references.map((reference) => `${reference}: signed by this key\n`).join("")
}
