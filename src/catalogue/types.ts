// What stack.yaml and versions.yaml say, after validation.

export interface Catalogue {
  stack: string
  title: string
  sources: Record<string, SourceEntry>
  user: UserEntry
  components: Record<string, ComponentEntry>
  bases: Record<string, BaseEntry>
  supervisor: SupervisorEntry
  pins: Pins
}

/** Where a product's source comes from, and what the images of its programs have in common. */
export interface SourceEntry {
  title: string
  url: string
  module: string
  licenses?: string
  config?: string
  versionFile?: string
  image: SourceImageEntry
}

export interface SourceImageEntry {
  home: string
  config: string
  logs: string
  arguments: string[]
  env: Record<string, string>
}

/** Whom the programs of every image run as. */
export interface UserEntry {
  name: string
  uid: number
}

/** What a component is called, where its image is published, and when. */
interface CommonEntry {
  name: string
  purpose: string
  ports: number[]
  env: Record<string, string>
  /** The image's name without a registry, such as openim/openim-server. */
  image: string
  /** Where it is published; absent for what only goes to a registry that the caller names. */
  registry?: string
  rhythm: string
  mode: string
}

/** One program of a source. */
export interface ProgramEntry extends CommonEntry {
  kind: "program"
  source: string
  program: string
  package: string
  /** The port that answers when the program is ready. */
  probe?: number
}

/** Several programs of a source under a supervisor. */
export interface SuiteEntry extends CommonEntry {
  kind: "suite"
  source: string
  /** Its components, in stages of their start. */
  stages: string[][]
}

/** An image that others publish: never built, never pushed. */
export interface ReferenceEntry extends CommonEntry {
  kind: "reference"
  registry: string
}

/** What is built from a source. */
export type BuiltEntry = ProgramEntry | SuiteEntry
export type ComponentEntry = BuiltEntry | ReferenceEntry

export interface BaseEntry {
  image: string
  /** Other references of the same image. */
  alternatives: string[]
  distribution: string
  packages: string[]
  probe: "bash" | "nc"
}

export interface SupervisorEntry {
  backoffDelay: string
  backoffFactor: number
  backoffLimit: string
  checkPeriod: string
  downChecks: number
  waitSeconds: number
}

export interface Pins {
  sources: Record<string, PinnedSource>
  /** Tags of referenced images, by component. */
  references: Record<string, string>
  /** Their earlier tags, the last one first. */
  previousReferences: Record<string, string[]>
  tools: Record<string, ToolPin>
  images: Record<string, string>
  /** Digests of base images by their full reference; they hold where images are pulled from a registry. */
  digests: Record<string, string>
  go: string
}

export interface SourcePin {
  version: string
  commit: string
  /** Of the Go module; absent for a version that no module proxy has. */
  sum?: string
  created: string
}

export interface PinnedSource extends SourcePin {
  /** What was pinned before, the last one first. */
  previous: SourcePin[]
}

export interface ToolPin {
  module: string
  version: string
  sum: string
  package: string
  go: string
}
