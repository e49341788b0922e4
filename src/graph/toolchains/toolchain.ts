// What a toolchain does in containers. The other half of it, ToolchainPlan, decides without asking anybody; toolchains.ts finds both.

import type { Container, Directory, File } from "@dagger.io/dagger"
import type { ContentEntry, PinnedSource, ProgramEntry, SourceEntry, SourcePin } from "../../catalogue/types.js"
import type { ToolchainVersion } from "../../plan/build/inputs.js"
import type { HelperPlan, ToolchainPlan } from "../../plan/toolchains/toolchain.js"
import type { FoundSource, ResolvedSource } from "../build/foundSource.js"
import type { Settings } from "../call/settings.js"

/** A toolchain in one version, in a container that is ready to build. */
export interface PreparedToolchain extends ToolchainVersion {
  container: Container
}

/** All programs as one file that picks by its name, or a file for each. */
export type ProgramLayout = "multicall" | "separate"

export interface BuildOrder {
  source: ResolvedSource
  /** The programs that are wanted, and all that the source has. */
  wanted: ProgramEntry[]
  all: ProgramEntry[]
  layout: ProgramLayout
  /** One of the toolchain's builders. */
  builder: string
}

/** By program: a digest of the files that it is made from, or why it cannot be built. */
export interface ProgramDigests {
  digests: Record<string, string>
  failures: Record<string, string>
}

export interface ProgramMaker {
  /** The programs, each a file or a link by its name. */
  build(settings: Settings, toolchain: PreparedToolchain, order: BuildOrder): Promise<Directory>
  inputs(settings: Settings, toolchain: PreparedToolchain, source: ResolvedSource, programs: ProgramEntry[]): Promise<ProgramDigests>
}

export interface Toolchain extends ToolchainPlan {
  /** Without a version any will do: to fetch sources, or to ask about them. */
  prepare(settings: Settings, version?: string): Promise<PreparedToolchain>
  /** Absent where it makes no programs. */
  programs?: ProgramMaker
  /** Files that a source makes below a folder; absent where it makes none. */
  content?(settings: Settings, toolchain: PreparedToolchain, source: ResolvedSource, content: ContentEntry): Promise<Directory>
  /** Refuses files that a server in an image cannot use, such as those for another version of it. Absent where any can. */
  checkContent?(toolchain: PreparedToolchain, files: Directory, server: Container): Promise<void>
  /** The texts of a source's other files that say which version it needs. */
  versionTexts(source: FoundSource): Promise<string[]>
  /** Other defaults of a Dockerfile's build arguments, by what the caller has said. */
  dockerfileArguments(settings: Settings): Promise<Record<string, string>>
  /** Absent where products are not published in a package registry: their sources come from git. */
  registry?: SourceRegistry
  bundled: BundledParts
}

/** Where the toolchain's own world publishes sources. */
export interface SourceRegistry {
  /** A source in it, such as: Go module example.com/shop. */
  title(entry: SourceEntry): string
  fetch(settings: Settings, entry: SourceEntry, version: string, pin?: SourcePin): Promise<FoundSource>
  /** Which version of the toolchain a version of a source needs, without fetching the source. */
  versionOf(settings: Settings, entry: SourceEntry, version: string): Promise<string>
  /** A container that asks without earlier answers. */
  asking(settings: Settings): Promise<Container>
  /** Its versions; of the pinned one also the commit. */
  versions(asking: Container, module: string, pinned: string): Promise<Map<string, string | undefined>>
  facts(asking: Container, module: string, version: string): Promise<{ commit?: string; created?: string; sum?: string }>
  /** The files of a version, in a folder of a container. */
  files(asking: Container, module: string, version: string): Promise<{ container: Container; folder: string }>
}

/** What is taken from outside, as files at their places in a bundle. */
export interface BundledParts {
  /** A pinned source with all that it names. */
  source(settings: Settings, source: ResolvedSource, entry: SourceEntry, pin: PinnedSource): Promise<Directory>
  /** What these programs of a custom source import; the source itself comes along with each call. */
  imports(settings: Settings, source: ResolvedSource, programs: ProgramEntry[]): Promise<Directory>
}

/** The toolchain that also compiles this project's own programs, and the tools of versions.yaml. */
export interface HelperToolchain extends Toolchain, HelperPlan {
  registry: SourceRegistry
  helper(settings: Settings, toolchain: PreparedToolchain, name: string): File
  tool(settings: Settings, toolchain: PreparedToolchain, name: string): Promise<File>
  /** The tests of all helpers, each in a container that prints their results. */
  helperTests(settings: Settings): Promise<Container[]>
  bundled: BundledParts & {
    helper(settings: Settings, name: string): Promise<Directory>
    /** `like`: the version that a source needs, whose tool it is. */
    tool(settings: Settings, name: string, like?: ToolchainVersion): Promise<Directory>
  }
}
