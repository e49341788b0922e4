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
  const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(pem)?.[0]
  return block ? (new Date(new X509Certificate(block).validTo).getTime() - now.getTime()) / 86_400_000 : 0
}

const oneLine = (text: string): string => text.replaceAll("\n", ", ")
