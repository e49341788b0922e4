// The package fallback: microdnf → dnf → yum → zypper → apk → apt-get → manual, planned as data.
// From what is wanted to ordered attempts; packagesScript.ts renders them, shell/install-packages.sh carries them out.

import { familyOf, knownPackages, layouts, type PackageLayout, packageDistributions } from "./packageData.js"
import * as valid from "./packageRules.js"

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
  /** Names, or a full description for what the table of known packages doesn't have. */
  want: (string | WantedPackage)[]
  /** Tried in order, before the sources that the image brings. */
  mirrors?: Partial<Record<PackageFamily, (string | PackageMirror)[]>>
  /** Leave the image's own sources out. */
  mirrorsOnly?: boolean
  /** Time limit of each attempt, 300 when not given. */
  limitSeconds?: number
}

/** One manager with the sources that it is tried with, in order. */
export interface PackageStep {
  manager: PackageManager
  packages: string[]
  /** They prove that the packages are there. */
  files: string[]
  sources: ("own" | Required<PackageMirror>)[]
}

export interface PackagePlan {
  /** What messages call it: the names of the wanted packages. */
  subject: string
  distribution: string
  limitSeconds: number
  steps: PackageStep[]
  /** The manual step, which needs a download for each wanted package. */
  downloads: (PackageDownload & { name: string })[]
  withoutDownload: string[]
}

/** The attempts in order. Throws one sentence for a request that cannot be planned. */
export function planPackages(request: PackageRequest): PackagePlan {
  if (!Object.hasOwn(layouts, request.distribution)) {
    throw new Error(`unknown distribution "${request.distribution}": use ${packageDistributions.join(", ")}`)
  }
  const layout = layouts[request.distribution]
  const wanted = wantedOf(request.want)
  checkFamilies(request.mirrors ?? {})
  return {
    subject: wanted.map((want) => want.name).join(", "),
    distribution: request.distribution,
    limitSeconds: valid.limit(request.limitSeconds ?? 300),
    steps: layout.managers.map((manager) => {
      const family = familyOf[manager]
      return {
        manager,
        packages: wanted.flatMap((want) => packagesOf(want, family)),
        files: wanted.flatMap((want) => want.files?.[family] ?? []).map((file) => valid.path(file, "file")),
        sources: sourcesOf(request, family, layout),
      }
    }),
    downloads: wanted.flatMap((want) => (want.manual ? [downloadOf(want.name, want.manual)] : [])),
    withoutDownload: wanted.filter((want) => !want.manual).map((want) => want.name),
  }
}

function wantedOf(want: PackageRequest["want"]): WantedPackage[] {
  if (want.length === 0) throw new Error("no package is asked for: name at least one")
  return want.map((item) => {
    const given = typeof item === "string" ? { name: item } : item
    const known = knownPackages.find((candidate) => candidate.name === valid.packageName(given.name))
    return {
      ...given,
      packages: { ...known?.packages, ...given.packages },
      files: { ...known?.files, ...given.files },
    }
  })
}

function packagesOf(want: WantedPackage, family: PackageFamily): string[] {
  const packages = want.packages?.[family] ?? [want.name]
  if (packages.length === 0) throw new Error(`${want.name}: the list of packages for ${family} is empty`)
  return packages.map(valid.packageName)
}

function checkFamilies(mirrors: NonNullable<PackageRequest["mirrors"]>): void {
  const families = [...new Set<string>(Object.values(familyOf))]
  for (const family of Object.keys(mirrors)) {
    if (!families.includes(family)) throw new Error(`mirrors: unknown family "${family}": use ${families.join(", ")}`)
  }
}

function sourcesOf(request: PackageRequest, family: PackageFamily, layout: PackageLayout): PackageStep["sources"] {
  const mirrors = (request.mirrors?.[family] ?? []).map((given) => mirrorOf(given, request.distribution, layout))
  if (!request.mirrorsOnly) return [...mirrors, "own"]
  if (mirrors.length === 0 && request.distribution !== "any") {
    throw new Error(`mirrorsOnly is set, but no mirror for ${family} is given`)
  }
  return mirrors
}

function mirrorOf(given: string | PackageMirror, distribution: string, layout: PackageLayout): Required<PackageMirror> {
  const mirror = typeof given === "string" ? { url: given } : given
  const url = valid.address(mirror.url, "mirror")
  const repositories = mirror.repositories ?? layout.repositories
  if (repositories.length === 0) {
    throw new Error(`mirror ${url}: name its repositories, there is no usual layout for distribution "${distribution}"`)
  }
  return {
    url,
    repositories: repositories.map((repository) => valid.repository(repository, `mirror ${url}: repository`)),
    unsigned: mirror.unsigned ?? false,
  }
}

function downloadOf(name: string, download: PackageDownload): PackagePlan["downloads"][number] {
  const subject = `${name}: manual`
  if (download.urls.length === 0) throw new Error(`${subject}: no address is given`)
  return {
    ...download,
    name,
    urls: download.urls.map((url) => valid.address(url, subject)),
    sha256: valid.sha256(download.sha256, `${subject}: sha256`),
    to: valid.path(download.to, subject),
    mode: valid.mode(download.mode ?? "0644", `${subject}: mode`),
  }
}
