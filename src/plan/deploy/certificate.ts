// What is wrong with a certificate for the edge: the file holds the certificate, its chain and the key.

import { createPrivateKey, X509Certificate } from "node:crypto"
import { isIP } from "node:net"

/** Why it cannot be used for the host; the first reason found. Undefined where it can. */
export function certificateFault(pem: string, host: string, now: Date): string | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  const keyText = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]*?-----END (?:[A-Z]+ )*PRIVATE KEY-----/.exec(pem)?.[0]
  if (blocks.length === 0) return "it holds no certificate (-----BEGIN CERTIFICATE-----)"
  if (!keyText) return "it holds no private key: put the key behind the certificates in the same file"
  let chain: X509Certificate[]
  try {
    chain = blocks.map((block) => new X509Certificate(block))
  } catch {
    return "a certificate in it cannot be read"
  }
  const [leaf, ...others] = chain
  if (!leaf) return "it holds no certificate"
  let matches: boolean
  try {
    matches = leaf.checkPrivateKey(createPrivateKey(keyText))
  } catch {
    return "the private key cannot be read; one with a passphrase cannot be used"
  }
  if (!matches) return "the private key does not belong to the first certificate: the site's certificate must come first, then its chain"
  if (new Date(leaf.validTo) < now) return `it expired on ${leaf.validTo}`
  if (new Date(leaf.validFrom) > now) return `it is valid from ${leaf.validFrom} only: is this machine's clock right?`
  const known = isIP(host) ? leaf.checkIP(host) : leaf.checkHost(host)
  if (!known) return `it is for ${leaf.subjectAltName ?? leaf.subject}, not for ${host}`
  let last = leaf
  for (const next of others) {
    if (!last.checkIssued(next)) return `its chain is in the wrong order: ${oneLine(next.subject)} did not issue ${oneLine(last.subject)}`
    if (new Date(next.validTo) < now) return `the certificate ${oneLine(next.subject)} of its chain expired on ${next.validTo}`
    last = next
  }
  return undefined
}

/** Days until it ends; the edge needs a new one before. */
export function daysLeft(pem: string, now: Date): number {
  const leaf = firstCertificate(pem)
  return leaf === undefined ? 0 : (new Date(leaf.validTo).getTime() - now.getTime()) / 86_400_000
}

const oneLine = (text: string): string => text.replaceAll("\n", ", ")

export interface CertificateFacts {
  names: string
  issuer: string
  ends: Date
  fingerprint: string
}

export function certificateFacts(pem: string): CertificateFacts | undefined {
  const leaf = firstCertificate(pem)
  if (leaf === undefined) return undefined
  return {
    names: (leaf.subjectAltName ?? leaf.subject).replace(/(DNS|IP Address):/g, ""),
    issuer: oneLine(leaf.issuer),
    ends: new Date(leaf.validTo),
    fingerprint: leaf.fingerprint256,
  }
}

/** Renewed this long before its end; one of a short life when a third of it is left. */
const RENEW_DAYS = 30

export function renewalDue(pem: string, now: Date): boolean {
  const leaf = firstCertificate(pem)
  if (leaf === undefined) return true
  const [from, to] = [new Date(leaf.validFrom).getTime(), new Date(leaf.validTo).getTime()]
  return to - now.getTime() < Math.min(RENEW_DAYS * 86_400_000, (to - from) / 3)
}

/** Whether the site's certificate is from this authority. */
export function issuedBy(pem: string, rootPem: string): boolean {
  const [leaf, root] = [firstCertificate(pem), firstCertificate(rootPem)]
  return leaf !== undefined && root !== undefined && leaf.checkIssued(root) && leaf.verify(root.publicKey)
}

function firstCertificate(pem: string): X509Certificate | undefined {
  const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(pem)?.[0]
  return block === undefined ? undefined : new X509Certificate(block)
}
