// versions.yaml: what is pinned.

import * as v from "valibot"
import { digestPattern, tagPattern } from "../base/references.js"
import { Examined } from "./examine.js"
import { about, list, mapping, name, text, whole } from "./fields.js"

const goSum = () => text("a Go module's checksum, h1:…", /^h1:[A-Za-z0-9+/]{43}=$/)
const goVersion = () => text("a full Go version such as 1.25.0", /^\d+\.\d+\.\d+$/)
const tagName = () => text("an image's tag", tagPattern)
const componentName = () => name("a component's name")
const archiveNumber = () => text("a version such as 7.0.30", /^\d+\.\d+\.\d+/)
const address = () => text("an address, http://… or https://…", /^https?:\/\/\S+$/)
const checksum = () => text("64 lower-case hexadecimal digits", /^[0-9a-f]{64}$/)
const digest = () => text("a digest, sha256:… with 64 hexadecimal digits", digestPattern)
const time = () => text("a time such as 2025-01-04T03:46:59Z", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
const tagOrModule = () => text("a version such as v3.8.3", /^v\d/)

const commit = () => text("a full commit of 40 hexadecimal digits", /^[0-9a-f]{40}$/)

const pin = {
  version: about("The tag.", tagOrModule()),
  commit: about(
    "The commit that the tag named when it was pinned. A source that is a folder of this project has none.",
    v.optional(commit()),
  ),
  sum: about("The checksum of the Go module. A version that no module proxy has goes without.", v.optional(goSum())),
  created: about("The time of the commit.", time()),
}

export const sourcePinSchema = v.strictObject(pin)

export const pinnedSourceSchema = v.strictObject({
  ...pin,
  previous: about(
    "What was pinned before, the last one first. `bump` writes it.",
    list(v.strictObject({ ...pin, commit: about("The commit that the tag named when it was pinned.", commit()) })),
  ),
})

export const archiveVersionSchema = v.strictObject({
  version: about("The version.", archiveNumber()),
  sha256: about("Checksums by build, of those that have one.", mapping(name("a build's name"), checksum())),
})

const archiveBuildSchema = v.pipe(
  v.strictObject({
    makers: about(
      "The makers' own address, which is tried first. {version} stands for the version. The checksum beside the file (.sha256 behind its name) counts where none is recorded.",
      v.optional(address()),
    ),
    urls: about("Other addresses of the same file, in the order in which they are tried. Their checksums never count.", list(address())),
    sha256: about("The recorded checksum. Without it, builds ask the makers.", v.optional(checksum())),
  }),
  v.forward(
    v.partialCheck([["makers"], ["urls"]], ({ makers, urls }) => makers !== undefined || urls.length > 0, "at least one address"),
    ["urls"],
  ),
)

export interface BuildAddresses {
  /** Addresses of the same file, in order: the makers' own first, where there is one. */
  urls: string[]
  /** The makers' own address. */
  makers?: string
  /** Absent where nobody has recorded it yet: then the makers are asked for it. */
  sha256?: string
}

export const archiveSchema = v.pipe(
  v.strictObject({
    version: about("The version, which replaces {version} in addresses.", archiveNumber()),
    limitSeconds: about("The time that each address may take, in seconds.", v.optional(whole(1, 7200, "seconds"), 900)),
    builds: about("The files, by the names that stack.yaml uses (`archive`).", mapping(v.string(), archiveBuildSchema)),
    previous: about("What was pinned before, the last one first. `bump` writes it.", list(archiveVersionSchema)),
  }),
  v.transform(({ builds, ...archive }) => ({ ...archive, builds: withVersion(builds, archive.version) })),
)

/** {version} in an address is the archive's version, so that a new one is a change of two lines. */
function withVersion(builds: Record<string, v.InferOutput<typeof archiveBuildSchema>>, version: string): Record<string, BuildAddresses> {
  const filled = (url: string) => url.replaceAll("{version}", version)
  const entries = Object.entries(builds).map(([name, { makers, urls, sha256 }]): [string, BuildAddresses] => {
    if (makers === undefined) return [name, { urls: urls.map(filled), sha256 }]
    return [name, { urls: [makers, ...urls].map(filled), makers: filled(makers), sha256 }]
  })
  return Object.fromEntries(entries)
}

export const toolSchema = v.strictObject({
  module: about("The Go module.", text("a Go module path")),
  version: about("The module's version.", text("a version such as v1.17.0", /^v\d/)),
  sum: about("The checksum of the Go module.", goSum()),
  package: about("The main package's folder.", text("the main package's folder below the module")),
  go: about("The Go version that builds it.", goVersion()),
  created: about("The time of the version. Required where it is a server of an image.", v.optional(time())),
  release: about("What its makers call this version, where it is not the module's.", v.optional(text())),
  set: about(
    "Variables of the program that the linker sets, by their full names. {release} stands for the release.",
    v.optional(
      v.record(
        text("the name of a variable such as example.com/tool/cmd.Version", /^[A-Za-z0-9_./-]+\.[A-Za-z0-9_]+$/),
        text("a text without spaces and quotes", /^[^\s'"]+$/),
      ),
    ),
  ),
})

export const versionsSchema = v.strictObject({
  sources: about("Versions of the sources in stack.yaml.", mapping(v.string(), pinnedSourceSchema)),
  references: about("Tags of referenced images, by component.", mapping(componentName(), tagName())),
  previousReferences: about("Their earlier tags, the last one first. `bump` writes them.", mapping(v.string(), v.array(tagName()))),
  archives: about("Downloads of what no package manager has, by component.", mapping(v.string(), archiveSchema)),
  tools: about("Go programs that builds, tests and releases use.", mapping(v.string(), toolSchema)),
  images: about(
    "Images that builds and services start from. golang, debian and node are required. {version} in golang is the version of Go.",
    mapping(text("an image's name", /^[a-z]+$/), text("an image reference", /^/)),
  ),
  digests: about(
    "Digests of images, by full reference. They count where images are pulled from a registry. `bump --bases` writes them.",
    mapping(text("a full image reference", /\//), digest()),
  ),
  packages: about(
    "Versions of packages, by what is installed on which image. `lock` writes them.",
    mapping(
      v.string(),
      v.record(text("a package's name", /^[A-Za-z0-9][A-Za-z0-9+._-]*$/), text("a package's version", /^[A-Za-z0-9][A-Za-z0-9+._:~^-]*$/)),
    ),
  ),
  go: about(
    "The Go version that fetches modules before a source's own version is known, and that builds this project's programs.",
    goVersion(),
  ),
})

export function readVersions(file: string, text: string): v.InferOutput<typeof versionsSchema> {
  return Examined.outputs(Examined.file(file, text, versionsSchema))[0]
}
