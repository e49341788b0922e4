// The certificate of the edge: from files of the user, or made by a certificate authority of this installation.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { isIP } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { acmeFault, acmeFolder } from "../../src/plan/deploy/acme"
import { certificateFault, daysLeft } from "../../src/plan/deploy/certificate"
import { publicHost } from "../../src/plan/deploy/settings"
import { writeFileAtomic } from "../files"
import { attempt, which } from "../run"
import { acmeContents } from "./acme"
import type { Folder } from "./folder"
import { EXIT, Refusal, say } from "./print"
import { readableInside, readByOthers, writeSecrets } from "./secrets"

export const siteFile = ({ tls }: Folder): string => join(tls, "site.pem")
export const rootFile = ({ authority }: Folder): string => join(authority, "ca.pem")

/** What clients must trust beside public authorities. */
export function trustedRoot(folder: Folder, settings: Record<string, string>): string | undefined {
  if (settings["TLS"] === "internal") return rootFile(folder)
  const root = settings["TLS"] === "acme" ? settings["ACME_CA_FILE"] : undefined
  return root ? join(folder.path, acmeFolder, root) : undefined
}

/** Renewed this long before its end. */
const RENEW_DAYS = 30
const SITE_DAYS = 397
const ROOT_DAYS = 3650

/** Before the edge reads it: the file appears whole. */
export function writeSite(folder: Folder, pem: string): void {
  mkdirSync(folder.tls, { recursive: true })
  writeFileAtomic(siteFile(folder), pem, 0o600)
  readable(folder)
}

const readable = (folder: Folder): void =>
  readableInside(
    siteFile(folder),
    readByOthers(folder.deployment, ({ name }) => name === folder.deployment.edge.service),
  )

/** Why the certificate cannot be used, without a change of anything. */
export function tlsFault(folder: Folder, settings: Record<string, string>): string | undefined {
  if (settings["TLS"] === "acme") return acmeFault(folder.deployment.edge, settings, acmeContents(folder))
  if (settings["TLS"] !== "files") return undefined
  const file = siteFile(folder)
  if (!existsSync(file)) return `TLS=files needs ${file}: the site's certificate, its chain and its private key in one file`
  const fault = certificateFault(readFileSync(file, "utf8"), publicHost(settings), new Date())
  return fault === undefined ? undefined : `${file} cannot be used: ${fault}`
}

/** What containers read beside the kit's own files: certificate and secrets, as .env has them. */
export async function prepareFiles(folder: Folder, settings: Record<string, string>): Promise<void> {
  await prepareTls(folder, settings)
  writeSecrets(folder, settings)
}

/** The certificate is there and right, or is made; true where it is new. */
async function prepareTls(folder: Folder, settings: Record<string, string>): Promise<boolean> {
  const mode = settings["TLS"] ?? "off"
  mkdirSync(folder.tls, { recursive: true })
  if (mode === "files") {
    const fault = tlsFault(folder, settings)
    if (fault) throw new Refusal(fault, EXIT.refused, "put the right file there, or set TLS=internal in .env")
    const left = daysLeft(readFileSync(siteFile(folder), "utf8"), new Date())
    if (left < RENEW_DAYS) say(`warning: the certificate ends in ${Math.floor(left)} days`)
    readable(folder)
    return false
  }
  const host = publicHost(settings)
  const file = siteFile(folder)
  if (mode === "acme") {
    // The authority asks the edge, so the edge must run before there is a certificate.
    if (existsSync(file) && certificateFault(readFileSync(file, "utf8"), host, new Date()) === undefined) {
      readable(folder)
      return false
    }
    await makeCertificate(folder, host)
    return true
  }
  if (mode !== "internal") return false
  if (existsSync(file) && existsSync(rootFile(folder))) {
    const pem = readFileSync(file, "utf8")
    if (certificateFault(pem, host, new Date()) === undefined && daysLeft(pem, new Date()) > RENEW_DAYS) {
      readable(folder)
      return false
    }
  }
  await makeCertificate(folder, host)
  return true
}

export async function makeCertificate(folder: Folder, host: string): Promise<void> {
  if (!(await which("openssl")))
    throw new Refusal(
      "openssl is missing, which makes the certificate for TLS=internal, and the first one for TLS=acme",
      EXIT.refused,
      "install it: apt-get install openssl; or set TLS=files or TLS=off",
    )
  mkdirSync(folder.authority, { recursive: true, mode: 0o700 })
  const aside = mkdtempSync(join(tmpdir(), "openimctl-"))
  try {
    // The machine's own settings of openssl may say anything, or be missing.
    const settings = join(aside, "openssl.cnf")
    writeFileSync(settings, "[req]\ndistinguished_name = name\n[name]\n")
    const openssl = (what: string, words: string[]) => runOpenssl(settings, what, words)
    const [root, rootKey] = [rootFile(folder), join(folder.authority, "ca.key")]
    if (!existsSync(root) || !existsSync(rootKey)) {
      const [madeKey, made] = [join(aside, "ca.key"), join(aside, "ca.pem")]
      await openssl("the certificate authority", [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"],
        ...["-days", String(ROOT_DAYS), "-keyout", madeKey, "-out", made, "-subj", `/CN=${folder.deployment.title} internal CA`],
        ...["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
      ])
      writeFileAtomic(rootKey, readFileSync(madeKey, "utf8"), 0o600)
      writeFileAtomic(root, readFileSync(made, "utf8"), 0o644)
      say(`made a certificate authority for this installation: ${root}`)
    }
    const [key, request, extensions, site] = ["site.key", "site.csr", "site.ext", "site.crt"].map((name) => join(aside, name)) as [
      string,
      string,
      string,
      string,
    ]
    await openssl("the key of the site", [
      ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"],
      ...["-keyout", key, "-out", request, "-subj", `/CN=${host.slice(0, 64)}`],
    ])
    writeFileSync(
      extensions,
      `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=${isIP(host) ? "IP" : "DNS"}:${host},DNS:localhost,IP:127.0.0.1\n`,
    )
    await openssl("the certificate of the site", [
      ...["x509", "-req", "-in", request, "-CA", root, "-CAkey", rootKey, "-CAserial", join(aside, "serial"), "-CAcreateserial"],
      ...["-days", String(SITE_DAYS), "-sha256", "-extfile", extensions, "-out", site],
    ])
    const text = [site, root, key].map((file) => readFileSync(file, "utf8").trim()).join("\n")
    writeSite(folder, `${text}\n`)
    copyFileSync(root, join(folder.tls, "ca.pem"))
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

async function runOpenssl(settings: string, what: string, words: string[]): Promise<void> {
  const done = await attempt(["openssl", ...words], { limitSeconds: 60, env: { OPENSSL_CONF: settings } })
  if (done.code !== 0)
    throw new Problem(`openssl could not make ${what}: ${lastWords(done.tail, 2)}`, "check the disk and openssl version (1.1.1 or newer)")
}
