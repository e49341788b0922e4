// What one call has settled before it builds anything.

import type { Container, Directory, Platform, Secret, Service, Socket } from "@dagger.io/dagger"
import { withoutCredentials } from "../../base/addresses.js"
import type { Catalogue } from "../../catalogue/types.js"
import type { MirrorChoice } from "../../mirrors/choice.js"
import type { BytesFrom } from "../../plan/build/origins.js"
import type { BundleRecord } from "../../plan/bundle/items.js"
import type { ToolchainOptions } from "../toolchains/options.js"

/** What images are for. */
export const platform = "linux/amd64" as Platform

/** The caller's own source. */
export interface CustomSource {
  /** The name of the source that it stands for. */
  of: string
  checkout?: Directory
  git?: GitSource
  overlay?: Directory
  /** The folder of its manifest below the top of the checkout or repository. */
  path?: string
}

/** A git repository that may be private. */
export interface GitSource {
  url: string
  /** A branch, a tag or a commit. */
  ref: string
  username?: string
  token?: Secret
  ssh?: Socket
  knownHosts?: string
  /** Answers under the address's host name: a server of this call's own. */
  service?: Service
}

/** An offline bundle, whose layout bundle.ts describes. */
export interface Bundle {
  directory: Directory
  /** By the names of their files. */
  records: Record<string, BundleRecord>
}

/** An image as it was pulled. */
export interface PulledImage {
  container: Container
  /** Its usual name with the digest of what was pulled, wherever the bytes came from. */
  reference: string
  /** Where it was pulled from, where that is a registry. */
  address?: string
}

export interface Settings {
  catalogue: Catalogue
  from: BytesFrom
  /** What one of the sources is built from instead of, or on top of, what is pinned. */
  custom?: CustomSource
  /** Another version than the pinned one. */
  version?: string
  /** All that comes from outside comes from here. */
  bundle?: Bundle
  toolchainOptions: ToolchainOptions
  mirrors: MirrorChoice
  /** Registries of this call's own, by the host and port that they answer under. */
  registryServices?: Record<string, Service>
  /** The host and port that Docker Hub itself is asked under, where that is not docker.io: for tests. */
  hub?: string
  /** Answers under the host names of pinned sources' repositories: a server of this call's own. */
  sourceService?: Service
  /** Other addresses of git repositories and referenced images than the catalogue's, by name. */
  upstreams: Record<string, string>
  /** No step's earlier result is used: for comparing two builds. Anything that was never used. */
  fresh?: string
  /** Nor is what compilers have kept from other builds. */
  emptyCaches?: boolean
}

/** Refused attempts are worth a line in the log of the call. */
export function log(line: string): void {
  console.error(withoutCredentials(line))
}
