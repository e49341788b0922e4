// What the package fallback is asked for, and what it plans.

export type PackageManager = "microdnf" | "dnf" | "yum" | "zypper" | "apk" | "apt-get"

/** Managers of one family read the same repositories and know the packages by the same names. */
export type PackageFamily = "dnf" | "zypper" | "apk" | "apt"

/** Where a package is available when no manager delivers it. The addresses are tried in order. */
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
  /** Files and folders that it makes while it is installed, and that are removed again. */
  without?: string[]
}

/** A mirror holds a distribution's repositories in their usual layout, or the repositories named here. */
export interface PackageMirror {
  url: string
  /** What follows the address, one entry per repository, for apt with suite and components. Default: the usual ones. */
  repositories?: string[]
  /** Take packages without a signature (your own repository). */
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
  /** The version of each package, of those that the wanted ones need as well: asked for first. Where they are not available any more, any version will do. */
  locked?: Record<string, string>
  /** A day such as 2026-11-23: another one asks the repositories again, where the engine would keep an earlier answer for good. */
  asOf?: string
}

/** One manager with the sources that it is tried with, in order. */
export interface PackageStep {
  manager: PackageManager
  packages: string[]
  /** Where the packages are locked with all that they need: the names of those that are wanted themselves. */
  wanted?: string[]
  /** They prove that the packages are there. */
  files: string[]
  sources: ("own" | Required<PackageMirror>)[]
}

export interface PackagePlan {
  /** What messages call it: the names of the wanted packages. */
  subject: string
  distribution: string
  limitSeconds: number
  asOf?: string
  steps: PackageStep[]
  /** The manual step, which needs a download for each wanted package. */
  downloads: (PackageDownload & { name: string })[]
  withoutDownload: string[]
  /** What is removed again in the same step. */
  without?: string[]
}
