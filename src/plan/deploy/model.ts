// What a deployment is once the catalogue has been read and checked. The kit carries it as deployment.json, the renderers make the
// compose project from it, and openimctl operates it. Plain data: nothing here knows a product.

export interface Deployment {
  /** Raised when an older openimctl could not read it. */
  format: 1
  stack: string
  title: string
  /** The versions of its components: what a kit is called by. */
  release: string
  /** The compose project's name where the user sets no other. */
  project: string
  profiles: Profile[]
  settings: Setting[]
  /** Each after the ones that it needs. */
  services: DeployedService[]
  routes: Route[]
  edge: Edge
  networks: DeployedNetwork[]
  requirements: Requirements
  /** What shows that the whole works, through the public address. */
  checks: CheckStep[]
  /** What a backup holds, in the order in which it is saved; absent where the stack has none. */
  backup?: Backup
  /** What an update must heed; absent in older kits. */
  updates?: UpdateRules
  /** Service → the image that its kit was tested with, where `update --version` has chosen another one. */
  tested?: Record<string, string>
  /** Absent where the stack has none, or the kit is without that service. */
  monitoring?: Monitoring
}

export interface UpdateRules {
  /** Lines of versions, such as 7.0, that no update of a service may leave out, and that none goes back over. */
  stops: { service: string; through: string[]; why: string }[]
  /** Name → a change that somebody must know before the update, and acknowledge by this name. */
  changes: Record<string, { service: string; since: string; about: string }>
  /** Services that talk to each other: the versions of a kit are tested together. */
  together: string[]
}

export interface Monitoring {
  /** Runs Prometheus, and takes what openimctl knows. */
  service: string
  targets: { name: string; service?: string | undefined; ports: number[]; path: string; keep?: string | undefined }[]
  charts: { title: string; unit: string; query: string }[]
  rules: { name: string; expression: string; for: string; severity: "critical" | "warning"; summary: string }[]
}

export interface Backup {
  component: string
  /** The setting that names the image whose containers save and restore. */
  imageSetting: string
  /** The network that the stores are in. */
  network: string
  /** Ends with 0 once nothing is on its way between the stores; tried for some seconds before a backup. */
  gate?: { service: string; command: string[]; seconds: number }
  parts: BackupPart[]
}

/** One of the stores: a volume as it is, or what commands print and read. */
export interface BackupPart {
  name: string
  purpose: string
  service: string
  /** It is restored into this volume while the service is stopped; without a dump the volume itself is saved. */
  volume?: string
  /** What the dump is called in a backup. */
  file?: string
  dump?: string[]
  restore?: string[]
  environment: Record<string, string>
  /** Secrets that the commands get as /run/secrets/NAME. */
  secrets: string[]
}

export interface Profile {
  name: string
  purpose: string
  /** Memory that the machine needs for it. */
  memoryMiB: number
}

/** Where a setting of .env ends. */
export interface SettingUse {
  service: string
  /** The variable of the container, or the file below /run/secrets. */
  variable: string
  as: "variable" | "file"
}

export interface Setting {
  name: string
  purpose: string
  group: string
  kind: "secret" | "url" | "address" | "port" | "size" | "choice" | "list" | "text" | "flag" | "image"
  /** As the template has it: may hold ${OTHER}. Undefined: the user, or `generate`, must give one. */
  default?: string
  /** Characters of a secret that is made at the first use. */
  generate?: number
  choices?: string[]
  /** Empty is allowed. */
  optional: boolean
  /** A regular expression for its value, and the words for it. */
  pattern?: string
  expected?: string
  /** Names that earlier kits had for it. */
  earlier: string[]
  /** Values that are refused outside development: placeholders, and what everybody knows. */
  refused: string[]
  /** ENVIRONMENT → what a new .env gets there, instead of the default or a generated value. There it is not refused. */
  environments: Record<string, string>
  /** The volume that it was made with: it cannot change in .env alone. */
  madeWith?: string
  /** How a store changes it while it runs. */
  rotate?: Rotation
  uses: SettingUse[]
}

/** Commands in the container of a store; each reads the old and the new value as the first two lines of its input. */
export interface Rotation {
  service: string
  /** Changes the value in the store; anything but 0 is a refusal. */
  command: string[]
  /** Ends with 0 where the store takes the new value. */
  verify: string[]
}

export interface Health {
  /** As compose writes it: ["CMD", …] or ["CMD-SHELL", …]. */
  test: string[]
  startSeconds: number
}

export interface DeployedService {
  /** Its name in the compose project, and its host name. */
  name: string
  component: string
  purpose: string
  /** Counted from 1: all of a stage start together, once the stage before is healthy. */
  stage: number
  profiles: string[]
  needs: string[]
  /** The setting that names its image. */
  imageSetting: string
  command?: string[]
  environment: Record<string, string>
  /** Files of the kit that it reads: source in the kit → path in the container. */
  files: Record<string, string>
  /** Secrets that it gets as /run/secrets/NAME. */
  secrets: string[]
  /** Volume → path. */
  volumes: Record<string, string>
  networks: string[]
  /** What is published on the machine: the setting of the port → the container's port. The edge alone has these. */
  publish: Record<string, number>
  /** Settings of ports that it listens on itself, under the number that the machine has, and their protocols. */
  direct?: Record<string, "tcp" | "udp">
  ports: number[]
  temporary: string[]
  memoryMiB: number
  cpus: number
  pids: number
  graceSeconds: number
  health: Health
  /** More than one instance may run. */
  scalable: boolean
  /** Programs in it that users know by name. */
  parts?: string[]
  /** Those of which several containers have one: why. `handover.stop` stops them, `handover.start` starts them. */
  once?: Record<string, string>
  /** It sees the processes of the whole machine. */
  hostProcesses?: boolean
  /** Settings that name folders of the machine → where it reads them. */
  hostFolders?: Record<string, string>
  /** Its root file system can be written. */
  writable?: boolean
  /** What to do in its containers while new ones take over. */
  handover?: Handover
  capabilities: string[]
  /** The user id in the container, where the image does not say it. */
  user?: string
}

/** Commands in the containers of a service while an update replaces them. */
export interface Handover {
  /** In an old one before a new one starts: what must run once stops. */
  stop: string[][]
  /** Undoes that, where the update fails. */
  start: string[][]
  /** In an old one that has no connections any more, before it is stopped. */
  leave: string[][]
  /** How long an old one stays up after that, until the others have forgotten its address. */
  lingerSeconds: number
}

export interface DeployedNetwork {
  name: string
  internal: boolean
  /** Its name on the machine, where it is not the project's with its own. */
  called?: string
  /** A setting, true or false, that decides instead. */
  setting?: string
}

/** The service that is reached from outside, and what it needs to know. */
export interface Edge {
  service: string
  http: number
  https: number
  metrics: number
  certificate: string
  /** Commands at run time, on the loopback of its container. */
  control: number
  instances: number
  /** Where the client of ACME answers, which runs in the edge's image; absent where certificates of public authorities are not offered. */
  acme?: { host: string; port: number; network: string }
  ready: string[]
}

/** What the edge passes on. */
export interface Route {
  name: string
  /** Below the main address (path), or its own listener (port of the edge, published by a setting). */
  path?: string
  /** On Kubernetes such a listener is a host: this word before the main one. */
  host?: string
  strip: boolean
  port?: number
  portSetting?: string
  service: string
  target: number
  websocket: boolean
  /** HTTP/2 from the client to the service, with or without TLS. */
  grpc?: boolean
  /** Requests may be of any size and number. */
  unlimited: boolean
  /** Who asks for it must log in: a user, and the variable of the edge with the password. */
  login?: { user: string; password: string }
  /** Paths that nobody outside may ask for. */
  closed: string[]
  /** Headers that the service gets; ${origin} is the address that the client asked. */
  headers: Record<string, string>
}

export interface Requirements {
  diskMiB: number
  /** CPU flags → the services that need them. */
  cpuFlags: Record<string, string[]>
  /** Settings of the kernel → their least values, and the services that want them; absent in older kits. */
  kernel?: Record<string, { least: number; services: string[] }>
  architecture: string
}

/** One step of the check from end to end. Texts may hold ${SETTING}, ${name} that an earlier step took, and ${run}: new in each run. */
export type CheckStep =
  | {
      name: string
      kind: "http"
      method: string
      url: string
      headers: Record<string, string>
      body?: string
      /** Expected in the answer: a path such as errCode → its value, or several that are right, separated by |. */
      expect: Record<string, string>
      /** Name → the text whose MD5 sum it is, each after those that it uses. */
      digests?: Record<string, string>
      /** A text in the answer. */
      holds?: string | undefined
      /** Name → path in the answer's JSON. */
      take: Record<string, string>
      status: number
    }
  | { name: string; kind: "open"; url: string; as: string }
  | { name: string; kind: "receive"; from: string; contains: string; seconds: number }
