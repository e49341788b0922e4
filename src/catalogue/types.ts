// What stack.yaml and versions.yaml say, after validation.

export interface Catalogue {
  stack: string
  title: string
  sources: Record<string, SourceEntry>
  user: UserEntry
  components: Record<string, ComponentEntry>
  bases: Record<string, BaseEntry>
  supervisor: SupervisorEntry
  services: Record<string, ServiceEntry>
  front?: FrontEntry
  pins: Pins
}

/** Where a product's source comes from, and what the images of its programs have in common. */
export interface SourceEntry {
  title: string
  url: string
  /** What builds it, by the name of one of plan/toolchains. */
  toolchain: string
  /** Its name in the toolchain's package registry. */
  module: string
  licenses?: string
  config?: string
  versionFile?: string
  /** Folders of main packages that no image gets on purpose. */
  otherPrograms: string[]
  image: SourceImageEntry
}

export interface SourceImageEntry {
  home: string
  config: string
  logs: string
  arguments: string[]
  env: Record<string, string>
  start: StartEntry
}

/** What the start of an image looks at. Values of the configuration go by the names of the variables that replace them. */
export interface StartEntry {
  /** Secrets that everybody knows, by variable: with one of these nothing starts. */
  secrets: Record<string, string[]>
  /** The variable that allows them when it is "yes"; there where secrets are. */
  allowSecrets?: string
  /** Services outside the container, by the names that people know. */
  stores: Record<string, StoreEntry>
}

export interface StoreEntry {
  /** The variables that name its addresses: the first that is not empty counts. */
  variables: string[]
  /** The port of an address that names none. */
  port?: number
  /** It is needed only where these variables have these values. */
  when: Record<string, string>
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
  /** Where it reads the address under which others reach it. */
  address?: AddressEntry
  /** The stores of its source that it uses. */
  stores: string[]
}

export interface AddressEntry {
  /** The variable; it gets the container's address where nobody sets it. */
  variable: string
  /** The variable of the address that it listens on. */
  listen: string
}

/** Several programs of a source under a supervisor. */
export interface GroupEntry extends CommonEntry {
  kind: "group"
  source: string
  /** Its components, in stages of their start. */
  stages: string[][]
  /** Services and other groups that it runs with, by their names, which are their host names as well. */
  needs: string[]
  /** Variables that make its programs find these. */
  connect: Record<string, string>
}

/** A server that is installed, from packages or an archive of its makers, instead of being built. */
export interface InstalledEntry extends CommonEntry {
  kind: "installed"
  /** Where its makers develop it: the image's source. */
  url: string
  licenses?: string
  /** The program that it is. */
  server: string
  /** How it gets onto a base, by the base's distribution. */
  install: Record<string, InstallEntry>
  /** The script below shell/ that starts the server, and tells with the argument "health" whether it answers. */
  start: string
  /** A Go program below go/ that this script uses. */
  helper?: string
  /** The folder of its data, which the server starts in. */
  data: string
}

export interface InstallEntry {
  packages: string[]
  /** Files that prove that the packages are there. */
  files: string[]
  /** A build in versions.yaml, archives.COMPONENT.builds; bin/SERVER is taken from it. */
  archive?: string
  /** Why the server cannot be had for this distribution. */
  unavailable?: string
}

/** An image that others publish: never built, never pushed. */
export interface ReferenceEntry extends CommonEntry {
  kind: "reference"
  registry: string
}

/** What is built from a source. */
export type BuiltEntry = ProgramEntry | GroupEntry
/** Whose image is made here. */
export type ImageEntry = BuiltEntry | InstalledEntry
export type ComponentEntry = ImageEntry | ReferenceEntry

export interface BaseEntry {
  image: string
  /** Other references of the same image. */
  alternatives: string[]
  distribution: string
  packages: string[]
  probe: "bash" | "nc"
}

/** What a stack needs to run: for tests, and on a developer's machine. */
export interface ServiceEntry {
  /** Also its host name. */
  name: string
  purpose: string
  /** Where its container comes from: a component of this stack, or an official image with what takes its place without a registry. */
  origin: { component: string } | { image: string; packaged: PackagedService; published?: PublishedService }
  command: string[]
  /** Whom the command runs as, where it refuses to be root. */
  user?: string
  env: Record<string, string>
  /** Configuration files by their paths. */
  files: Record<string, string>
  /** A folder that must be there. */
  data?: string
  ports: number[]
  /** A command that succeeds in the container when the service answers its own protocol. */
  ready: string[]
}

/** How a component of this stack takes a service's place in the stack that tests it before it is published. */
export interface PublishedService {
  /** The name of a component that is installed. */
  component: string
  command: string[]
  user?: string
  env: Record<string, string>
  data?: string
}

/** How a running stack shows itself to the machine that it runs on. */
export interface FrontEntry {
  /** The service that passes connections on. */
  service: string
  /** HOST:PORT within the stack, by the port outside. */
  ports: Record<string, string>
  /** Variables of groups that only hold outside, by the groups' names. */
  connect: Record<string, Record<string, string>>
  /** Passwords and secrets of tests, which everybody can read: what is shown gets others. */
  fresh?: string[]
}

/** A service from package registries, put together on Debian. */
export interface PackagedService {
  /** Packages of the distribution. */
  packages: string[]
  /** A tool in versions.yaml. */
  tool?: string
  /** A program below java/, with Java: its classes in /opt/NAME, the libraries that its pom.xml names in /opt/NAME/libs. */
  java?: string
  /** Another command than the image's. */
  command?: string[]
  /** What it is, where it is not the same program: every report says so. */
  standIn?: string
}

export interface SupervisorEntry {
  backoffDelay: string
  backoffFactor: number
  backoffLimit: string
  checkPeriod: string
  downChecks: number
  waitSeconds: number
  /** A program that has run for so long is well again; giveUpSeconds when not given. */
  provenSeconds?: number
  /** A program that has not been well for so long, and ends again, ends the container; the time of downChecks when not given. */
  giveUpSeconds?: number
}

export interface Pins {
  sources: Record<string, PinnedSource>
  /** Tags of referenced images, by component. */
  references: Record<string, string>
  /** Their earlier tags, the last one first. */
  previousReferences: Record<string, string[]>
  /** Downloads, by component. */
  archives: Record<string, ArchivePin>
  tools: Record<string, ToolPin>
  images: Record<string, string>
  /** Digests of base images by their full reference; they hold where images are pulled from a registry. */
  digests: Record<string, string>
  /** Versions of packages, by what is installed on which image (packageSet). */
  packages: Record<string, Record<string, string>>
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

export interface ArchivePin {
  version: string
  /** The time that each address may take. */
  limitSeconds: number
  builds: Record<string, ArchiveBuild>
  /** What was pinned before, the last one first. */
  previous: ArchiveVersion[]
}

export interface ArchiveVersion {
  version: string
  /** Checksums by build, of those that have one. */
  sha256: Record<string, string>
}

export interface ArchiveBuild {
  /** Addresses of the same file, in order: the makers' own first, where there is one. */
  urls: string[]
  /** The makers' own address. The checksum that they publish beside the file, with .sha256 behind its name, is believed where none is recorded. */
  makers?: string
  /** Absent where nobody has recorded it yet: then the makers are asked for it. */
  sha256?: string
}

export interface ToolPin {
  module: string
  version: string
  sum: string
  package: string
  go: string
}
