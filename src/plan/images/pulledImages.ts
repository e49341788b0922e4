// Whether an image in a bundle is the one that its digest names: the registry's own manifest is kept beside it.

import { createHash } from "node:crypto"

interface Descriptor {
  digest: string
  platform?: { os?: string; architecture?: string }
}

/** What a reference's digest names: a manifest, or a list with one for each platform. Answers with the digest of the one for linux/amd64. */
export function platformDigest(manifest: string, digest: string): string {
  const found = `sha256:${createHash("sha256").update(manifest).digest("hex")}`
  if (found !== digest) throw new Error(`its manifest has the digest ${found}`)
  const { manifests } = JSON.parse(manifest) as { manifests?: Descriptor[] }
  if (manifests === undefined) return digest
  const ours = manifests.find(({ platform }) => platform?.os === "linux" && platform.architecture === "amd64")
  if (ours === undefined) throw new Error("its manifest has nothing for linux/amd64")
  return ours.digest
}

/** An OCI archive must say that it holds this one manifest. That the manifest's parts are what it names, the engine compares. */
export function checkArchive(files: ArchiveFile[], manifest: string): void {
  const once = (name: string): string => {
    const [file, another] = files.filter((one) => one.name.replace(/^\.\//, "") === name)
    if (file === undefined || another !== undefined)
      throw new Error(`the archive has ${file === undefined ? "no" : "more than one"} ${name}`)
    return file.text
  }
  once("oci-layout")
  const { manifests = [] } = JSON.parse(once("index.json")) as { manifests?: Descriptor[] }
  const names = manifests.map(({ digest }) => digest)
  if (names.join() !== manifest) throw new Error(`the archive holds ${names.join(", ") || "nothing"}, not ${manifest}`)
}

/** A small file of an archive. */
export interface ArchiveFile {
  name: string
  text: string
}

const block = 512

/** The small files at the top of a tar archive; `read` gives bytes from an offset, fewer at the end. */
export async function topFiles(read: (offset: number, length: number) => Promise<Buffer>): Promise<ArchiveFile[]> {
  const files: ArchiveFile[] = []
  for (let offset = 0; ; ) {
    const header = await read(offset, block)
    if (header.length < block || header.every((byte) => byte === 0)) return files
    const field = (from: number, length: number) => header.toString("latin1", from, from + length).replace(/\0.*$/s, "")
    const size = Number.parseInt(field(124, 12).trim(), 8)
    if (!Number.isSafeInteger(size) || size < 0) throw new Error("it is not a tar archive that can be read")
    const name = field(0, 100)
    const type = field(156, 1)
    if (!["", "0", "5"].includes(type)) throw new Error(`the archive has an entry of type ${type}: ${name}`)
    if (!name.replace(/^\.\//, "").includes("/") && type !== "5") {
      if (size > 1_000_000) throw new Error(`the archive's ${name} is too large`)
      files.push({ name, text: (await read(offset + block, size)).toString() })
    }
    offset += block + Math.ceil(size / block) * block
  }
}
