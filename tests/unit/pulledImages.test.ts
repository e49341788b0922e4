// Whether an image in a bundle is the one that its digest names.

import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { checkArchive, platformDigest, topFiles } from "../../src/plan/images/pulledImages.js"

const sha = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`
const ours = `sha256:${"a".repeat(64)}`
const list = (platform: object) =>
  JSON.stringify({
    manifests: [
      { digest: `sha256:${"b".repeat(64)}`, platform: { os: "linux", architecture: "arm64" } },
      { digest: ours, platform },
    ],
  })

describe("the digest of an image", () => {
  it("names a manifest, or a list that has ours", () => {
    const manifest = JSON.stringify({ config: {}, layers: [] })
    expect(platformDigest(manifest, sha(manifest))).toBe(sha(manifest))
    const many = list({ os: "linux", architecture: "amd64" })
    expect(platformDigest(many, sha(many))).toBe(ours)
  })

  it("is not what anybody says that it is", () => {
    const manifest = "{}"
    expect(() => platformDigest(`${manifest} `, sha(manifest))).toThrow(`its manifest has the digest ${sha("{} ")}`)
    const other = list({ os: "windows", architecture: "amd64" })
    expect(() => platformDigest(other, sha(other))).toThrow("nothing for linux/amd64")
  })
})

describe("an archive", () => {
  const index = (...digests: string[]) => JSON.stringify({ manifests: digests.map((digest) => ({ digest })) })
  const layout = { name: "oci-layout", text: "{}" }

  it("must hold this one manifest", () => {
    expect(() => checkArchive([layout, { name: "index.json", text: index(ours) }], ours)).not.toThrow()
  })

  it.each([
    ["another manifest", [layout, { name: "index.json", text: index(sha("x")) }], `the archive holds ${sha("x")}, not ${ours}`],
    ["a second one", [layout, { name: "index.json", text: index(ours, sha("x")) }], `the archive holds ${ours}, ${sha("x")}, not`],
    ["nothing", [layout, { name: "index.json", text: "{}" }], "the archive holds nothing"],
    [
      "two indexes",
      [layout, { name: "index.json", text: index(ours) }, { name: "./index.json", text: index(sha("x")) }],
      "more than one index.json",
    ],
    // Without it the engine would read manifest.json, which is Docker's and names no digest.
    ["no mark of its kind", [{ name: "index.json", text: index(ours) }], "the archive has no oci-layout"],
  ])("is refused with %s", (_, files, message) => expect(() => checkArchive(files, ours)).toThrow(message))
})

describe("the files at the top of an archive", () => {
  const entry = (name: string, text: string, type = "0") => {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write(`${text.length.toString(8).padStart(11, "0")}\0`, 124)
    header.write(type, 156)
    return Buffer.concat([header, Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, "\0"))])
  }
  const from = (...parts: Buffer[]) => {
    const bytes = Buffer.concat([...parts, Buffer.alloc(1024)])
    return topFiles(async (offset, length) => bytes.subarray(offset, offset + length))
  }

  it("are read, whatever lies between them", async () => {
    const found = await from(
      entry("blobs/", "", "5"),
      entry("oci-layout", "{}"),
      entry(`blobs/sha256/${"0".repeat(64)}`, "x".repeat(700)),
      entry("index.json", "text"),
    )
    expect(found).toEqual([
      { name: "oci-layout", text: "{}" },
      { name: "index.json", text: "text" },
    ])
  })

  it("are refused where they could be read in two ways", async () => {
    await expect(from(entry("index.json", "x", "x"))).rejects.toThrow("an entry of type x")
    await expect(from(entry("a", "x", "2"))).rejects.toThrow("an entry of type 2")
    const broken = entry("index.json", "x")
    broken.write("what?", 124)
    await expect(from(broken)).rejects.toThrow("it is not a tar archive")
  })
})
