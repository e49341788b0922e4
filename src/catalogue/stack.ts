// stack.yaml: what the components of a stack are.

import { unknownName } from "../base/nearest.js"
import { Reader } from "./reader.js"
import type {
  AddressEntry,
  BaseEntry,
  Catalogue,
  ComponentEntry,
  FrontEntry,
  InstallEntry,
  InstalledEntry,
  PackagedService,
  PublishedService,
  ServiceEntry,
  SourceEntry,
  SourceImageEntry,
  StartEntry,
  StoreEntry,
  SupervisorEntry,
  UserEntry,
} from "./types.js"

const name = /^[a-z][a-z0-9-]*$/
const relative = /^(?!\/)(?!.*\.\.)[A-Za-z0-9._/-]+$/
const absolute = /^\/(?!.*\.\.)[A-Za-z0-9._/-]*$/
const variable = /^[A-Z][A-Z0-9_]*$/
const duration = /^\d+(ms|s|m)$/
const reference = /^[a-z0-9.-]+(:\d+)?\/[a-z0-9._/-]+(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$/
const imageName = /^[a-z0-9]+([._/-][a-z0-9]+)*$/
const registry = /^[a-z0-9.-]+(:\d+)?$/

export type StackPart = Omit<Catalogue, "pins">

export function readStack(file: string, text: string): StackPart {
  const root = Reader.parse(file, text)
  if (root.missing) root.fail("a stack: the keys stack, title, sources, user, components, bases, supervisor")
  root.keys(["stack", "title", "sources", "user", "components", "bases", "supervisor", "services", "front"])
  const part: StackPart = {
    stack: root.at("stack").text("the stack's name, as its folder is called", name),
    title: root.at("title").text(),
    sources: named(root.at("sources"), readSource),
    user: readUser(root.at("user")),
    components: named(root.at("components"), readComponent),
    bases: named(root.at("bases"), readBase),
    supervisor: readSupervisor(root.at("supervisor")),
    services: root.at("services").missing ? {} : named(root.at("services"), readService),
    front: root.at("front").missing ? undefined : readFront(root.at("front")),
  }
  checkReferences(root, part)
  return part
}

/** A mapping with at least one entry, whose keys are names. */
function named<T>(reader: Reader, read: (entry: Reader, key: string) => T): Record<string, T> {
  const entries = reader.entries()
  if (entries.length === 0) reader.fail("a mapping with at least one entry")
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (!name.test(key)) value.fail("a name of small letters, digits and hyphens as the key")
      return [key, read(value, key)]
    }),
  )
}

function readSource(reader: Reader): SourceEntry {
  reader.keys(["title", "url", "toolchain", "module", "licenses", "config", "versionFile", "otherPrograms", "image"])
  return {
    title: reader.at("title").text(),
    url: reader.at("url").text("an https:// address", /^https:\/\//),
    toolchain: reader.at("toolchain").text("the name of a toolchain, such as go", name),
    module: reader.at("module").text("a Go module path", /^[a-z0-9.-]+(\/[A-Za-z0-9._~-]+)+$/),
    licenses: reader.at("licenses").optionalText(),
    config: reader.at("config").optionalText("a path below the source", relative),
    versionFile: reader.at("versionFile").optionalText("a path below the source", relative),
    otherPrograms: reader.at("otherPrograms").texts("a main package's folder below the source", relative),
    image: readImage(reader.at("image")),
  }
}

function readUser(reader: Reader): UserEntry {
  reader.keys(["name", "uid"])
  return {
    name: reader.at("name").text("a user name", name),
    uid: reader.at("uid").whole("a user number from 1000 to 65533", 1000, 65533),
  }
}

function readImage(reader: Reader): SourceImageEntry {
  reader.keys(["home", "config", "logs", "arguments", "env", "start"])
  return {
    home: reader.at("home").text("an absolute path", absolute),
    config: reader.at("config").text("an absolute path", absolute),
    logs: reader.at("logs").text("an absolute path", absolute),
    arguments: reader.at("arguments").texts(),
    env: reader.at("env").dictionary("a variable's name in capitals", variable),
    start: readStart(reader.at("start")),
  }
}

function readStart(reader: Reader): StartEntry {
  if (reader.missing) return { secrets: {}, stores: {} }
  reader.keys(["secrets", "allowSecrets", "stores"])
  const secrets = Object.fromEntries(reader.at("secrets").entries().map(([key, values]) => [variableName(key, values), values.texts()]))
  const allowed = reader.at("allowSecrets")
  return {
    secrets,
    allowSecrets: Object.keys(secrets).length > 0 ? allowed.text("a variable's name in capitals", variable) : allowed.optionalText("a variable's name in capitals", variable),
    stores: Object.fromEntries(reader.at("stores").entries().map(([title, entry]) => [title, readStore(entry)])),
  }
}

function readStore(reader: Reader): StoreEntry {
  reader.keys(["variables", "port", "when"])
  const variables = reader.at("variables").texts("a variable's name in capitals", variable)
  return {
    variables: variables.length === 0 ? reader.at("variables").fail("the variables that name its addresses") : variables,
    port: reader.at("port").missing ? undefined : port(reader.at("port")),
    when: reader.at("when").dictionary("a variable's name in capitals", variable),
  }
}

function readAddress(reader: Reader): AddressEntry {
  reader.keys(["variable", "listen"])
  const name = (key: string) => reader.at(key).text("a variable's name in capitals", variable)
  return { variable: name("variable"), listen: name("listen") }
}

function variableName(key: string, value: Reader): string {
  return variable.test(key) ? key : value.fail("a variable's name in capitals as the key")
}

const common = ["purpose", "ports", "env", "image", "registry", "rhythm", "mode"]

/** The key that makes a component what it is, with the other keys that go with it. */
const kinds = {
  stages: ["source", "needs", "connect"],
  program: ["source", "package", "probe", "address", "stores"],
  install: ["url", "licenses", "server", "start", "helper", "data"],
  reference: [],
}

function readComponent(reader: Reader, key: string): ComponentEntry {
  const marks = Object.keys(kinds) as (keyof typeof kinds)[]
  const given = marks.filter((mark) => !reader.at(mark).missing)
  if (given.length === 0) reader.fail(`a component with one of the keys ${marks.join(", ")}`)
  const [mark, another] = given
  if (another !== undefined) reader.at(another).fail(`no ${another} next to ${mark}: a component is one or the other`)
  reader.keys([...common, mark, ...kinds[mark]])
  const entry = {
    name: key,
    purpose: reader.at("purpose").text(),
    ports: reader.at("ports").items().map(port),
    env: reader.at("env").dictionary("a variable's name in capitals", variable),
    image: reader.at("image").text("an image name without registry and tag, such as openim/openim-server", imageName),
    registry: reader.at("registry").optionalText("a registry such as docker.io", registry),
    rhythm: reader.at("rhythm").oneOf(["daily", "weekly", "on-demand", "low"]),
    mode: reader.at("mode").oneOf(["auto", "manual", "incremental", "none"]),
  }
  if (mark === "reference") {
    return { ...entry, kind: "reference", registry: entry.registry ?? reader.at("registry").fail("the registry that has this image") }
  }
  if (mark === "install") {
    return {
      ...entry,
      kind: "installed",
      url: reader.at("url").text("an https:// address", /^https:\/\//),
      licenses: reader.at("licenses").optionalText(),
      server: reader.at("server").text("the server's program", name),
      install: named(reader.at("install"), readInstall),
      start: reader.at("start").text("the name of a script below shell/, without .sh", name),
      helper: reader.at("helper").optionalText("the name of a program below go/", name),
      data: reader.at("data").text("an absolute path", absolute),
    }
  }
  const source = reader.at("source").text("the name of a source", name)
  if (mark === "stages") {
    const stages = reader.at("stages").items().map((stage) => stage.texts("the name of a component", name))
    const needs = reader.at("needs").texts("the name of a service or of another group", name)
    const connect = reader.at("connect").dictionary("a variable's name in capitals", variable)
    return { ...entry, kind: "group", source, stages, needs, connect }
  }
  const probe = reader.at("probe").missing ? undefined : port(reader.at("probe"))
  if (probe !== undefined && !entry.ports.includes(probe)) reader.at("probe").fail("one of the component's ports")
  return {
    ...entry,
    kind: "program",
    source,
    program: reader.at("program").text("the program's name", name),
    package: reader.at("package").text("the main package's folder below the source", relative),
    probe,
    address: reader.at("address").missing ? undefined : readAddress(reader.at("address")),
    stores: reader.at("stores").texts("the name of a store of the component's source"),
  }
}

function readInstall(reader: Reader): InstallEntry {
  reader.keys(["packages", "files", "archive", "unavailable"])
  const install = {
    packages: reader.at("packages").texts("a package name"),
    files: reader.at("files").texts("an absolute path", absolute),
    archive: reader.at("archive").optionalText("the name of a build in versions.yaml", name),
    unavailable: reader.at("unavailable").optionalText(),
  }
  const source = install.archive ?? install.unavailable ?? install.packages[0]
  return source === undefined ? reader.fail("packages, an archive, or the reason why it is unavailable") : install
}

function readService(reader: Reader, key: string): ServiceEntry {
  reader.keys(["purpose", "component", "image", "packaged", "command", "user", "env", "files", "data", "ports", "ready", "published"])
  const component = reader.at("component").optionalText("the name of a component that is installed", name)
  if (component !== undefined && !reader.at("image").missing) reader.at("image").fail("no image next to component: a service is one or the other")
  if (component !== undefined && !reader.at("published").missing) reader.at("published").fail("no published next to component: that image is in the stack already")
  return {
    name: key,
    purpose: reader.at("purpose").text(),
    origin: component === undefined
      ? {
          image: reader.at("image").text("the name of an image in versions.yaml", name),
          packaged: readPackagedService(reader.at("packaged")),
          ...(reader.at("published").missing ? {} : { published: readPublishedService(reader.at("published")) }),
        }
      : { component },
    command: command(reader.at("command")),
    user: reader.at("user").optionalText("a user's name", name),
    env: reader.at("env").dictionary("a variable's name in capitals", variable),
    files: reader.at("files").dictionary("an absolute path", absolute),
    data: reader.at("data").optionalText("an absolute path", absolute),
    ports: reader.at("ports").items().map(port),
    ready: command(reader.at("ready")),
  }
}

function readPublishedService(reader: Reader): PublishedService {
  reader.keys(["component", "command", "user", "env", "data"])
  return {
    component: reader.at("component").text("the name of a component that is installed", name),
    command: command(reader.at("command")),
    user: reader.at("user").optionalText("a user's name", name),
    env: reader.at("env").dictionary("a variable's name in capitals", variable),
    data: reader.at("data").optionalText("an absolute path", absolute),
  }
}

function readFront(reader: Reader): FrontEntry {
  reader.keys(["service", "ports", "connect", "fresh"])
  const variables = (entry: Reader) => entry.dictionary("a variable's name in capitals", variable)
  return {
    service: reader.at("service").text("the name of a service", name),
    ports: reader.at("ports").dictionary("a port number in quotes", /^\d+$/, "HOST:PORT within the stack", /^[a-z][a-z0-9-]*:\d+$/),
    connect: Object.fromEntries(reader.at("connect").entries().map(([group, entry]) => [group, variables(entry)])),
    fresh: reader.at("fresh").texts("a password of a service or a group"),
  }
}

function readPackagedService(reader: Reader): PackagedService {
  reader.keys(["packages", "tool", "java", "command", "standIn"])
  const packaged = {
    packages: reader.at("packages").texts("a package name"),
    tool: reader.at("tool").optionalText("the name of a tool in versions.yaml", name),
    java: reader.at("java").optionalText("the name of a program below java/", name),
    command: reader.at("command").missing ? undefined : command(reader.at("command")),
    standIn: reader.at("standIn").optionalText(),
  }
  const source = packaged.tool ?? packaged.java ?? packaged.packages[0]
  return source === undefined ? reader.fail("packages, a tool or java: what takes the image's place without a registry") : packaged
}

function command(reader: Reader): string[] {
  const words = reader.texts("a word of a command")
  return words.length === 0 ? reader.fail("a command as a list of words") : words
}

function port(reader: Reader): number {
  return reader.whole("a port number from 1 to 65535", 1, 65535)
}

function readBase(reader: Reader): BaseEntry {
  reader.keys(["image", "alternatives", "distribution", "packages", "probe"])
  const expected = "a full image reference such as docker.io/library/debian:trixie-slim"
  return {
    image: reader.at("image").text(expected, reference),
    alternatives: reader.at("alternatives").texts(expected, reference),
    distribution: reader.at("distribution").text("a distribution's name", name),
    packages: reader.at("packages").texts("a package name"),
    probe: reader.at("probe").oneOf(["bash", "nc"]),
  }
}

function readSupervisor(reader: Reader): SupervisorEntry {
  reader.keys(["backoffDelay", "backoffFactor", "backoffLimit", "checkPeriod", "downChecks", "waitSeconds", "provenSeconds", "giveUpSeconds"])
  const time = (key: string) => reader.at(key).text("a time such as 500ms, 10s or 2m", duration)
  const count = (key: string, most = 1000) => reader.at(key).whole(`a whole number from 1 to ${most}`, 1, most)
  return {
    backoffDelay: time("backoffDelay"),
    backoffFactor: count("backoffFactor"),
    backoffLimit: time("backoffLimit"),
    checkPeriod: time("checkPeriod"),
    downChecks: count("downChecks"),
    waitSeconds: count("waitSeconds"),
    ...(reader.at("provenSeconds").missing ? {} : { provenSeconds: count("provenSeconds", 86_400) }),
    ...(reader.at("giveUpSeconds").missing ? {} : { giveUpSeconds: count("giveUpSeconds", 86_400) }),
  }
}

/** Names that point to other entries. */
function checkReferences(root: Reader, part: StackPart): void {
  for (const component of Object.values(part.components)) {
    if (component.kind === "reference") continue
    if (component.kind === "installed") {
      checkDistributions(root, part, component)
      continue
    }
    const reader = root.at("components").at(component.name)
    const sources = Object.keys(part.sources)
    if (!sources.includes(component.source)) {
      reader.at("source").fail(`a source of this stack (${unknownName("source", component.source, sources).message})`)
    }
    const stores = Object.keys(part.sources[component.source].image.start.stores)
    for (const item of reader.at("stores").items()) {
      if (!stores.includes(item.text())) item.fail(`a store of source ${component.source}: ${stores.join(", ") || "it has none"}`)
    }
    for (const item of reader.at("stages").items().flatMap((stage) => stage.items())) {
      const member = Object.values(part.components).find((entry) => entry.name === item.text())
      if (member?.kind !== "program") return item.fail("the name of a component that has a program")
      if (member.source !== component.source) item.fail(`a component of source ${component.source}`)
    }
    for (const item of reader.at("needs").items()) {
      const need = item.text()
      const group = Object.values(part.components).some((entry) => entry.kind === "group" && entry.name === need)
      if (need === component.name || (!group && !Object.hasOwn(part.services, need))) item.fail("the name of a service or of another group")
    }
  }
  if (part.front !== undefined && !Object.hasOwn(part.services, part.front.service)) root.at("front").at("service").fail("the name of a service")
  for (const { name: service, origin } of Object.values(part.services)) {
    const entry = root.at("services").at(service)
    const installed = (at: Reader, component: string): void => {
      const found = Object.values(part.components).find(({ name }) => name === component)
      if (found?.kind !== "installed") at.fail("the name of a component that is installed")
    }
    if ("component" in origin) installed(entry.at("component"), origin.component)
    else if (origin.published !== undefined) installed(entry.at("published").at("component"), origin.published.component)
  }
}

/** Each base must be told how to get it, or that it cannot. */
function checkDistributions(root: Reader, part: StackPart, { name: component, install }: InstalledEntry): void {
  const reader = root.at("components").at(component).at("install")
  const wanted = new Set(Object.values(part.bases).map((base) => base.distribution))
  for (const distribution of wanted) {
    if (install[distribution] === undefined) reader.at(distribution).fail("how to install it there, or the key unavailable")
  }
}
