// The package fallback: microdnf → dnf → yum → zypper → apk → apt-get → manual, planned as data.
// From what is wanted to ordered attempts; packagesScript.ts renders them, shell/install-packages.sh carries them out.

import { entryOf } from "../../base/entries.js"
import { familyOf, knownPackages, layouts, type PackageLayout } from "./data.js"
import * as valid from "./rules.js"
import type { PackageDownload, PackageFamily, PackageMirror, PackagePlan, PackageRequest, PackageStep, WantedPackage } from "./types.js"

/** The attempts in order. Throws one sentence for a request that cannot be planned. */
export function planPackages(request: PackageRequest): PackagePlan {
  const layout = entryOf("distribution", layouts, request.distribution)
  const wanted = wantedOf(request.want)
  checkFamilies(request.mirrors ?? {})
  const without = wanted.flatMap((want) => want.without ?? []).map((file) => valid.path(file, "without"))
  return {
    subject: wanted.map((want) => want.name).join(", "),
    distribution: request.distribution,
    limitSeconds: valid.limit(request.limitSeconds ?? 300),
    asOf: request.asOf === undefined ? undefined : valid.day(request.asOf),
    steps: layout.managers.flatMap((manager) => {
      const family = familyOf[manager]
      const step: PackageStep = {
        manager,
        packages: wanted.flatMap((want) => packagesOf(want, family)),
        files: wanted.flatMap((want) => want.files?.[family] ?? []).map((file) => valid.path(file, "file")),
        sources: sourcesOf(request, family, layout),
      }
      return request.locked === undefined ? [step] : [{ ...step, packages: exactly(request.locked, family), wanted: step.packages }, step]
    }),
    downloads: wanted.flatMap((want) => (want.manual ? [downloadOf(want.name, want.manual)] : [])),
    withoutDownload: wanted.filter((want) => !want.manual).map((want) => want.name),
    ...(without.length === 0 ? {} : { without }),
  }
}

/** Nothing but the manual step: for a file that no package manager has. */
export function planDownload(name: string, download: PackageDownload, limitSeconds = 300): PackagePlan {
  return {
    subject: valid.packageName(name),
    distribution: "any",
    limitSeconds: valid.limit(limitSeconds),
    steps: [],
    downloads: [downloadOf(name, download)],
    withoutDownload: [],
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

/** Packages with their versions, as a family's managers take them. */
function exactly(versions: Record<string, string>, family: PackageFamily): string[] {
  const between = family === "apt" || family === "apk" ? "=" : "-"
  return Object.entries(versions).map(([name, version]) => valid.packageName(`${name}${between}${version}`))
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
