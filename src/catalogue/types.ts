// What stack.yaml and versions.yaml say, after validation.

export interface Catalogue {
  stack: string
  title: string
  sources: Record<string, SourceEntry>
  image: ImageEntry
  components: Record<string, ComponentEntry>
  bases: Record<string, BaseEntry>
  supervisor: SupervisorEntry
  pins: Pins
}

/** Where a product's source comes from. */
export interface SourceEntry {
  title: string
  url: string
  module: string
  licenses?: string
  config?: string
  versionFile?: string
}

/** What all images of a stack have in common. */
export interface ImageEntry {
  user: string
  uid: number
  home: string
  config: string
  logs: string
  arguments: string[]
  env: Record<string, string>
}

/** One program, or a suite of programs under a supervisor. */
export interface ComponentEntry {
  name: string
  purpose: string
  source: string
  /** A suite's components, in stages of their start. */
  stages?: string[][]
  program?: string
  package?: string
  ports: number[]
  /** The port that answers when the program is ready. */
  probe?: number
  env: Record<string, string>
  registry: string
  rhythm: string
  mode: string
}

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
  sources: Record<string, SourcePin>
  tools: Record<string, ToolPin>
  images: Record<string, string>
  go: string
}

export interface SourcePin {
  version: string
  commit: string
  sum: string
  created: string
}

export interface ToolPin {
  module: string
  version: string
  sum: string
  package: string
  go: string
}
