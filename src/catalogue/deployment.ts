// deployment.yaml: how the components of a stack run together on a server.

import * as v from "valibot"
import { deploymentReferences } from "./deploymentReferences.js"
import { Examined } from "./examine.js"
import {
  about,
  absolutePath,
  list,
  mapping,
  name,
  named,
  port,
  shaped,
  text,
  variable,
  variables,
  whole,
  withNames,
  words,
} from "./fields.js"
import type { Catalogue } from "./types.js"

const settingName = () => text("the name of a setting in capitals", /^[A-Z][A-Z0-9_]*$/)
const serviceName = () => name("the name of a service")
const mebibytes = () => whole(16, 1_048_576, "a number of MiB,")
const names = (what: string) => v.pipe(v.array(name(what)), v.minLength(1), v.title("at least one name"))

export const profileSchema = v.strictObject({
  purpose: about("What it runs, in one line.", text()),
  memoryMiB: about("The memory that a machine needs for it, in MiB.", mebibytes()),
  onlyNamed: about(
    "Whether kits have it only where `--profiles` names it, and charts and compose/ never: for images of others that not every site can have.",
    v.optional(v.boolean()),
  ),
})

export const networkSchema = v.strictObject({
  internal: about("Whether its containers reach nothing outside.", v.boolean()),
  setting: about("A setting, true or false, that decides instead.", v.optional(settingName())),
  called: about("Its name on the machine. Default: the project's name, `_` and its own.", v.optional(name("the name of a network"))),
})

export const requirementsSchema = v.strictObject({
  diskMiB: about("Free disk space in MiB.", mebibytes()),
  architecture: about("The architecture of the images, such as `amd64`.", name("an architecture")),
  cpuFlags: about("Flags that the processor must have, and the services that need them.", mapping(name(), v.array(serviceName()))),
  kernel: about(
    "Settings of the machine's kernel, such as `vm.max_map_count`: their least values, and the services that want them.",
    mapping(
      text("the name of a setting such as vm.max_map_count", /^[a-z0-9_]+(\.[a-z0-9_]+)+$/),
      v.strictObject({
        least: about("The least value.", whole(1, Number.MAX_SAFE_INTEGER)),
        services: about("The services.", names("the name of a service")),
      }),
    ),
  ),
})

const rotationSchema = v.strictObject({
  service: about(
    "The service whose container runs the commands. They read the old and the new value as the first two lines.",
    serviceName(),
  ),
  command: about("Changes the value. It ends with 0 when that is done.", words()),
  verify: about("Ends with 0 where the store takes the new value.", words()),
})

/** The edge passes a value of .env to a container, or openimctl writes it into a file. */
export const settingSchema = v.pipe(
  v.strictObject({
    group: about("Where it stands in `.env`.", name("the name of a group")),
    purpose: about("What it is for, in one line.", text()),
    kind: about("What it is.", v.picklist(["secret", "url", "address", "port", "size", "choice", "list", "text", "flag"])),
    default: about("Its value in a new `.env`. It may hold `${SETTING}`.", v.optional(text("a text"))),
    generate: about("The length of a secret that is made at the first use.", v.optional(whole(8, 128))),
    environments: about("What a new `.env` has instead, by ENVIRONMENT. It is allowed there.", mapping(name(), text())),
    choices: about("The values that are allowed.", v.optional(v.pipe(v.array(text()), v.minLength(1), v.title("a list of values")))),
    optional: about("Whether it may be empty.", v.optional(v.boolean(), false)),
    with: about("A service: a kit without it does not have the setting.", v.optional(serviceName())),
    pattern: about("A regular expression for the whole value.", v.optional(text("a regular expression"))),
    expected: about("The same in words. Required with `pattern`.", v.optional(text())),
    earlier: about("Names that it had before.", list(settingName())),
    refused: about("Values that everybody knows, or that must be replaced. Development alone allows them.", list(text())),
    rotate: about("How a store changes it while it runs.", v.optional(rotationSchema)),
    madeWith: about("The volume that keeps it: a change in `.env` alone would not be enough.", v.optional(name("the name of a volume"))),
  }),
  v.forward(
    v.partialCheck([["pattern"], ["expected"]], ({ pattern, expected }) => pattern === undefined || expected !== undefined, "words for it"),
    ["expected"],
  ),
)

const healthSchema = v.strictObject({
  test: about(
    "The command, as compose has it: CMD or CMD-SHELL and its words. Default: what the component's own image has.",
    v.optional(words()),
  ),
  startSeconds: about("How long it may fail after the start.", v.optional(whole(1, 3600), 60)),
})

const container = {
  command: about("The command, where it is another than the image's.", v.optional(words())),
  environment: about("Variables. A value may hold `${SETTING}`.", variables()),
  secrets: about(
    "Variables that get a secret. The container gets it as a file, and NAME_FILE says where.",
    mapping(variable(), settingName()),
  ),
  temporary: about("Folders in memory: everything else is read-only.", v.optional(v.array(absolutePath()), ["/tmp"])),
  capabilities: about("Capabilities that it needs.", list(text("a capability such as CHOWN", /^[A-Z_]+$/))),
  user: about("The user's number, where the image has another.", v.optional(text("a user's number", /^\d+(:\d+)?$/))),
}

const commands = () => list(words())

const handoverSchema = v.strictObject({
  stop: about("Commands in an old container before a new one starts: they stop what must run once.", commands()),
  start: about("Commands that undo `stop`, where the update fails.", commands()),
  leave: about("Commands in an old container that has no connections any more, before it is stopped.", commands()),
  lingerSeconds: about(
    "How long an old container stays up after `leave`, until others have forgotten its address.",
    v.optional(whole(0, 3600), 0),
  ),
})

const officialSchema = v.strictObject({
  ...container,
  image: about("An image by its name in `images` of versions.yaml.", name("the name of an image in versions.yaml")),
  environment: about("Other variables.", v.optional(v.record(variable(), text("a text", /^/)))),
  secrets: about("Other secrets.", v.optional(v.record(variable(), settingName()))),
  capabilities: about("Other capabilities.", v.optional(v.array(text("a capability such as CHOWN", /^[A-Z_]+$/)))),
  temporary: about("Folders in memory, where they are others.", v.optional(v.array(absolutePath()))),
  files: about("Files of the kit that it reads, and where.", mapping(text("a path in the kit"), absolutePath())),
  health: about("Its health check.", healthSchema),
})

const besideSchema = v.strictObject({
  environment: about("Variables. A value may hold `${SETTING}`.", variables()),
  secrets: about("Variables that get a secret: NAME_FILE says where.", mapping(variable(), settingName())),
})

export const deployedServiceSchema = v.strictObject({
  ...container,
  component: about("The component whose image it runs.", name("the name of a component")),
  image: about("Its image, where stack.yaml does not have the component yet.", v.optional(text("an image's reference"))),
  purpose: about("What it is for. Default: the component's purpose.", v.optional(text())),
  profiles: about("The profiles that it is part of. Default: all.", v.optional(names("the name of a profile"))),
  needs: about("Services that must be healthy before it starts.", list(serviceName())),
  files: about("Files of the kit that it reads, and where.", mapping(text("a path in the kit"), absolutePath())),
  texts: about("Its configuration files, by their paths. A kit has them in `files/SERVICE`.", mapping(absolutePath(), text("a text", /^/))),
  volumes: about("Volumes and where they are.", mapping(name(), absolutePath())),
  networks: about("Its networks.", names("the name of a network")),
  publish: about("Settings of ports of the machine, and the port of the container.", mapping(settingName(), port())),
  direct: about(
    "Settings of ports of the machine that the container listens on under the same number, and their protocols: for clients that get addresses from it, past the edge.",
    v.optional(v.record(settingName(), v.picklist(["tcp", "udp"])), {}),
  ),
  beside: about(
    "What it gets besides where another service is part of the deployment, by the name of that one.",
    v.optional(v.record(serviceName(), besideSchema), {}),
  ),
  ports: about("The ports that it listens on. Default: the component's.", v.optional(v.array(port()))),
  memoryMiB: about("The most memory, in MiB. A setting SERVICE_MEMORY can change it.", mebibytes()),
  cpus: about(
    "The most processors.",
    v.pipe(v.number(), v.minValue(0.1), v.maxValue(64), v.title("a number of processors from 0.1 to 64")),
  ),
  pids: about("The most processes and threads.", v.optional(whole(8, 65_536), 512)),
  graceSeconds: about("How long it may take to end.", v.optional(whole(1, 3600), 10)),
  health: about("Its health check.", v.optional(healthSchema, {})),
  scalable: about("Whether several instances may run.", v.optional(v.boolean(), false)),
  parts: about("Programs in it that users know by name: `scale PART=N` is `scale SERVICE=N`.", v.optional(v.array(name("a name")))),
  once: about(
    "Of these parts only one may run, and why, in words that follow a colon. Of several containers one keeps them; `handover.stop` stops them in the others.",
    v.optional(v.record(name("a name"), text())),
  ),
  writable: about(
    "Whether its root file system can be written: for images of others that write beside their volumes.",
    v.optional(v.boolean(), false),
  ),
  hostProcesses: about("Whether it sees the processes of the whole machine: to count them.", v.optional(v.boolean(), false)),
  hostFolders: about(
    "Settings that name folders of the machine, and where the container reads them. It cannot write there.",
    v.optional(v.record(settingName(), absolutePath()), {}),
  ),
  handover: about("What to do in its containers while an update replaces them.", v.optional(handoverSchema)),
  official: about("What is different with its makers' image.", v.optional(officialSchema)),
})

const acmeSchema = v.strictObject({
  host: about("Its host name.", serviceName()),
  port: about("Its port.", port()),
  network: about("A network that is not internal, and that the edge is part of.", name("the name of a network")),
})

export const edgeSchema = v.strictObject({
  service: about("The service that is the edge: HAProxy.", serviceName()),
  http: about("Its port for HTTP.", port()),
  https: about("Its port for HTTPS.", port()),
  metrics: about("Its port for metrics, which is never published.", port()),
  certificate: about("The file of its certificate and key.", absolutePath()),
  instances: about("The most instances of a service that it finds.", whole(1, 100)),
  control: about("Its port for commands at run time, on its container's loopback only.", port()),
  acme: about("With TLS=acme: where lego, which runs in the edge's image, answers the questions of the authority.", v.optional(acmeSchema)),
  ready: about("Routes that must have a server before /readyz answers 200.", list(name("the name of a route"))),
})

const loginSchema = v.strictObject({
  user: about("The name of its user.", text("a name", /^[A-Za-z0-9._-]+$/)),
  password: about("The setting with the password. The edge gets it as a variable of the same name.", settingName()),
})

const route = {
  service: about("The service that answers.", serviceName()),
  target: about("The port of that service.", port()),
  websocket: about("Whether connections stay open.", v.optional(v.boolean(), false)),
  unlimited: about("Whether requests may be of any size and number.", v.optional(v.boolean(), false)),
  closed: about("Paths that nobody outside may ask for.", list(text("a path that begins with /", /^\//))),
  headers: about(
    "Headers that the service gets, whatever the client sent. `${origin}` is the address that the client asked, such as https://im.example.com.",
    mapping(text("the name of a header", /^[A-Za-z][A-Za-z0-9-]*$/), text("a value without quotes", /^[^"\s%]+$/)),
  ),
}

export const routeSchema = shaped("a route", {
  path: v.strictObject({ ...route, path: about("The path on the main address. It is removed from the request.", text("a path", /^\//)) }),
  port: v.strictObject({
    ...route,
    port: about("The port of the edge.", port()),
    portSetting: about("The setting of the machine's port.", settingName()),
    grpc: about("Whether the service speaks gRPC there: HTTP/2 from the client to the service.", v.optional(v.boolean())),
    login: about("Who asks for it needs this login (HTTP Basic): for services that have none.", v.optional(loginSchema)),
  }),
})

const checkText = () => text("a text, which may hold ${SETTING}")

const stepName = () => about("What it shows.", checkText())

/** The key that says of which kind a step is. */
export const checkSchema = shaped("a step of the check", {
  method: v.pipe(
    v.strictObject({
      name: stepName(),
      method: about("The request's method.", v.picklist(["GET", "POST", "PUT", "DELETE"])),
      url: about("Its address.", checkText()),
      headers: about("Its headers.", mapping(text("a header's name"), checkText())),
      body: about("Its body.", v.optional(checkText())),
      expect: about(
        "Paths in the answer's JSON, and their values. Several that are right are separated by `|`.",
        mapping(text("a path in the answer"), checkText()),
      ),
      digests: about(
        "Names for this step and later ones, and texts whose MD5 sums they are. Each may use those before it.",
        v.optional(v.record(text("a name"), checkText())),
      ),
      holds: about("A text that the answer holds.", v.optional(checkText())),
      take: about("Names for later steps, and paths in the answer's JSON.", mapping(text("a name"), text("a path in the answer"))),
      status: about("The status of the answer.", v.optional(whole(100, 599), 200)),
    }),
    v.transform((step) => ({ kind: "http" as const, ...step })),
  ),
  as: v.pipe(
    v.strictObject({
      name: stepName(),
      url: about("The address of a WebSocket, with http:// or https://.", checkText()),
      as: about("The connection's name.", name()),
    }),
    v.transform((step) => ({ kind: "open" as const, ...step })),
  ),
  from: v.pipe(
    v.strictObject({
      name: stepName(),
      from: about("The name of a connection that is open.", name()),
      contains: about("What must arrive on it.", checkText()),
      seconds: about("Within this time.", whole(1, 600)),
    }),
    v.transform((step) => ({ kind: "receive" as const, ...step })),
  ),
})

const backupPartSchema = v.pipe(
  v.strictObject({
    purpose: about("What it holds, in one line.", text()),
    service: about("The service whose data it is. Its component's container answers the commands.", serviceName()),
    volume: about(
      "The volume that is restored while the service is stopped. Without `dump` the volume itself is saved. It is /volumes/NAME for commands.",
      v.optional(name("the name of a volume")),
    ),
    file: about("What the dump is called in a backup.", v.optional(text("a file's name", /^[a-z0-9.-]+$/))),
    dump: about("Prints what is saved. It runs in the image of `component`.", v.optional(words())),
    restore: about("Reads that, and puts it in the place of what is there.", v.optional(words())),
    environment: about("Variables of both. A value may hold `${SETTING}`.", variables()),
    secrets: about("Variables that get a secret: NAME_FILE says where.", mapping(variable(), settingName())),
  }),
  v.partialCheck(
    [["volume"], ["file"], ["dump"], ["restore"]],
    ({ volume, file, dump, restore }) =>
      dump === undefined ? volume !== undefined && restore === undefined : file !== undefined && restore !== undefined,
    "a volume, or dump with file and restore",
  ),
)

export const backupSchema = v.strictObject({
  component: about("The component whose image saves and restores.", name("the name of a component")),
  network: about("The network of the stores.", name("the name of a network")),
  gate: about(
    "What must end with 0 before anything is saved: a command in the container of a service, tried for some seconds.",
    v.optional(
      v.strictObject({
        service: about("The service.", serviceName()),
        command: about("The command.", words()),
        seconds: about("For how long.", whole(1, 3600)),
      }),
    ),
  ),
  parts: about("What is saved, in this order.", named(backupPartSchema)),
})

const versionLine = () => text("the first numbers of a version, such as 7.0", /^\d+(\.\d+)*$/)

export const stopSchema = v.strictObject({
  service: about("The service whose data must pass these versions.", serviceName()),
  through: about("How these versions begin. No update leaves one out, and none goes back over one.", v.array(versionLine())),
  why: about("What they do with the data, in words that follow a colon.", text()),
})

export const changeSchema = v.strictObject({
  service: about("The service that changes.", serviceName()),
  since: about("The first version that has the change.", versionLine()),
  about: about("What it is and what to do before, in words that follow a colon.", text()),
})

export const updatesSchema = v.strictObject({
  stops: about("Versions that data must pass one after the other.", list(stopSchema)),
  changes: about("What somebody must know before an update. The names are those of `--accept`.", mapping(name(), changeSchema)),
  together: about(
    "Services that talk to each other. Where `.env` names another version of one than the kit has, `deploy` warns.",
    v.optional(v.array(serviceName()), []),
  ),
})

const podSchema = v.strictObject({
  probe: about("A port that answers once the program is ready, where it is another than the component's.", v.optional(port())),
  metrics: about("Its port for Prometheus.", v.optional(port())),
  single: about("Why only one may run. Default: several may.", v.optional(text())),
  after: about(
    "Programs that it waits for, but not for ever: what it takes would be lost without them.",
    list(name("the name of a component")),
  ),
  replicas: about("How many run.", v.optional(whole(1, 100))),
  drainSeconds: about("How long a pod that ends still serves.", v.optional(whole(0, 3600))),
  requestMiB: about("The memory that it needs at least.", v.optional(mebibytes())),
  limitMiB: about("The most memory of a program. Default: 256. That of a service is `memoryMiB`.", v.optional(mebibytes())),
  requestMilliCpus: about("The thousandths of a processor that it needs at least.", v.optional(whole(1, 64_000))),
  storageMiB: about("The size of its volume.", v.optional(mebibytes())),
  user: about("The user's number, where its image would run as root.", v.optional(whole(1, 65_535))),
  environment: about("Variables that are different there.", variables()),
})

const registrySchema = v.strictObject({
  service: about("The service, an etcd.", serviceName()),
  port: about("Its port.", port()),
  user: about("Whose password it is.", text("the name of a user")),
  password: about("The setting with the password.", settingName()),
})

const clusterProfileSchema = v.strictObject({
  purpose: about("What it runs, in one line.", text()),
  of: about("The profile that it is like.", name("the name of a profile")),
  without: about("Services that it leaves out.", names("the name of a service")),
})

const namedPodSchema = v.strictObject({
  single: about("Why only one may run then.", v.optional(text())),
  host: about(
    "A name that others make up and ask for: that of the pod in a domain, which a service without an address leads to.",
    v.optional(
      v.strictObject({
        name: about("The pod's host name.", text()),
        domain: about("The domain, and the service's name.", text()),
        port: about("The port that is asked.", port()),
      }),
    ),
  ),
  openFiles: about(
    "With so many open files and connections it is started again: it never closes what it opened.",
    v.optional(whole(100, 100_000)),
  ),
})

const byNamesSchema = v.strictObject({
  service: about("The service whose programs find each other by names of services.", serviceName()),
  refused: about("Services that cannot run then, and why, in words that follow `and`.", mapping(serviceName(), text())),
  domain: about("The domain of the cluster's names that its programs take for granted.", v.optional(text())),
  environment: about("Variables of its programs. A service with a port is the program that has it.", variables()),
  pods: about("What is different for a program.", mapping(name("the name of a component"), namedPodSchema)),
})

export const kubernetesSchema = v.strictObject({
  without: about("Services that the charts leave out: a cluster has its own, or has not what they need.", list(serviceName())),
  profiles: about("Profiles that only a cluster has.", mapping(name(), clusterProfileSchema)),
  names: about(
    "The other way, without the registry: `global.discovery=names`. Texts may hold `${RELEASE}`, the release's name without hyphens, and `${NAMESPACE}`.",
    v.optional(byNamesSchema),
  ),
  hosts: about(
    "Routes at a port of the machine, and the names before the host of PUBLIC_URL that lead to them there.",
    mapping(name("the name of a route"), name()),
  ),
  pods: about("What is said of a service, or of a program of its group, only there.", v.optional(v.record(name(), podSchema), {})),
})

export const targetSchema = v.strictObject({
  service: about("The service that gives the metrics. Default: the monitoring service itself.", v.optional(serviceName())),
  ports: about("Its ports with metrics.", v.pipe(v.array(port()), v.minLength(1), v.title("at least one port"))),
  path: about("Their path.", v.optional(text("a path that begins with /", /^\//), "/metrics")),
  keep: about("A regular expression for the names of the metrics that are kept. Default: all.", v.optional(text("a regular expression"))),
})

export const ruleSchema = v.strictObject({
  expression: about("A query of Prometheus: the alert fires for each series of its answer.", text("a query")),
  for: about("For how long, such as `5m`, before it fires.", v.optional(text("a duration such as 5m", /^\d+[smhd]$/), "0s")),
  severity: about("How bad it is.", v.picklist(["critical", "warning"])),
  summary: about("What is wrong and what to do, in one or two sentences; a template of Prometheus.", text()),
})

export const chartSchema = v.strictObject({
  title: about("What it shows, in a few words.", text()),
  unit: about("The unit of its numbers.", v.optional(text("a unit", /^/), "")),
  query: about("A query of Prometheus: each series of its answer is a line.", text("a query")),
})

export const monitoringSchema = v.strictObject({
  service: about("The service that runs Prometheus. It reads the folder `monitoring` of the kit.", serviceName()),
  targets: about("What is asked each 15 seconds, by the name of the job.", named(targetSchema)),
  charts: about("The charts of `openimctl report`.", list(chartSchema)),
  rules: about("The alerts, by their names.", v.record(text("a name such as DiskFull", /^[A-Z][A-Za-z0-9]*$/), ruleSchema)),
})

export const deploymentSchema = v.strictObject({
  project: about("The compose project's name, where `.env` has no other.", name()),
  profiles: about("What can be run.", named(profileSchema)),
  networks: about("The networks.", named(networkSchema)),
  requirements: about("What a machine must have.", requirementsSchema),
  groups: about("The headings of `.env`, in their order. `images` and `limits` are filled by the services.", mapping(name(), text())),
  settings: about("What `.env` holds.", v.record(settingName(), settingSchema)),
  services: v.pipe(
    about("The services. Their names are host names as well.", named(deployedServiceSchema)),
    v.transform((entries) => withNames(entries)),
  ),
  edge: about("The service that is reached from outside.", edgeSchema),
  routes: v.pipe(
    about("What the edge passes on: below a path of the main address, or at a port.", named(routeSchema)),
    v.transform((entries) => withNames(entries)),
  ),
  checks: about("What shows that the whole works, through the public address.", list(checkSchema)),
  backup: about("What `openimctl backup` saves.", v.optional(backupSchema)),
  updates: about("What an update must heed.", v.optional(updatesSchema)),
  registry: about(
    "Where programs register their addresses. One that it has forgotten is started again: it would not register again, and nobody finds it.",
    v.optional(registrySchema),
  ),
  kubernetes: about("What is different on Kubernetes.", v.optional(kubernetesSchema)),
  monitoring: about("What is watched, and which alerts there are.", v.optional(monitoringSchema)),
})

export type DeploymentData = v.InferOutput<typeof deploymentSchema>
export type DeployedServiceData = DeploymentData["services"][string]

export function readDeployment(file: string, text: string, { components, pins }: Catalogue): DeploymentData {
  const examined = Examined.file(file, text, deploymentSchema)
  const development = Object.values(components).flatMap((entry) => (entry.kind === "installed" && entry.development ? [entry.name] : []))
  examined.report(deploymentReferences(examined.data, Object.keys(components), Object.keys(pins.images), development))
  return Examined.outputs(examined)[0]
}
