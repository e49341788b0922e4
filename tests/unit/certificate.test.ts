// Certificates are made by openssl, as a user has them.
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, test as always, beforeAll, expect } from "vitest"
import { certificateFacts, certificateFault, daysLeft, issuedBy, renewalDue } from "../../src/plan/deploy/certificate.js"

const folder = mkdtempSync(join(tmpdir(), "certificate-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(at(name), "utf8")
// Where it is missing, the cases are skipped, and counted as such.
const missing = spawnSync("openssl", ["version"]).error !== undefined
const test = always.skipIf(missing)
const env = { ...process.env, OPENSSL_CONF: at("openssl.cnf") }
const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "pipe", env })
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

beforeAll(() => {
  if (missing) return
  writeFileSync(at("openssl.cnf"), "[req]\ndistinguished_name = name\n[name]\n")
  openssl("req", "-x509", ...NEW_KEY, "-days", "90", "-keyout", at("root.key"), "-out", at("root.pem"), "-subj", "/CN=root")
  openssl("req", "-x509", ...NEW_KEY, "-days", "90", "-keyout", at("other.key"), "-out", at("other.pem"), "-subj", "/CN=other")
  openssl("req", "-new", ...NEW_KEY, "-keyout", at("site.key"), "-out", at("site.csr"), "-subj", "/CN=im.company.com")
  writeFileSync(at("site.ext"), "subjectAltName=DNS:im.company.com,IP:192.0.2.1\n")
  openssl(
    ...["x509", "-req", "-in", at("site.csr"), "-CA", at("root.pem"), "-CAkey", at("root.key"), "-CAcreateserial"],
    ...["-days", "60", "-extfile", at("site.ext"), "-out", at("site.pem")],
  )
})

// Certificates begin with the second in which they are made.
const NOW = new Date(Date.now() + 3600_000)
const later = (days: number) => new Date(NOW.getTime() + days * 86_400_000)
const fault = (parts: string[], host = "im.company.com", now = NOW) => certificateFault(parts.map(read).join("\n"), host, now)
const RIGHT = ["site.pem", "root.pem", "site.key"]

test("a right one has no fault, for its name and its address", () => {
  expect(fault(RIGHT)).toBeUndefined()
  expect(fault(RIGHT, "192.0.2.1")).toBeUndefined()
  expect(fault(["site.pem", "site.key"])).toBeUndefined()
  expect(Math.round(daysLeft(read("site.pem"), NOW))).toBe(60)
})

test.each<[string, string[], string, number, string]>([
  ["no certificate", ["site.key"], "im.company.com", 0, "it holds no certificate"],
  ["no key", ["site.pem", "root.pem"], "im.company.com", 0, "it holds no private key"],
  ["another key", ["site.pem", "other.key"], "im.company.com", 0, "the private key does not belong to the first certificate"],
  ["another name", RIGHT, "chat.company.com", 0, "it is for DNS:im.company.com, IP Address:192.0.2.1, not for chat.company.com"],
  [
    "a wrong chain",
    ["site.pem", "other.pem", "site.key"],
    "im.company.com",
    0,
    "its chain is in the wrong order: CN=other did not issue CN=im.company.com",
  ],
  ["the chain first", ["root.pem", "site.pem", "site.key"], "im.company.com", 0, "the site's certificate must come first"],
  ["an old one", RIGHT, "im.company.com", 61, "it expired on"],
  ["a clock that is wrong", RIGHT, "im.company.com", -10, "is this machine's clock right?"],
])("%s", (_, parts, host, days, words) => expect(fault(parts, host, later(days))).toContain(words))

test("a new one is due when a third is left, and of a long one 30 days", () => {
  expect(renewalDue(read("site.pem"), later(39))).toBe(false)
  expect(renewalDue(read("site.pem"), later(41))).toBe(true)
  expect(renewalDue(read("root.pem"), later(59))).toBe(false)
  expect(renewalDue(read("root.pem"), later(61))).toBe(true)
  expect(renewalDue("no certificate", NOW)).toBe(true)
})

test("its names, its authority and its end", () => {
  const facts = certificateFacts(read("site.pem"))
  expect(facts).toMatchObject({ names: "im.company.com, 192.0.2.1", issuer: "CN=root" })
  expect(facts?.fingerprint).not.toBe(certificateFacts(read("other.pem"))?.fingerprint)
  expect(certificateFacts("nothing")).toBeUndefined()
})

test("whose it is: by its signature, not by the name alone", () => {
  expect(issuedBy(read("site.pem"), read("root.pem"))).toBe(true)
  expect(issuedBy(read("site.pem"), read("other.pem"))).toBe(false)
})
