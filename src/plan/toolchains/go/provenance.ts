// What Go adds to an image's provenance.

import type { ProvenanceResource, ProvenanceSource } from "../../supplychain/resources.js"

/** The source's module, where it is pinned by its checksum, and Go's own library. */
export function goProvenance(version: string, source?: ProvenanceSource): ProvenanceResource[] {
  const module = source?.sum === undefined ? [] : [goModuleResource({ ...source, sum: source.sum })]
  // An installed server has none.
  return [...module, ...(/^\d/.test(version) ? [{ uri: `pkg:golang/stdlib@${version}` }] : [])]
}

export function goModuleResource({ module, version, sum }: { module: string; version: string; sum: string }): ProvenanceResource {
  return { uri: `pkg:golang/${module}@${version}`, digest: { dirHash: dirHash(sum) } }
}

/** Go's checksum as in-toto writes it: hexadecimal, without h1: in front. */
function dirHash(sum: string): string {
  return Buffer.from(sum.replace(/^h1:/, ""), "base64").toString("hex")
}
