// Every pin of a catalogue at an invented newer version, written by the functions that bump uses.

import { isMap, isScalar, parseDocument } from "yaml"
import { readVersions } from "../../src/catalogue/versions.js"
import { withArchive, withReferenceTag, withSourcePin } from "../../src/plan/versions/pins.js"

/** versions.yaml after all of it was bumped, or what `wanted` names: tools, images and Go as well, which people bump by hand. */
export function aged(text: string, wanted: (name: string) => boolean = () => true): string {
  const { sources, references, previousReferences, archives } = readVersions("versions.yaml", text)
  let versions = text
  for (const [name, pin] of Object.entries(sources)) {
    if (!wanted(name)) continue
    const sum = pin.sum === undefined ? undefined : `h1:${"A".repeat(43)}=`
    const to = { version: newer(pin.version), commit: "ab".repeat(20), sum, created: "2031-02-03T04:05:06Z" }
    versions = withSourcePin(versions, name, pin, to)
  }
  for (const [name, tag] of Object.entries(references)) {
    if (!wanted(name)) continue
    versions = withReferenceTag(versions, name, tag, previousReferences[name] ?? [], newer(tag))
  }
  for (const [name, pin] of Object.entries(archives)) {
    if (!wanted(name)) continue
    // The makers have a checksum of every build.
    const sha256 = Object.fromEntries(Object.keys(pin.builds).map((build) => [build, "5e".repeat(32)]))
    versions = withArchive(versions, name, pin, { version: newer(pin.version), sha256 })
  }
  return byHand(versions, wanted)
}

function byHand(text: string, wanted: (name: string) => boolean): string {
  const document = parseDocument(text)
  for (const { key: name, value: tool } of entries(document.get("tools"))) {
    if (!wanted(String(name))) continue
    for (const { key, value } of entries(tool)) {
      if (!isScalar(value)) continue
      if (String(key) === "version") value.value = newerTool(String(value.value))
      if (String(key) === "sum") value.value = `h1:${"B".repeat(43)}=`
      if (String(key) === "go") value.value = newer(String(value.value))
    }
  }
  for (const { key, value } of entries(document.get("images"))) {
    if (wanted(String(key)) && isScalar(value)) value.value = newerImage(String(value.value))
  }
  if (wanted("go")) document.set("go", newer(String(document.get("go"))))
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function entries(node: unknown) {
  return isMap(node) ? node.items : []
}

/** v1.8.4-patch.2 is v1.9.7 then: any later version will do, as long as no test can have it written down. */
function newer(version: string): string {
  const later = version.replace(/(\d+)\.(\d+)\.\d+.*$/, (_, major, minor) => `${major}.${Number(minor) + 1}.7`)
  if (later === version) throw new Error(`no newer version can be invented for "${version}"`)
  return later
}

/** A module without releases has the time and the commit in its version. */
function newerTool(version: string): string {
  return version.replace(/^v0\.0\.0-\d{14}-[0-9a-f]{12}$/, `v0.0.0-20310203040506-${"ab".repeat(6)}`).replace(/^v(?!0\.0\.0-).*$/, newer)
}

/** The number in the tag, or the tag itself where a distribution has its name there. */
function newerImage(reference: string): string {
  const [name, tag] = [reference.slice(0, reference.lastIndexOf(":")), reference.slice(reference.lastIndexOf(":") + 1)]
  if (tag.includes("{version}")) return `${name}:${tag.replace(/-.*$/, "-later")}`
  return `${name}:${/\d+\.\d+\.\d+/.test(tag) ? newer(tag) : `later-${tag}`}`
}
