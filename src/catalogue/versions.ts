// versions.yaml: what is pinned.

import { Reader } from "./reader.js"
import type { ArchivePin, PinnedSource, Pins, SourcePin, ToolPin } from "./types.js"

const sum = /^h1:[A-Za-z0-9+/]{43}=$/
const component = /^[a-z][a-z0-9-]*$/
const tag = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const archiveVersion = ["a version such as 7.0.30", /^\d+\.\d+\.\d+/] as const
const address = ["an address, http://… or https://…", /^https?:\/\/\S+$/] as const
const checksum = ["64 lower-case hexadecimal digits", /^[0-9a-f]{64}$/] as const
const digest = ["a digest, sha256:… with 64 hexadecimal digits", /^sha256:[0-9a-f]{64}$/] as const
const packageName = /^[A-Za-z0-9][A-Za-z0-9+._-]*$/
const packageVersion = /^[A-Za-z0-9][A-Za-z0-9+._:~^-]*$/
const goVersion = /^\d+\.\d+\.\d+$/

export function readVersions(file: string, text: string): Pins {
  const root = Reader.parse(file, text)
  if (root.missing) root.fail("the keys sources, references, tools, images, go")
  root.keys(["sources", "references", "previousReferences", "archives", "tools", "images", "digests", "packages", "go"])
  return {
    sources: Object.fromEntries(root.at("sources").entries().map(([key, value]) => [key, readPinnedSource(value)])),
    references: root.at("references").dictionary("a component's name", component, "an image's tag", tag),
    previousReferences: Object.fromEntries(
      root.at("previousReferences").entries().map(([key, value]) => [key, value.texts("an image's tag", tag)]),
    ),
    archives: Object.fromEntries(root.at("archives").entries().map(([key, value]) => [key, readArchive(value)])),
    tools: Object.fromEntries(root.at("tools").entries().map(([key, value]) => [key, readTool(value)])),
    images: root.at("images").dictionary("an image's name", /^[a-z]+$/),
    digests: root.at("digests").dictionary("a full image reference", /\//, ...digest),
    packages: Object.fromEntries(
      root.at("packages").entries().map(([key, value]) => [key, value.dictionary("a package's name", packageName, "a package's version", packageVersion)]),
    ),
    go: root.at("go").text("a full Go version such as 1.25.0", goVersion),
  }
}

function readPinnedSource(reader: Reader): PinnedSource {
  reader.keys([...pinKeys, "previous"])
  const previous = reader.at("previous").items().map((item) => {
    item.keys(pinKeys)
    return readSourcePin(item)
  })
  return { ...readSourcePin(reader), previous }
}

const pinKeys = ["version", "commit", "sum", "created"]

function readSourcePin(reader: Reader): SourcePin {
  return {
    version: reader.at("version").text("a version such as v3.8.3", /^v\d/),
    commit: reader.at("commit").text("a full commit of 40 hexadecimal digits", /^[0-9a-f]{40}$/),
    sum: reader.at("sum").optionalText("a Go module's checksum, h1:…", sum),
    created: reader.at("created").text("a time such as 2025-01-04T03:46:59Z", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  }
}

/** {version} in an address is the archive's version, so that a new one is a change of two lines. */
function readArchive(reader: Reader): ArchivePin {
  reader.keys(["version", "limitSeconds", "builds", "previous"])
  const version = reader.at("version").text(...archiveVersion)
  const builds = reader.at("builds").entries().map(([key, value]) => {
    value.keys(["makers", "urls", "sha256"])
    const given = value.at("makers").optionalText(...address)
    const others = value.at("urls").missing && given !== undefined ? [] : value.at("urls").texts(...address)
    if (given === undefined && others.length === 0) value.at("urls").fail("at least one address")
    const [makers, ...urls] = [given, ...others].map((url) => url?.replaceAll("{version}", version))
    const sha256 = value.at("sha256").optionalText(...checksum)
    return [key, { urls: [makers, ...urls].filter((url) => url !== undefined), ...(makers === undefined ? {} : { makers }), sha256 }] as const
  })
  const limit = reader.at("limitSeconds")
  const limitSeconds = limit.missing ? 900 : limit.whole("seconds from 1 to 7200", 1, 7200)
  const previous = reader.at("previous").items().map((item) => {
    item.keys(["version", "sha256"])
    const sha256 = item.at("sha256").dictionary("a build's name", component, ...checksum)
    return { version: item.at("version").text(...archiveVersion), sha256 }
  })
  return { version, limitSeconds, builds: Object.fromEntries(builds), previous }
}

function readTool(reader: Reader): ToolPin {
  reader.keys(["module", "version", "sum", "package", "go"])
  return {
    module: reader.at("module").text("a Go module path"),
    version: reader.at("version").text("a version such as v1.17.0", /^v\d/),
    sum: reader.at("sum").text("a Go module's checksum, h1:…", sum),
    package: reader.at("package").text("the main package's folder below the module"),
    go: reader.at("go").text("a full Go version such as 1.25.0", goVersion),
  }
}
