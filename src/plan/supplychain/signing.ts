// What can be said about signing before and after cosign has its say.

import { Problem } from "../../base/problem.js"
import { referenceParts, registryOf } from "../../base/references.js"

const form = "such as registry.example.com/openim/openim-server@sha256:…"

/** An image in a registry. Its repository and its tag, where it has one, are what a signature says of it. */
export interface SignedImage {
  host: string
  repository: string
  tag?: string
  digest?: string
}

export function readSignedImage(reference: string): SignedImage {
  const parts = referenceParts(reference)
  const host = registryOf(parts?.path ?? "")
  if (parts !== undefined && host !== undefined) return { host, repository: parts.path, tag: parts.tag, digest: parts.digest }
  throw new Error(`"${reference}": expected an image with its registry, ${form}`)
}

export interface ImageToSign extends Omit<SignedImage, "host"> {
  digest: string
}

/** Images that are to be signed: what a tag points to can change between two looks at it, a digest cannot. */
export function imagesToSign(references: string[]): ImageToSign[] {
  return references.map((reference) => {
    const { repository, tag, digest } = readSignedImage(reference)
    if (digest !== undefined) return { repository, tag, digest }
    const named = `${repository}${tag === undefined ? "" : `:${tag}`}@sha256:…`
    throw new Problem(
      `"${reference}" has no digest, so it may be another image when it is signed`,
      `give it as ${named}, as publish and release print it`,
    )
  })
}

/** The registry that all of these images are in. */
export function registryHost(references: string[]): string {
  const hosts = references.map((reference) => readSignedImage(reference).host)
  const [first, ...others] = new Set(hosts)
  if (first === undefined) throw new Error(`expected at least one image, ${form}`)
  if (others.length > 0) throw new Problem(`images in ${[first, ...others].join(" and ")}`, "sign those of one registry at a time")
  return first
}

/** Cosign's words about a key it cannot use, as what to do next. */
export function keyProblem(said: string): string {
  if (said.includes("decryption failed")) return "the password does not open the signing key: give the key's own as --sign-password"
  if (/pem/i.test(said)) {
    return "the signing key is not a private key of cosign: cosign generate-key-pair makes one, cosign import-key-pair takes yours"
  }
  return `the signing key cannot be read: ${said.split("\n").at(-1)}`
}
