// What is known about distributions and packages.

import type { PackageFamily, PackageManager, WantedPackage } from "./types.js"

/** In the order of the fallback. */
export const familyOf: Record<PackageManager, PackageFamily> = {
  microdnf: "dnf",
  dnf: "dnf",
  yum: "dnf",
  zypper: "zypper",
  apk: "apk",
  "apt-get": "apt",
}

export interface PackageLayout {
  managers: PackageManager[]
  /** The repositories below a mirror's address. {codename}, {version}, {minor}, {edition} come from /etc/os-release. */
  repositories: string[]
}

/** "any" is for an image whose distribution is not known beforehand: the whole chain. */
export const layouts: Record<string, PackageLayout> = {
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
  any: { managers: Object.keys(familyOf) as PackageManager[], repositories: [] },
}

export const packageDistributions = Object.keys(layouts)

const zone = "/usr/share/zoneinfo/Asia/Shanghai"
const bundle = "/etc/ssl/certs/ca-certificates.crt"

/** Packages that are named differently, or that are proved by a file. Everything else is called the same everywhere. */
export const knownPackages: WantedPackage[] = [
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
