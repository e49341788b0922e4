// What can be said about signing before and after cosign has its say.

const form = "such as registry.example.com/openim/openim-server@sha256:…"

/** The registry that all of these images are in. */
export function registryHost(references: string[]): string {
  const hosts = references.map((reference) => {
    const [, host] = /^([a-z0-9.-]+(?::\d+)?)\/[a-z0-9._/-]+(?::[A-Za-z0-9._-]+)?(?:@sha256:[0-9a-f]{64})?$/.exec(reference) ?? []
    if (host !== undefined && /[.:]|^localhost$/.test(host)) return host
    throw new Error(`"${reference}": expected an image with its registry, ${form}`)
  })
  const [first, ...others] = new Set(hosts)
  if (first === undefined) throw new Error(`expected at least one image, ${form}`)
  if (others.length > 0) throw new Error(`images in ${[first, ...others].join(" and ")}: sign those of one registry at a time`)
  return first
}

/** Cosign's words about a key it cannot use, as what to do next. */
export function keyProblem(said: string): string {
  if (said.includes("decryption failed")) return "the password does not open the signing key: give the key's own as --sign-password"
  if (/pem/i.test(said)) {
    return "the signing key is no private key of cosign's: cosign generate-key-pair makes one, cosign import-key-pair takes yours"
  }
  return `the signing key cannot be read: ${said.split("\n").at(-1)}`
}
