// The certificates that this host trusts beyond the usual ones: a company's own, mostly. The engine puts them into every container,
// and pays for each at every start of one, so the usual ones stay out.
import { X509Certificate } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { rootCertificates } from "node:tls"
import { Problem } from "../../src/base/problem"
import { env } from "../env"

const BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
const LOCAL = "/usr/local/share/ca-certificates"
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** PEM texts. `usual` is a folder of certificates that the engine's root has anyway. */
export function extraCertificates(usual?: string): string[] {
  const given = env("OPENIM_CA_BUNDLE")
  if (given && !existsSync(given)) throw new Problem(`OPENIM_CA_BUNDLE=${given} does not exist`, "name an existing PEM file, or unset it")
  const host = [env("SSL_CERT_FILE"), ...BUNDLES].filter((path): path is string => path !== undefined && existsSync(path)).slice(0, 1)
  const local = existsSync(LOCAL) ? readdirSync(LOCAL, { recursive: true }).map((name) => join(LOCAL, String(name))) : []
  const files = given ? [given] : [...host, process.env["NODE_EXTRA_CA_CERTS"] ?? "", ...local]
  const known = new Set(rootCertificates.map(body))
  if (usual && existsSync(usual))
    for (const name of readdirSync(usual)) for (const pem of certificates(join(usual, name))) known.add(body(pem))
  const found = new Map<string, string>()
  for (const file of files) for (const pem of certificates(file)) if (!known.has(body(pem)) && valid(pem)) found.set(body(pem), pem)
  return [...found.values()]
}

/** Certificate authorities only, and none that is over: an old bundle is full of them. */
function valid(pem: string): boolean {
  try {
    const certificate = new X509Certificate(pem)
    return certificate.ca && new Date(certificate.validTo) > new Date()
  } catch {
    return false
  }
}

function certificates(file: string): string[] {
  try {
    return readFileSync(file, "utf8").match(PEM) ?? []
  } catch {
    return []
  }
}

const body = (pem: string): string => pem.replace(/-----[A-Z ]+-----|\s/g, "")
