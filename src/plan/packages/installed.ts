// Servers that are installed: what goes onto which base, and what their images say about themselves.

import { entryOf, firstIn } from "../../base/entries.js"
import { Problem } from "../../base/problem.js"
import { archiveBuild, pinnedArchive } from "../../catalogue/lookup.js"
import { anyDistribution } from "../../catalogue/references.js"
import type { ArchiveBuild, BaseEntry, Catalogue, InstallEntry, InstalledEntry, ToolPin } from "../../catalogue/types.js"
import { binFolder, type ImagePlan, labelsOf, type SourceFacts } from "../build/image.js"
import { type BaseFacts, withoutIdentity } from "../build/imageInputs.js"
import { type ImageInputs, recipeRevision, shortDigest, type ToolchainVersion } from "../build/inputs.js"
import type { ProvenanceResource } from "../supplychain/resources.js"
import { helperToolchain, helperVersion, toolPin, toolVersion } from "../toolchains/helpers.js"
import { familyOf, layouts } from "./data.js"
import { planDownload } from "./packages.js"
import type { PackageFamily, PackagePlan, WantedPackage } from "./types.js"

/** All tools of versions.yaml that it has: the main one, then those beside it. */
export const toolsOf = ({ tool, tools = [] }: InstallEntry): string[] => [tool ?? [], tools].flat()

/** How a server gets onto a base. Throws one sentence where it cannot. */
export function installOf(catalogue: Catalogue, component: InstalledEntry, base: BaseEntry): InstallEntry {
  const on = ({ distribution }: BaseEntry) => component.install[distribution] ?? component.install[anyDistribution]
  const install = on(base)
  if (install === undefined) throw new Error(`stack.yaml: ${component.name} has no entry for ${base.distribution} in install`)
  if (install.unavailable === undefined) return install
  const others = Object.entries(catalogue.bases).filter(([, other]) => on(other)?.unavailable === undefined)
  const next = others.map(([name]) => `--base=${name}`).join(" or ")
  throw new Problem(`${component.name} is not available on ${base.distribution}: ${install.unavailable}`, `use ${next || "another server"}`)
}

/** The packages of an installation, for the package fallback. */
export function packagesOf({ packages, files, without = [] }: InstallEntry, base: BaseEntry): WantedPackage[] {
  const family = packageFamily(base)
  return packages.map((name, index) => (index === 0 ? { name, files: { [family]: files }, without } : { name, files: {} }))
}

function packageFamily({ distribution }: BaseEntry): PackageFamily {
  return familyOf[firstIn(entryOf("distribution", layouts, distribution).managers, "package manager")]
}

/** Downloads an archive into /archive, from the first mirror that has it. Never one whose checksum nobody knows. */
export function archivePlan(catalogue: Catalogue, component: InstalledEntry, name: string, mirrors: string[] = []): PackagePlan {
  const { limitSeconds, build } = archiveOf(catalogue, component, name)
  if (build.sha256 === undefined) throw uncheckedArchive(catalogue, component.name, name)
  const urls = [...new Set([...mirrors.map((mirror) => `${mirror}/${fileOf(build)}`), ...build.urls])]
  const download = { urls, sha256: build.sha256, to: "/archive", unpack: true, stripTop: true }
  return planDownload(component.name, download, limitSeconds)
}

/** The same, but the file as it is, into a folder, under the name by which a mirror must have it. */
export function archiveFilePlan(
  catalogue: Catalogue,
  component: InstalledEntry,
  name: string,
  folder: string,
  mirrors: string[] = [],
): PackagePlan {
  const plan = archivePlan(catalogue, component, name, mirrors)
  const to = `${folder}/${fileOf(archiveOf(catalogue, component, name).build)}`
  return { ...plan, downloads: plan.downloads.map((download) => ({ ...download, to, unpack: false, stripTop: false, mode: "0644" })) }
}

/** Why an archive is not downloaded: nobody has recorded its checksum, and (`reason`) its makers did not say it. */
export function uncheckedArchive({ pins }: Catalogue, component: string, name: string, reason?: string): Error {
  const { version } = pinnedArchive({ pins }, component)
  const { makers } = archiveBuild({ pins }, component, name)
  const asked =
    makers === undefined
      ? "and versions.yaml names no address of its makers (makers)"
      : `and the one of its makers ${reason === undefined ? "is not known here" : `cannot be read (${reason})`}`
  const where = makers === undefined ? "find what its makers publish" : `read ${checksumAddress(makers)} where it can be reached`
  return new Problem(
    `${component} ${version} for ${name} has no checksum in versions.yaml, ${asked}. Nothing is downloaded unchecked`,
    `${where}, and record it as archives.${component}.builds.${name}.sha256 ` +
      `(there, bump --component=${component} does so), or use your own --catalogue`,
  )
}

/** Where the makers of an archive publish its checksum. */
export function checksumAddress(makers: string): string {
  return `${makers}.sha256`
}

/** The command that asks for it; never on from https to anything else. */
export function askForSum(makers: string): string[] {
  return ["curl", "-fsSL", ...(makers.startsWith("https:") ? ["--proto", "=https"] : []), checksumAddress(makers)]
}

/** Says whose checksum is believed. */
export function believedChecksum({ pins }: Catalogue, component: string, name: string, sha256: string): string {
  const { version } = pinnedArchive({ pins }, component)
  const from = checksumAddress(archiveBuild({ pins }, component, name).makers ?? "")
  return `${component} ${version} for ${name}: versions.yaml records no checksum, so the makers' is taken, ${sha256} from ${from}. lock or bump writes it down`
}

/** The same catalogue with the checksum of an archive. */
export function withChecksum(catalogue: Catalogue, component: string, name: string, sha256: string): Catalogue {
  const { pins } = catalogue
  const archive = pinnedArchive(catalogue, component)
  const builds = { ...archive.builds, [name]: { ...archiveBuild(catalogue, component, name), sha256 } }
  return { ...catalogue, pins: { ...pins, archives: { ...pins.archives, [component]: { ...archive, builds } } } }
}

/** What a mirror must call it. */
function fileOf({ urls }: ArchiveBuild): string {
  const url = firstIn(urls, "address")
  return url.slice(url.lastIndexOf("/") + 1)
}

function archiveOf(catalogue: Catalogue, component: InstalledEntry, name: string) {
  const { version, limitSeconds } = pinnedArchive(catalogue, component.name)
  return { version, limitSeconds, build: archiveBuild(catalogue, component.name, name) }
}

/** What the installed server says about itself. */
export interface ServerReport {
  version: string
  /** When its file was made. */
  created: string
  /** The package or archive that it came in. */
  origin: string
}

const packageVersion: Record<PackageFamily, (name: string) => string> = {
  apt: (name) => `dpkg-query -W -f '${"${Package} ${Version}"}' ${name}`,
  dnf: (name) => `rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE}' ${name}`,
  zypper: (name) => `rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE}' ${name}`,
  apk: (name) => `apk list -I ${name} 2>/dev/null | sed 's/-\\([0-9][^-]*-r[0-9]*\\) .*/ \\1/'`,
}

/** What the catalogue itself knows of a server: its version, time and origin; undefined where only the server can say it. */
export function knownReport({ pins }: Catalogue, { tool, java }: InstallEntry, pom = ""): ServerReport | undefined {
  if (tool !== undefined) {
    const pin = entryOf("tool", pins.tools, tool)
    return { version: toolRelease(pin), created: pin.created!, origin: `${pin.module} ${pin.version}` }
  }
  if (java === undefined) return undefined
  const version = /<dependency>[\s\S]*?<version>([^<]+)<\/version>/.exec(pom)?.[1]
  const created = /<project\.build\.outputTimestamp>([^<]+)<\//.exec(pom)?.[1]
  if (version === undefined || created === undefined)
    throw new Error(`java/${java}/pom.xml: the server comes first among the dependencies, and project.build.outputTimestamp is its time`)
  return { version, created, origin: `java/${java} ${version}` }
}

/** What the makers call the version of a tool. */
export function toolRelease({ release, version }: ToolPin): string {
  return release ?? version.replace(/^v/, "")
}

/** The same where the server is the runtime of its content. */
export function runtimeReport({ server }: InstalledEntry, { facts, toolchain }: ContentFacts): ServerReport {
  return { version: toolchain.version, created: facts.created, origin: `${server} ${toolchain.version}` }
}

/** Asks the server, which runs with the libraries of this base for the first time then. Some print their version as an error. */
export function reportScript(component: InstalledEntry, install: InstallEntry, base: BaseEntry): string {
  const time = `stat -L -c %Y "$(command -v ${component.server})"`
  const { archive, packages, runtime } = install
  const given = runtime ? "runtime" : archive && `archive ${archive}`
  const origin = given ? `echo ${given}` : packageVersion[packageFamily(base)](firstIn(packages, "package"))
  return `set -e; ${time}; ${component.server} ${component.versionOption} 2>&1 | head -n 1; ${origin}`
}

export function readReport(component: InstalledEntry, text: string): ServerReport {
  const [time = "", words, origin] = text.trim().split("\n")
  const version = /\d+\.\d+[0-9.]*/.exec(words ?? "")?.[0]
  if (!/^\d+$/.test(time) || version === undefined || origin === undefined) {
    throw new Error(`${component.name} is installed, but its version cannot be read from: ${text.slice(0, 200)}`)
  }
  return { version, created: new Date(Number(time) * 1000).toISOString().replace(".000Z", "Z"), origin }
}

/** The version of the makers, and the package or archive that it came in. */
export function factsOf(
  catalogue: Catalogue,
  component: InstalledEntry,
  install: InstallEntry,
  report: ServerReport,
): SourceFacts & { revision: string } {
  const { version, created, origin } = report
  const sha256 = install.archive === undefined ? undefined : archiveOf(catalogue, component, install.archive).build.sha256
  return { version, created, revision: sha256 === undefined ? origin : `sha256:${sha256}` }
}

/** What is known of files that a source makes for a server. */
export interface ContentFacts {
  /** Of the source's files. */
  digest: string
  facts: SourceFacts
  toolchain: ToolchainVersion
}

/** The version of an image with such files is the source's: the server only serves them. */
export function contentFacts(server: SourceFacts & { revision: string }, content?: ContentFacts): SourceFacts & { revision: string } {
  if (content === undefined) return server
  const { version, created } = content.facts
  return { version, created, revision: server.revision }
}

export function installedInputs(
  catalogue: Catalogue,
  component: InstalledEntry,
  base: BaseEntry,
  revision: string,
  prepared: BaseFacts,
  /** The start script, the helper, and what a Java program is made from. */
  texts: string[],
  content?: ContentFacts,
): ImageInputs {
  const image = installedPlan(component, base, { version: "", revision: "", created: "" })
  const files = Object.keys(component.files).length === 0 ? [] : [component.files]
  const { tool, tools = [], without = [] } = installOf(catalogue, component, base)
  const further = tools.map((name) => toolPin(catalogue, name))
  const compiler = tool === undefined ? undefined : toolVersion(toolPin(catalogue, tool))
  return {
    source: content === undefined ? revision : shortDigest([revision, content.digest]),
    toolchain: content?.toolchain ?? {
      name: helperToolchain.name,
      version: compiler ?? (component.helper === undefined ? "" : helperVersion(catalogue)),
    },
    base: prepared.reference,
    packages: prepared.packages,
    recipe: shortDigest([recipeRevision, withoutIdentity(image), component.data, texts, catalogue.user, ...files, ...without, ...further]),
  }
}

/** Says which version each package of an installation has in the image, a line each; one that goes by another name there is left out. */
export function packagesScript(catalogue: Catalogue, component: InstalledEntry, base: BaseEntry): string {
  const { packages } = installOf(catalogue, component, base)
  return packages.length === 0 ? "true" : `${packageVersion[packageFamily(base)](packages.join(" "))} || true`
}

/**
 * What was installed, as in-toto names it: the server, tools beside it, and packages. `revision` is the one in the image's label,
 * `installed` what packagesScript says.
 */
export function installedResources(
  catalogue: Catalogue,
  component: InstalledEntry,
  base: BaseEntry,
  revision: string,
  installed: string,
): ProvenanceResource[] {
  const install = installOf(catalogue, component, base)
  const type = { apt: "deb", dnf: "rpm", zypper: "rpm", apk: "apk" }[packageFamily(base)]
  const versions = Object.fromEntries(installed.split("\n").map((line) => line.trim().split(" ")))
  return [
    ...serverResource(catalogue, component, install, revision),
    ...toolsOf(install).map((name) => helperToolchain.toolResource(toolPin(catalogue, name))),
    ...install.packages.map((name) => {
      const version = versions[name] === undefined ? "" : `@${encodeURIComponent(versions[name])}`
      return { uri: `pkg:${type}/${base.distribution}/${name}${version}` }
    }),
  ]
}

/** Of a server that is neither a tool nor a package; the runtime of content is named by its toolchain. */
function serverResource(
  catalogue: Catalogue,
  component: InstalledEntry,
  { archive, java }: InstallEntry,
  revision: string,
): ProvenanceResource[] {
  if (archive !== undefined) {
    const { build } = archiveOf(catalogue, component, archive)
    return [{ uri: firstIn(build.urls, "address"), digest: { sha256: revision.replace(/^sha256:/, "") } }]
  }
  return java === undefined ? [] : [{ uri: `pkg:generic/${java}@${revision.split(" ")[1] ?? ""}` }]
}

export function installedPlan(component: InstalledEntry, base: BaseEntry, facts: SourceFacts): ImagePlan {
  return {
    labels: labelsOf(component, base, component, facts),
    env: component.env,
    ports: component.ports,
    entrypoint: [`${binFolder}/${component.start}`],
    arguments: [],
    health: `${binFolder}/${component.start} health`,
  }
}

/** The first day of the period in which a component is made once: packages are asked for again when it begins. */
export function periodOf(rhythm: string, now: Date): string {
  const day = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()))
  if (rhythm !== "daily") day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7))
  return day.toISOString().slice(0, 10)
}
