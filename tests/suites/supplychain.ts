// Lists of contents, provenance, scans and signatures of the small shop's image. Its supervisor brings real Go modules along.

import type { Directory, File, Service } from "@dagger.io/dagger"
import { componentImage } from "../../src/graph/build/components.js"
import { imageLayout, type Layout } from "../../src/graph/build/layouts.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { imageAttachments, imageProvenance, imageSbom, withReferrers } from "../../src/graph/publish/attachments.js"
import { scanImage, type VulnerabilitySource } from "../../src/graph/publish/scans.js"
import { defaultBuilder } from "../../src/plan/supplychain/provenance.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, fails, same } from "./cases.js"
import { shopFixture } from "./shopFixture.js"
import { signingCases } from "./signing.js"

/** The nonce must never have been used: registries are new each time, and so must be what is done to them. */
export async function supplychainTests(settings: Settings, checkout: Directory, nonce: string): Promise<TestCase[]> {
  const { source, request, from } = await shopFixture(settings, checkout)
  const shop = from(source)
  const image = await componentImage(shop, request)
  const layout = await imageLayout(shop, image)
  const list = (format: string, of = layout) => imageSbom(shop, request, image, of, format)
  const madeTwice = async (format: string) => same(await digestOf(list(format, rebuilt(layout))), await digestOf(list(format)))
  const statement = () => imageProvenance(shop, request, image, layout, defaultBuilder)

  const fixture = checkout.directory("tests/fixtures/vulnerabilities").file("database.sql")
  const scan = (database: VulnerabilitySource) => scanImage(shop, layout, database, nonce)
  const found = async (database: VulnerabilitySource) =>
    (await scan(database)).map(({ id, severity, package: name }) => `${id} ${severity} ${name}`).join(", ")

  const both = "SHOP-0001 high github.com/gorilla/mux, SHOP-0002 low tzdata"

  return casesOf([
    [
      "the list of contents holds the distribution's packages and the modules inside the binaries",
      async () => {
        const urls = await (await list("spdx-json")).contents().then(packageUrls)
        for (const start of ["pkg:deb/debian/tzdata@", "pkg:golang/github.com/gorilla/mux@v", "pkg:golang/stdlib@1.22.7"]) {
          if (!urls.some((url) => url.startsWith(start))) throw new Error(`${start}… is not among: ${urls.join(" ")}`)
        }
      },
    ],
    ["a list made twice is the same file: SPDX", () => madeTwice("spdx-json")],
    ["a list made twice is the same file: CycloneDX", () => madeTwice("cyclonedx-json")],
    [
      "the provenance names the image's digest, its Go and its base's digest",
      async () => {
        const text = await (await statement()).contents()
        const subject = `"sha256": "${layout.digest.replace("sha256:", "")}"`
        for (const part of [subject, "pkg:golang/stdlib@1.22.7", "pkg:docker/debian@trixie-slim?"]) {
          if (!text.includes(part)) throw new Error(`${part} is not in ${text}`)
        }
      },
    ],
    [
      "both are referrers of the image, the same ones each time, and a copy takes them along",
      async () => {
        const attachments = await imageAttachments(shop, request, image, layout, defaultBuilder)
        const attached = await withReferrers(shop, layout, attachments)
        same(attached.digest, layout.digest)
        const copied = await copiedReferrers(shop, attached)
        same(copied.map(({ artifactType }) => artifactType).join(" "), "application/spdx+json application/vnd.in-toto+json")
        const again = await withReferrers(shop, rebuilt(layout), attachments)
        same(JSON.stringify(await copiedReferrers(shop, again)), JSON.stringify(copied))
      },
    ],
    [
      "a scan finds a vulnerable module and a vulnerable package",
      async () => same(await found({ file: await vulnerabilities(shop, fixture) }), both),
    ],
    [
      "a scan fetches the database from where it is published",
      async () => {
        const service = await publisher(shop, await vulnerabilities(shop, fixture))
        same(await found({ address: "http://vulnerabilities.test:8080", service }), both)
      },
    ],
    [
      "a scan with a database that knows none of them is clean",
      async () => same(await found({ file: await vulnerabilities(shop, fixture, "delete from affected_package_handles") }), ""),
    ],
    [
      "a file that is not a database is recognized",
      () => fails(() => scan({ file: fixture }), "--database database.sql is not a vulnerability database for grype (unable to import"),
    ],
    [
      "a database out of reach can be given instead",
      () => fails(() => scan({ address: "http://vulnerabilities.invalid" }), "give that file as --database"),
    ],
    ...(await signingCases(shop, layout, nonce)),
  ])
}

/** The same image in other bytes around it, so that steps upon it are run again. */
function rebuilt(layout: Layout): Layout {
  return { ...layout, directory: layout.directory.withNewFile("unrelated", "") }
}

async function digestOf(file: Promise<File>): Promise<string> {
  return (await file).digest({ excludeMetadata: true })
}

function packageUrls(text: string): string[] {
  interface Spdx {
    packages: { externalRefs?: { referenceLocator: string }[] }[]
  }
  const { packages } = JSON.parse(text) as Spdx
  const locators = packages.flatMap(({ externalRefs = [] }) => externalRefs.map(({ referenceLocator }) => referenceLocator))
  return locators.filter((locator) => locator.startsWith("pkg:"))
}

interface Referrer {
  artifactType: string
  digest: string
}

/** What refers to the image after `regctl image copy --referrers` to another place. */
async function copiedReferrers(settings: Settings, { directory, digest }: Layout): Promise<Referrer[]> {
  const text = await (await toolbox(settings, ["regctl"]))
    .withMountedDirectory("/layout", directory)
    .withExec(["regctl", "image", "copy", "--referrers", `ocidir:///layout@${digest}`, "ocidir:///copy:latest"])
    .withExec(["regctl", "artifact", "list", "ocidir:///copy:latest", "--format", "{{json .Descriptors}}"])
    .stdout()
  const found = JSON.parse(text) as Referrer[]
  return found.map(({ artifactType, digest }) => ({ artifactType, digest })).sort((a, b) => (a.artifactType < b.artifactType ? -1 : 1))
}

/** A database for grype from SQL, with a change to it. */
async function vulnerabilities(settings: Settings, sql: File, change = ""): Promise<File> {
  const box = await toolbox(settings, [], ["sqlite3"])
  return box
    .withMountedFile("/database.sql", sql)
    .withExec(["sh", "-euc", '{ cat /database.sql; echo "$1;"; } | sqlite3 /shop.db', "sh", change])
    .file("/shop.db")
}

/** Publishes a database as grype's makers do: an archive, and a note that names it. */
async function publisher(settings: Settings, database: File): Promise<Service> {
  const publish = `
mkdir -p /site/v6
tar -C / -czf /site/v6/shop.tar.gz vulnerability.db
sum=$(sha256sum /site/v6/shop.tar.gz | cut -d " " -f 1)
echo '{"status": "active", "schemaVersion": "v6.1.0", "built": "2025-01-01T00:00:00Z", "path": "shop.tar.gz",' > /site/v6/latest.json
echo '"checksum": "sha256:'$sum'"}' >> /site/v6/latest.json
`
  return (await toolbox(settings, [], ["busybox"]))
    .withFile("/vulnerability.db", database)
    .withExec(["sh", "-euc", publish])
    .withExposedPort(8080)
    .asService({ args: ["busybox", "httpd", "-f", "-p", "8080", "-h", "/site"] })
}
