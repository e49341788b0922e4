// How a certificate of an authority is asked for, and why it cannot be.
import { describe, expect, test } from "vitest"
import { acmeCommand, acmeDiagnosis, acmeFault, acmeFiles } from "../../src/plan/deploy/acme.js"
import { shopDeployment } from "./deployment.fixture.js"

const { edge } = shopDeployment
const settings = { PUBLIC_URL: "https://shop.test", ACME_EMAIL: "admin@shop.test", ACME_SERVER: "https://authority.test/dir" }
const run = { engine: "docker", project: "shop", image: "shop/edge:1.0", folder: "/srv/shop/acme", user: "0:0" } as const

test("with an address of mail and a name, nothing is missing", () => {
  expect(acmeFault(edge, settings, [])).toBeUndefined()
})

test.each<[string, Record<string, string>, string]>([
  ["no address of mail", { ACME_EMAIL: "" }, "TLS=acme needs ACME_EMAIL in .env"],
  ["no authority", { ACME_SERVER: "" }, "TLS=acme needs ACME_SERVER"],
  ["an address instead of a name", { PUBLIC_URL: "https://192.0.2.1" }, "TLS=acme needs a name in PUBLIC_URL"],
  ["a root that is not there", { ACME_CA_FILE: "root.pem" }, "acme/root.pem is missing"],
  ["no credentials for DNS", { ACME_DNS_PROVIDER: "cloudflare" }, "acme/dns.env is missing"],
])("%s is named", (_, change, words) => {
  expect(acmeFault(edge, { ...settings, ...change }, ["other"])).toContain(words)
})

test("an edge without a client of ACME says what to take instead", () => {
  const { acme: _, ...without } = edge
  expect(acmeFault(without, settings, [])).toContain("set TLS=files with a certificate of yours, or TLS=internal")
})

describe("the command", () => {
  test("answers over HTTP where the edge looks for it", () => {
    const words = acmeCommand(edge, settings, run).join(" ")
    expect(words).toContain("--network shop_public --network-alias acme")
    expect(words).toContain("--domains shop.test --http --http.port :5002 run")
    expect(words).toContain("--email admin@shop.test")
    expect(words).toContain("--server https://authority.test/dir")
    expect(words).not.toContain("--dns")
  })

  test("with a provider of DNS needs no port, and has its credentials in a file only", () => {
    const words = acmeCommand(edge, { ...settings, ACME_DNS_PROVIDER: "cloudflare" }, run)
    expect(words.join(" ")).toContain("--dns cloudflare run")
    expect(words).not.toContain("--http")
    expect(words).toContain("ENV_FILE=/data/dns.env")
  })

  test("trusts the root of a private authority", () => {
    expect(acmeCommand(edge, { ...settings, ACME_CA_FILE: "root.pem" }, run)).toContain("LEGO_CA_CERTIFICATES=/data/root.pem")
  })

  test("has no rights that it does not need", () => {
    expect(acmeCommand(edge, settings, run).join(" ")).toContain("--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges")
  })
})

test("lego names its files after the first name", () => {
  expect(acmeFiles("IM.shop.test")).toEqual({ chain: "certificates/im.shop.test.crt", key: "certificates/im.shop.test.key" })
})

// As lego 4.9 prints them.
test.each([
  [
    "urn:ietf:params:acme:error:rateLimited :: too many certificates already issued for exact set of domains",
    "the authority gives no more for now",
  ],
  [
    "acme: error: 400 :: urn:ietf:params:acme:error:dns :: DNS problem: NXDOMAIN looking up A for shop.test",
    "the authority does not find the name",
  ],
  [
    "acme: error: 400 :: urn:ietf:params:acme:error:connection :: 192.0.2.1: Fetching http://shop.test/: Timeout during connect",
    "did not get the answer",
  ],
  [
    "acme: error: 403 :: urn:ietf:params:acme:error:unauthorized :: 192.0.2.1: Invalid response from http://shop.test/: 404",
    "did not get the answer",
  ],
  [
    'Could not create client: get directory at "https://authority.test/dir": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    "is not trusted",
  ],
  ['get directory at "https://authority.test/dir": dial tcp: lookup authority.test: no such host', "cannot be reached"],
  ["unrecognized DNS provider: clodflare", "this lego does not have the provider"],
  ["the image of the edge has no lego", "cannot ask for certificates"],
  ["something else", "lego failed"],
])("%s is explained", (output, words) => {
  const { why, next } = acmeDiagnosis(output)
  expect(why).toContain(words)
  expect(next).not.toBe("")
})
