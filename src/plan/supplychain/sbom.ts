// Lists of an image's contents: formats, and what makes two lists of the same image the same bytes.

import { createHash } from "node:crypto"
import { entryOf } from "../../base/entries.js"

export interface SbomFormat {
  /** The ending of its file's name, after the component. */
  ending: string
  /** What registries and scanners know it by. */
  mediaType: string
  /** A jq filter over $uuid, $created, $name and $version. */
  steady: string
}

/** By the names that syft has for them. Syft's own pins are not in it when it is built as a plain module, so they are filled in. */
export const sbomFormats: Record<string, SbomFormat> = {
  "spdx-json": {
    ending: "spdx.json",
    mediaType: "application/spdx+json",
    steady:
      '.documentNamespace = "https://spdx.org/spdxdocs/\\($name)-\\($uuid)" | .creationInfo.created = $created | ' +
      '.creationInfo.creators |= map(if startswith("Tool: syft-") then "Tool: syft-\\($version)" else . end)',
  },
  "cyclonedx-json": {
    ending: "cdx.json",
    mediaType: "application/vnd.cyclonedx+json",
    steady:
      '.serialNumber = "urn:uuid:\\($uuid)" | .metadata.timestamp = $created | ' +
      '.metadata.tools.components |= map(if .name == "syft" then .version = $version else . end)',
  },
}

export function sbomFormat(name: string): SbomFormat {
  return entryOf("value of --format", sbomFormats, name)
}

/** A UUID that is the same for the same content (RFC 9562, version 8), where tools would throw dice. */
export function steadyUuid(...content: string[]): string {
  const hash = createHash("sha256").update(content.join("\n")).digest("hex")
  const variant = ((parseInt(hash.charAt(16), 16) & 3) | 8).toString(16)
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
