// Files in the object store, uploaded as a client does: in signed parts, past OpenIM.

import { createHash } from "node:crypto"
import type { Caller } from "./im.js"

interface Values {
  key: string
  values: string[]
}

interface Signed {
  url: string
  query: Values[] | null
  header: Values[] | null
}

interface Initiated {
  /** Where the same content is, when it was uploaded before. */
  url: string
  upload: { uploadID: string; partSize: number; sign: (Signed & { parts: (Signed & { partNumber: number })[] }) | null } | null
}

/** Uploads bytes under a name, which must begin with the user's ID and a slash. Gives how many parts there were. */
export async function upload(user: Caller, name: string, content: Buffer): Promise<{ parts: number }> {
  const { size: partSize } = await user.post<{ size: number }>("/object/part_size", { size: content.length })
  const count = Math.ceil(content.length / partSize)
  const parts = Array.from({ length: count }, (_, index) => content.subarray(index * partSize, (index + 1) * partSize))
  const hashes = parts.map(md5)
  const file = { name, contentType: "application/octet-stream", cause: "" }
  const plan = { hash: md5(Buffer.from(hashes.join(","))), size: content.length, partSize, maxParts: -1 }
  const { upload: initiated } = await user.post<Initiated>("/object/initiate_multipart_upload", { ...file, ...plan })
  if (!initiated?.sign) throw new Error(`${name} is not to be uploaded: the same content is there already`)
  const { sign, uploadID } = initiated
  for (const [index, part] of parts.entries()) {
    const signed = sign.parts.find(({ partNumber }) => partNumber === index + 1)
    if (!signed) throw new Error(`part ${index + 1} of ${parts.length} has no signature`)
    // What a part does not say itself stands in what is common to all.
    const url = new URL(signed.url || sign.url)
    for (const { key, values } of [...(sign.query ?? []), ...(signed.query ?? [])]) url.searchParams.set(key, values[0] ?? "")
    const headers = new Headers()
    for (const { key, values } of [...(sign.header ?? []), ...(signed.header ?? [])]) headers.set(key, values[0] ?? "")
    const response = await fetch(url, { method: "PUT", headers, body: new Uint8Array(part), signal: AbortSignal.timeout(30_000) })
    if (!response.ok) throw new Error(`the object store does not take part ${index + 1}: ${response.status} ${await response.text()}`)
  }
  await user.post("/object/complete_multipart_upload", { ...file, uploadID, parts: hashes })
  return { parts: parts.length }
}

/** The bytes of a file, from the address that OpenIM signs for it. */
export async function download(user: Caller, name: string): Promise<Buffer> {
  const { url } = await user.post<{ url: string }>("/object/access_url", { name })
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw new Error(`${new URL(url).origin} does not give ${name}: ${response.status} ${await response.text()}`)
  return Buffer.from(await response.arrayBuffer())
}

function md5(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("hex")
}
