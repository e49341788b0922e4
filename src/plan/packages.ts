// The package fallback: microdnf → dnf → yum → zypper → apk → apt-get → manual, planned as data.
// From what is wanted to an ordered list of attempts; packagesScript.ts renders them as one shell script.

import type { Refusal } from "./attempts.js"

export type PackageManager = "microdnf" | "dnf" | "yum" | "zypper" | "apk" | "apt-get"

/** Managers of one family read the same repositories and know the packages by the same names. */
export type PackageFamily = "dnf" | "zypper" | "apk" | "apt"

/** Where a package can be had when no manager delivers it. The addresses are tried in order. */
export interface PackageDownload {
  urls: string[]
  sha256: string
  /** Absolute path: the file itself, or the folder that an archive is unpacked into. */
  to: string
  /** The download is a tar archive (whatever its compression is, `tar` must know it). */
  unpack?: boolean
  /** Leave out the archive's single top folder. */
  stripTop?: boolean
  /** Permissions of a plain file, "0644" when not given. */
  mode?: string
  /** Files of an archive that must be there afterwards. */
  files?: string[]
}

export interface WantedPackage {
  /** What people call it; its package name too in every family that `packages` leaves out. */
  name: string
  packages?: Partial<Record<PackageFamily, string[]>>
  /** Files that must be there afterwards: a manager that says "done" is not believed without them. */
  files?: Partial<Record<PackageFamily, string[]>>
  manual?: PackageDownload
}

/** A mirror holds a distribution's repositories in their usual layout, or the repositories named here. */
export interface PackageMirror {
  url: string
  /** What follows the address, one entry per repository, for apt with suite and components. Default: the usual ones. */
  repositories?: string[]
  /** Take packages without a signature (a repository of your own). */
  unsigned?: boolean
}

export interface PackageRequest {
  distribution: string
  /** The release's code name or number; part of the cache volume's name only. */
  release?: string
  /** Names, or a full description for what the table of known packages doesn't have. */
  want: (string | WantedPackage)[]
  mirrors?: Partial<Record<PackageFamily, (string | PackageMirror)[]>>
  /** When the sources that the image brings are tried: before the mirrors, after them (the default) or never. */
  ownSources?: "first" | "last" | "never"
  /** Time limit of each attempt, 300 when not given. */
  limitSeconds?: number
}

export interface PackageAttempt {
  name: string
  manager: PackageManager | "manual"
  /** Absent for the manual step. */
  family?: PackageFamily
  /** Absent: the sources that the image brings. */
  mirror?: PackageMirror
  /** Shell test that tells whether this attempt makes sense here at all. */
  probe: string
  /** Shell commands. $from holds the options that select the mirror, $work is a folder that is removed afterwards. */
  commands: string[]
  limitSeconds: number
}

export interface PackagePlan {
  /** What messages call it: the names of the wanted packages. */
  subject: string
  distribution: string
  release: string
  attempts: PackageAttempt[]
  /** Per family: what to install and which files prove it. */
  packages: Partial<Record<PackageFamily, string[]>>
  files: Partial<Record<PackageFamily, string[]>>
  /** The usual repositories below a mirror, per family. */
  repositories: Partial<Record<PackageFamily, string[]>>
  downloads: (PackageDownload & { name: string })[]
  /** Wanted packages that no download is given for: the manual step needs all of them. */
  withoutDownload: string[]
}

const chain: PackageManager[] = ["microdnf", "dnf", "yum", "zypper", "apk", "apt-get"]

const familyOf: Record<PackageManager, PackageFamily> = {
  microdnf: "dnf",
  dnf: "dnf",
  yum: "dnf",
  zypper: "zypper",
  apk: "apk",
  "apt-get": "apt",
}

interface PackageDistribution {
  managers: PackageManager[]
  /** The repositories below a mirror's address. {codename}, {version}, {minor}, {edition} come from /etc/os-release. */
  repositories: string[]
}

/** "any" is for an image whose distribution is not known beforehand: the whole chain. */
const distributions: Record<string, PackageDistribution> = {
  debian: {
    managers: ["apt-get"],
    repositories: [" {codename} main", " {codename}-updates main", "-security {codename}-security main"],
  },
  ubuntu: {
    managers: ["apt-get"],
    repositories: ["", "-updates", "-security"].map((pocket) => ` {codename}${pocket} main universe`),
  },
  anolis: {
    managers: ["microdnf", "dnf", "yum"],
    repositories: ["/8/BaseOS/$basearch/os", "/8/AppStream/$basearch/os"],
  },
  openeuler: {
    managers: ["dnf", "yum"],
    repositories: [
      "/openEuler-{edition}/OS/$basearch",
      "/openEuler-{edition}/everything/$basearch",
      "/openEuler-{edition}/update/$basearch",
    ],
  },
  opensuse: {
    managers: ["zypper"],
    repositories: ["/distribution/leap/{version}/repo/oss", "/update/leap/{version}/oss"],
  },
  alpine: {
    managers: ["apk"],
    repositories: ["/v{minor}/main", "/v{minor}/community"],
  },
  any: { managers: chain, repositories: [] },
}

export const packageDistributions = Object.keys(distributions)

const zone = "/usr/share/zoneinfo/Asia/Shanghai"
const bundle = "/etc/ssl/certs/ca-certificates.crt"

/** Packages that are named differently, or that are proved by a file. Everything else is called the same everywhere. */
const known: WantedPackage[] = [
  {
    name: "ca-certificates",
    packages: { zypper: ["ca-certificates", "ca-certificates-mozilla"] },
    files: {
      dnf: ["/etc/pki/tls/certs/ca-bundle.crt"],
      zypper: ["/var/lib/ca-certificates/ca-bundle.pem"],
      apk: [bundle],
      apt: [bundle],
    },
  },
  {
    name: "tzdata",
    packages: { zypper: ["timezone"] },
    files: { dnf: [zone], zypper: [zone], apk: [zone], apt: [zone] },
  },
]

/** The attempts in order. Throws one sentence for a request that cannot be planned. */
export function planPackages(request: PackageRequest): PackagePlan {
  const distribution = distributionOf(request.distribution)
  const limitSeconds = limitOf(request.limitSeconds)
  const wanted = wantedOf(request.want)
  const plan: PackagePlan = {
    subject: wanted.map((want) => want.name).join(", "),
    distribution: request.distribution,
    release: matching(request.release ?? "any", /^[A-Za-z0-9][A-Za-z0-9._-]*$/, "release", "a code name or a number"),
    attempts: [],
    packages: {},
    files: {},
    repositories: {},
    downloads: wanted.flatMap((want) => (want.manual ? [{ name: want.name, ...downloadOf(want) }] : [])),
    withoutDownload: wanted.filter((want) => !want.manual).map((want) => want.name),
  }
  for (const family of Object.keys(request.mirrors ?? {})) {
    if (!Object.values(familyOf).includes(family as PackageFamily)) {
      throw new Error(`mirrors: unknown family "${family}": use ${[...new Set(Object.values(familyOf))].join(", ")}`)
    }
  }
  for (const manager of distribution.managers) {
    const family = familyOf[manager]
    const packages = wanted.flatMap((want) => packagesOf(want, family))
    plan.packages[family] = packages
    plan.files[family] = wanted.flatMap((want) => filesOf(want.files?.[family] ?? []))
    plan.repositories[family] = distribution.repositories
    for (const mirror of sourcesOf(request, family, distribution)) {
      plan.attempts.push({
        name: mirror ? `${manager} via ${mirror.url}` : manager,
        manager,
        family,
        mirror,
        probe: `command -v ${manager}`,
        commands: commandsOf(manager, packages),
        limitSeconds,
      })
    }
  }
  plan.attempts.push({
    name: "manual",
    manager: "manual",
    probe: "command -v curl || command -v wget",
    commands: plan.downloads.map((download) => `download ${download.name} to ${download.to}`),
    limitSeconds,
  })
  return plan
}

/** What a script's record says: which attempt did it, and who refused before. */
export interface PackageOutcome {
  /** Absent when nothing worked. */
  by?: string
  refusals: Refusal[]
}

/** Reads the record (tab-separated: "refused", name, reason; "done", name). */
export function readPackageRecord(record: string): PackageOutcome {
  const outcome: PackageOutcome = { refusals: [] }
  for (const line of record.split("\n")) {
    const [kind, name, reason] = line.split("\t")
    if (kind === "refused") outcome.refusals.push({ name, reason })
    if (kind === "done") outcome.by = name
  }
  return outcome
}

/**
 * What a manager writes besides the packages goes to $work, so the image keeps neither caches nor new sources.
 * exec, so that a time limit reaches the manager itself and not a shell in front of it.
 */
function commandsOf(manager: PackageManager, packages: string[]): string[] {
  const names = packages.join(" ")
  switch (manager) {
    case "microdnf":
      // It refuses options it doesn't know, so its cache stays where it is and is removed afterwards.
      return [`exec microdnf install -y --nodocs --setopt=install_weak_deps=0 $from ${names}`]
    case "dnf":
    case "yum":
      return [
        `exec ${manager} -y --setopt=install_weak_deps=False --setopt=tsflags=nodocs ` +
          `--setopt=cachedir="$work/cache" --setopt=logdir="$work/log" $from install ${names}`,
      ]
    case "zypper":
      return [`exec zypper --non-interactive --cache-dir "$work/cache" $from install --no-recommends ${names}`]
    case "apk":
      return [`exec apk add --no-cache $from ${names}`]
    case "apt-get": {
      const options =
        `-q -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o Dir::Cache::archives="$archives" ` +
        `-o Dir::Log="$work/log" $from`
      return [
        // Without Error-Mode=any a mirror that cannot be reached is only a warning.
        `apt-get ${options} -o APT::Update::Error-Mode=any update`,
        `exec apt-get ${options} -y --no-install-recommends -o Dpkg::Use-Pty=0 ` +
          `-o Dpkg::Options::=--log="$work/log/dpkg.log" install ${names}`,
      ]
    }
  }
}

function distributionOf(name: string): PackageDistribution {
  if (!Object.hasOwn(distributions, name)) {
    throw new Error(`unknown distribution "${name}": use ${packageDistributions.join(", ")}`)
  }
  return distributions[name]
}

function limitOf(limit = 300): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > 7200) {
    throw new Error(`limitSeconds is ${limit}: use a whole number of seconds from 1 to 7200`)
  }
  return limit
}

function wantedOf(want: (string | WantedPackage)[]): WantedPackage[] {
  if (want.length === 0) throw new Error("no package is asked for: name at least one")
  return want.map((item) => {
    const given = typeof item === "string" ? { name: item } : item
    packageName(given.name)
    const entry = known.find((candidate) => candidate.name === given.name)
    return {
      ...given,
      packages: { ...entry?.packages, ...given.packages },
      files: { ...entry?.files, ...given.files },
    }
  })
}

function packagesOf(want: WantedPackage, family: PackageFamily): string[] {
  const packages = want.packages?.[family] ?? [want.name]
  if (packages.length === 0) throw new Error(`${want.name}: the list of packages for ${family} is empty`)
  return packages.map(packageName)
}

function filesOf(files: string[]): string[] {
  return files.map((file) => path(file, "file"))
}

function sourcesOf(
  request: PackageRequest,
  family: PackageFamily,
  distribution: PackageDistribution,
): (PackageMirror | undefined)[] {
  const mirrors = (request.mirrors?.[family] ?? []).map((given) => mirrorOf(given, request.distribution, distribution))
  switch (request.ownSources ?? "last") {
    case "first":
      return [undefined, ...mirrors]
    case "last":
      return [...mirrors, undefined]
    case "never":
      if (mirrors.length > 0 || request.distribution === "any") return mirrors
      throw new Error(`ownSources is "never", but no mirror for ${family} is given`)
    default:
      throw new Error(`ownSources is "${request.ownSources}": use first, last or never`)
  }
}

function mirrorOf(given: string | PackageMirror, name: string, distribution: PackageDistribution): PackageMirror {
  const mirror = typeof given === "string" ? { url: given } : given
  const repositories = mirror.repositories ?? distribution.repositories
  if (repositories.length === 0) {
    throw new Error(`mirror ${mirror.url}: name its repositories, there is no usual layout for distribution "${name}"`)
  }
  for (const repository of repositories) {
    const subject = `mirror ${mirror.url}: repository`
    matching(repository, /^[A-Za-z0-9 $\/{}._~+-]*$/, subject, "a path, for apt with suite and components")
  }
  return { ...mirror, url: address(mirror.url, "mirror"), repositories }
}

function downloadOf(want: WantedPackage): PackageDownload {
  const download = want.manual!
  const subject = `${want.name}: manual`
  if (download.urls.length === 0) throw new Error(`${subject}: no address is given`)
  if (download.unpack && !download.files?.length) {
    throw new Error(`${subject}: name the files that the archive must bring, or nothing proves that it did`)
  }
  return {
    ...download,
    urls: download.urls.map((url) => address(url, subject)),
    sha256: matching(download.sha256, /^[0-9a-f]{64}$/, `${subject}: sha256`, "64 lower-case hexadecimal digits"),
    to: path(download.to, subject),
    mode: matching(download.mode ?? "0644", /^[0-7]{3,4}$/, `${subject}: mode`, "an octal number such as 0644"),
    files: filesOf(download.files ?? []),
  }
}

/** Only what a package name may hold: it goes into a command line, where "-x" or "$(…)" would be something else. */
function packageName(name: string): string {
  return matching(name, /^[A-Za-z0-9][A-Za-z0-9+._:=~-]*$/, "package", "a package name, with its version at most")
}

/** A password in an address would end in layers and logs, so it is refused here. */
function address(url: string, subject: string): string {
  if (/^[a-z]+:\/\/[^/]*@/.test(url)) {
    throw new Error(`${subject}: the address ${url.replace(/\/\/[^/]*@/, "//***@")} holds credentials: use one without`)
  }
  const pattern = /^(https?|ftp|file):\/\/[A-Za-z0-9._~:\/?#\[\]&%+,;=-]*$/
  return matching(url, pattern, `${subject}: address`, "http://… or https://…").replace(/\/+$/, "")
}

function path(value: string, subject: string): string {
  if (value.split("/").includes("..")) throw new Error(`${subject}: path "${value}" must not contain ".."`)
  return matching(value, /^\/[A-Za-z0-9._\/+@-]+$/, `${subject}: path`, "an absolute path without blanks")
}

function matching(value: string, pattern: RegExp, subject: string, expected: string): string {
  if (!pattern.test(value)) throw new Error(`${subject} "${value}" is not valid: expected ${expected}`)
  return value
}
