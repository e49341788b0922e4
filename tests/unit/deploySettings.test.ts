import { describe, expect, test } from "vitest"
import { parseEnv } from "../../src/plan/deploy/envFile.js"
import {
  checkEnv,
  effectiveSettings,
  hiddenLine,
  hostOf,
  isLoopback,
  makeEnv,
  publicUrl,
  repairEnv,
  secretValues,
  settingValues,
} from "../../src/plan/deploy/settings.js"
import { shopDeployment as shop, shopTemplate } from "./deployment.fixture.js"

const generate = (count: number) => "aB3d".repeat(count / 4)
const FINE = `PUBLIC_URL=http://shop.company.com:18080
DATABASE_PASSWORD=aVerySecretValue1
API_SECRET=anotherSecretValue2
LOGIN_CODE=aB3daB3d
`
const codes = (text: string, environment?: string) => checkEnv(shop, text, environment).map(({ code, subject }) => `${code} ${subject}`)

describe("check", () => {
  test("a right file has no findings", () => expect(codes(FINE)).toEqual([]))

  test.each([
    ["a byte order mark", `\uFEFF${FINE}`, "bom .env"],
    ["line ends of Windows", FINE.replaceAll("\n", "\r\n"), "crlf .env"],
    ["a line that is not a setting", `${FINE}hello\n`, "unreadable line 5"],
    ["an unknown key", `${FINE}HTP_PORT=1\n`, "unknown HTP_PORT"],
    ["a key that is there twice", `API_SECRET=old\n${FINE}`, "duplicate API_SECRET"],
    ["spaces around the =", FINE.replace("API_SECRET=", "API_SECRET = "), "spaces API_SECRET"],
    ["an open quote", FINE.replace("anotherSecretValue2", "'x"), "quotes API_SECRET"],
    ["a $ in a secret", FINE.replace("anotherSecretValue2", "pa$$word"), "dollar API_SECRET"],
    ["a # that cuts a secret", FINE.replace("anotherSecretValue2", "abcdefgh #ijk"), "hash API_SECRET"],
    ["an earlier name", FINE.replace("DATABASE_PASSWORD", "DB_PASSWORD"), "renamed DB_PASSWORD"],
    ["an empty secret", FINE.replace("anotherSecretValue2", ""), "empty API_SECRET"],
    ["a missing secret", FINE.replace(/API_SECRET.*\n/, ""), "missing API_SECRET"],
    ["a value that everybody knows", FINE.replace("anotherSecretValue2", "shop123"), "placeholder API_SECRET"],
    ["a placeholder of the documents", FINE.replace("anotherSecretValue2", "your_jwt_secret_key_here"), "placeholder API_SECRET"],
    ["a placeholder address", FINE.replace("shop.company.com", "external_ip"), "placeholder PUBLIC_URL"],
    ["an example address", FINE.replace("shop.company.com", "shop.example.com"), "placeholder PUBLIC_URL"],
    ["a loopback address", FINE.replace("shop.company.com", "localhost"), "loopback PUBLIC_URL"],
    ["a path in the address", FINE.replace(":18080", ":18080/im"), "value PUBLIC_URL"],
    ["a port that is none", `${FINE}HTTP_PORT=99999\n`, "value HTTP_PORT"],
    ["a choice that is none", `${FINE}TLS=on\n`, "value TLS"],
    ["a size that is none", `${FINE}API_MEMORY=lots\n`, "value API_MEMORY"],
    ["two ports that are the same", `${FINE}HTTPS_PORT=18080\n`, "port HTTPS_PORT"],
    ["https without TLS", FINE.replace("http://", "https://"), "scheme PUBLIC_URL"],
    ["another port than the edge's", FINE.replace(":18080", ""), "origin PUBLIC_URL"],
  ])("%s", (_, text, expected) => expect(codes(text)).toContain(expected))

  test("a port of UDP may have the number of one of TCP", () => {
    const [port] = shop.settings.filter(({ name }) => name === "HTTPS_PORT")
    const settings = [...shop.settings, { ...port!, name: "MEDIA_PORT", default: "18443" }]
    const having = (protocol: "tcp" | "udp") => ({
      ...shop,
      settings,
      services: shop.services.map((one) => (one.name === "api" ? { ...one, direct: { MEDIA_PORT: protocol } } : one)),
    })
    expect(checkEnv(having("udp"), FINE)).toEqual([])
    expect(checkEnv(having("tcp"), FINE).map(({ message }) => message)).toEqual(["MEDIA_PORT and HTTPS_PORT are both 18443"])
  })

  test("an authority asks at port 80, unless it asks DNS", () => {
    const text = FINE.replace("http:", "https:").replace(":18080", "").concat("TLS=acme\nHTTPS_PORT=443\n")
    const dns = { ...shop.settings.find(({ name }) => name === "TLS")!, name: "ACME_DNS_PROVIDER", kind: "text" as const, optional: true }
    const { default: _, choices: __, ...provider } = dns
    const withDns = { ...shop, settings: [...shop.settings, provider] }
    const found = (text: string) => checkEnv(withDns, text).map(({ severity, message }) => `${severity}: ${message}`)
    const asked = "with TLS=acme the authority asks at port 80 of shop.company.com"
    expect(found(text)).toEqual([`warning: HTTP_PORT is 18080, but ${asked}`])
    expect(found(`${text}HTTP_PORT=80\n`)).toEqual([])
    expect(found(`${text}ACME_DNS_PROVIDER=route53\n`)).toEqual([])
    expect(found(text.replace("TLS=acme", "TLS=internal"))).toEqual([])
  })

  test("placeholders, known values and loopback are taken in development", () => {
    const text = FINE.replace("shop.company.com", "localhost").replace("anotherSecretValue2", "shop123")
    expect(codes(text, "development")).toEqual([])
    expect(codes(`${text}ENVIRONMENT=development\n`)).toEqual([])
    expect(codes(text, "test").length).toBeGreaterThan(0)
  })

  test("a value that an environment has is taken there alone", () => {
    const text = FINE.replace("aB3daB3d", "123456")
    expect(codes(text, "test")).toEqual([])
    expect(codes(text, "production")).toEqual(["placeholder LOGIN_CODE"])
  })

  test("each finding says what to do, and none has a secret", () => {
    const text = FINE.replace("anotherSecretValue2", "shop123").replace("aVerySecretValue1", "pa$x")
    for (const { message, next } of checkEnv(shop, text)) {
      expect(next).toBeTruthy()
      expect(message).not.toContain("shop123")
    }
  })

  test("the nearest name is offered", () => {
    expect(checkEnv(shop, `${FINE}HTTP_PROT=1\n`)[0]?.next).toBe("did you mean HTTP_PORT?")
  })

  test("a file of a newer kit is refused, whatever else is in it", () => {
    expect(codes("# openimctl format 9: made for 2.0\nfoo\n")).toEqual(["newer .env"])
  })
})

describe("effective values", () => {
  const effective = (text: string) => effectiveSettings(shop, parseEnv(text))

  test("come from .env with its line, an earlier name, or the default", () => {
    const found = effective("PUBLIC_URL=http://a\nDB_PASSWORD=secret1\n")
    expect(found.get("PUBLIC_URL")).toEqual({ value: "http://a", source: ".env", line: 1 })
    expect(found.get("DATABASE_PASSWORD")).toEqual({ value: "secret1", source: ".env", line: 2, earlierName: "DB_PASSWORD" })
    expect(found.get("FILES_URL")).toEqual({ value: "http://a", source: "default" })
    expect(found.get("API_SECRET")).toEqual({ value: "", source: "missing" })
  })

  test("references in .env see defaults", () => {
    expect(settingValues(shop, parseEnv("PUBLIC_URL=http://a:${HTTP_PORT}\n"))["FILES_URL"]).toBe("http://a:18080")
  })
})

describe("the first .env", () => {
  test("is the template with secrets and the address", () => {
    const { text, generated } = makeEnv(shop, shopTemplate, { PUBLIC_URL: "http://shop.company.com:18080" }, generate)
    expect(generated).toEqual(["DATABASE_PASSWORD", "API_SECRET", "LOGIN_CODE"])
    expect(text.startsWith("# openimctl format 1")).toBe(true)
    expect(text).toContain("# The address\nPUBLIC_URL=http://shop.company.com:18080\n")
    expect(text).toContain(`DATABASE_PASSWORD=${generate(24)}\n`)
    expect(text).toContain("# MAIL_SENDER=\n")
    expect(codes(text)).toEqual([])
  })

  test("has no placeholder of the template", () => {
    const { generated } = makeEnv(shop, "API_SECRET=shop123\nDATABASE_PASSWORD=kept8Value\nLOGIN_CODE=aB3daB3d\n", {}, generate)
    expect(generated).toEqual(["API_SECRET"])
  })

  test("has what its environment has", () => {
    const { text } = makeEnv(shop, shopTemplate, { ENVIRONMENT: "test" }, generate)
    expect(text).toContain("LOGIN_CODE=123456\n")
    expect(text).toContain("ENVIRONMENT=test\n")
  })

  test.each([
    ["im.company.com", "internal", "https://im.company.com"],
    ["192.0.2.1", "off", "http://192.0.2.1"],
    ["https://im.company.com/", "off", "https://im.company.com"],
  ])("the address %s with TLS=%s", (address, tls, expected) => expect(publicUrl(address, tls)).toBe(expected))
})

describe("repair", () => {
  const BROKEN =
    "\uFEFFPUBLIC_URL=http://shop.company.com:18080\r\n# mine\r\nAPI_SECRET=old\r\nAPI_SECRET = shop123\r\nDB_PASSWORD=aVerySecretValue1\r\n"

  test("fixes form, names and duplicates, makes secrets, keeps comments, and leaves a right file", () => {
    const { text, changes, generated, left } = repairEnv(shop, BROKEN, [], generate)
    expect(text).toContain(
      `PUBLIC_URL=http://shop.company.com:18080\n# mine\nAPI_SECRET=${generate(32)}\nDATABASE_PASSWORD=aVerySecretValue1\n`,
    )
    expect(generated).toEqual(["API_SECRET", "LOGIN_CODE"])
    expect(changes.length).toBeGreaterThan(4)
    expect(left).toEqual([])
    expect(codes(text)).toEqual([])
    expect(repairEnv(shop, text, [], generate).text).toBe(text)
  })

  test("never changes a secret that a volume was made with", () => {
    const text = FINE.replace("aVerySecretValue1", "shop123")
    const repaired = repairEnv(shop, text, ["database"], generate)
    expect(repaired.text).toContain("DATABASE_PASSWORD=shop123\n")
    expect(repaired.left.map(({ next }) => next).join()).toContain("openimctl secrets rotate DATABASE_PASSWORD")
    expect(repairEnv(shop, text, [], generate).text).not.toContain("shop123")
  })

  test("adds what the template of a newer kit has", () => {
    const { text, changes } = repairEnv(shop, FINE, [], generate, { template: `${shopTemplate}# API_MEMORY=64m\n` })
    expect(text).toContain("FILES_URL=${PUBLIC_URL}\n")
    expect(text).not.toContain("API_MEMORY")
    expect(changes).toContain("added TLS with its default")
  })

  test("leaves what only the user knows", () => {
    expect(repairEnv(shop, FINE.replace("shop.company.com", "localhost"), [], generate).left.map(({ code }) => code)).toEqual(["loopback"])
  })
})

test("values of secrets are hidden in lines, unknown ones by their name", () => {
  expect(hiddenLine(shop, "+API_SECRET=abc")).toBe("+API_SECRET=(hidden)")
  expect(hiddenLine(shop, "-DB_PASSWORD=abc")).toBe("-DB_PASSWORD=(hidden)")
  expect(hiddenLine(shop, "OTHER_TOKEN=abc")).toBe("OTHER_TOKEN=(hidden)")
  expect(hiddenLine(shop, "TLS=off")).toBe("TLS=off")
  expect(secretValues(shop, FINE)).toEqual(["aVerySecretValue1", "anotherSecretValue2", "aB3daB3d"])
})

test.each([
  ["https://im.company.com:8443/x", "im.company.com"],
  ["192.0.2.1:80", "192.0.2.1"],
  ["http://[::1]:80", "[::1]"],
])("the host of %s", (address, expected) => expect(hostOf(address)).toBe(expected))

test.each(["http://localhost", "http://127.0.0.1:80", "http://[::1]", "https://a.localhost"])("%s is loopback", (address) =>
  expect(isLoopback(address)).toBe(true),
)
