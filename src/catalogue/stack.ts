// stack.yaml: what the components of a stack are.

import * as v from "valibot"
import { Examined } from "./examine.js"
import {
  about,
  absolutePath,
  https,
  list,
  mapping,
  name,
  named,
  port,
  relativePath,
  shaped,
  text,
  variable,
  variables,
  whole,
  withNames,
  words,
} from "./fields.js"
import { stackReferences } from "./references.js"

const reference = () =>
  text(
    "a full image reference such as docker.io/library/debian:trixie-slim",
    /^[a-z0-9.-]+(:\d+)?\/[a-z0-9._/-]+(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$/,
  )
const duration = () => text("a time such as 500ms, 10s or 2m", /^\d+(ms|s|m)$/)
const packages = () => list(text("a package name"))

/** Services outside the container, by the names that people know. */
export const storeSchema = v.strictObject({
  variables: about(
    "The variables that hold its addresses. The first one that is not empty counts.",
    v.pipe(v.array(variable()), v.minLength(1), v.title("the variables that name its addresses")),
  ),
  port: about("The port of an address that names none.", v.optional(port())),
  when: about("It is needed only where these variables have these values.", variables()),
})

/** What the start of an image looks at. Values of the configuration go by the names of the variables that replace them. */
export const startSchema = v.pipe(
  v.strictObject({
    secrets: about(
      "Secrets that everybody knows, by variable. A container that has one of them does not start.",
      mapping(variable(), v.array(text())),
    ),
    allowSecrets: about('The variable that allows such secrets when it is "yes". Required with `secrets`.', v.optional(variable())),
    stores: about(
      "Services that the programs use. The start asks them and reports those that do not answer.",
      mapping(text(), storeSchema),
    ),
  }),
  v.forward(
    v.partialCheck(
      [["secrets"], ["allowSecrets"]],
      ({ secrets, allowSecrets }) => allowSecrets !== undefined || Object.keys(secrets).length === 0,
      "the variable that allows these secrets",
    ),
    ["allowSecrets"],
  ),
)

export const sourceImageSchema = v.strictObject({
  home: about("The folder that the programs start in.", absolutePath()),
  config: about("The folder of the configuration.", absolutePath()),
  logs: about("The folder of the logs.", absolutePath()),
  programs: about("The folder of the programs.", v.optional(absolutePath(), "/usr/local/bin")),
  arguments: about("The arguments of every program.", list(text())),
  env: about("Variables of every image of this source.", variables()),
  start: about("What the start of a container checks.", v.optional(startSchema, {})),
})

/** Where a product's source comes from, and what the images of its programs have in common. */
export const sourceSchema = v.strictObject({
  title: about("The product's name, as the images' labels show it.", text()),
  url: about("The git repository.", https()),
  folder: about("A folder of this project that is the source. Without it, `url` is.", v.optional(relativePath("a folder of this project"))),
  toolchain: about("What builds it, such as `go`.", name("the name of a toolchain, such as go")),
  module: about(
    "What it calls itself in its manifest: a Go module's path, a crate's or a package's name.",
    text("the name in its manifest, such as github.com/example/shop or shop", /^@?[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/),
  ),
  licenses: about("The licence, as an SPDX expression.", v.optional(text())),
  config: about("The folder of the configuration, which every image gets.", v.optional(relativePath())),
  versionFile: about("The file that holds the version in a checkout.", v.optional(relativePath())),
  otherPrograms: about("Main packages that no image gets on purpose.", list(relativePath("a main package's folder below the source"))),
  image: about("What the images of this source have in common.", sourceImageSchema),
})

/** Whom the programs of every image run as. */
export const userSchema = v.strictObject({
  name: about("The user's name.", name("a user name")),
  uid: about("The user's number, and that of the group.", whole(1000, 65533, "a user number")),
})

export const addressSchema = v.strictObject({
  variable: about(
    "The variable of the address under which others reach the program. It gets the container's address where nobody sets it.",
    variable(),
  ),
  listen: about("The variable of the address that the program listens on.", variable()),
})

/** What a component is called, where its image is published, and when. */
const common = {
  purpose: about("What it is for, in one line.", text()),
  ports: about("The ports that it listens on.", list(port())),
  env: about("Variables of its image.", variables()),
  image: about(
    "The image's name.",
    text("an image name without registry and tag, such as openim/openim-server", /^[a-z0-9]+([._/-][a-z0-9]+)*$/),
  ),
  registry: about(
    "Where the image is published. Without it, only the registry that the caller names gets the image.",
    v.optional(text("a registry such as docker.io", /^[a-z0-9.-]+(:\d+)?$/)),
  ),
  rhythm: about(
    "How often it is released. For an installed server: packages are looked up again each day (`daily`) or each week (any other).",
    v.picklist(["daily", "weekly", "on-demand", "low"]),
  ),
  mode: about(
    "`auto`, `incremental`: a release takes it without being asked for it. `manual`: only when it is named. `none`: never (references).",
    v.picklist(["auto", "manual", "incremental", "none"]),
  ),
}

const sourceName = () => about("The source that it is built from.", name("the name of a source"))

/** One program of a source. */
export const programSchema = v.pipe(
  v.strictObject({
    ...common,
    source: sourceName(),
    program: about("The program's name.", name("the program's name")),
    package: about("The main package's folder.", relativePath("the main package's folder below the source")),
    probe: about("The port that answers when the program is ready: one of `ports`.", v.optional(port())),
    address: about("How others find the program where it registers its address.", v.optional(addressSchema)),
    stores: about("The stores of its source that it uses.", list(text("the name of a store of the component's source"))),
  }),
  v.forward(
    v.partialCheck(
      [["probe"], ["ports"]],
      ({ probe, ports }) => probe === undefined || ports.includes(probe),
      "one of the component's ports",
    ),
    ["probe"],
  ),
  v.transform((entry) => ({ ...entry, kind: "program" as const })),
)

/** Several programs of a source under a supervisor. */
export const groupSchema = v.pipe(
  v.strictObject({
    ...common,
    source: sourceName(),
    stages: about(
      "Its components, in the stages of their start. A stage starts when the ports of the stages before it answer.",
      v.array(v.array(name("the name of a component that has a program"))),
    ),
    needs: about(
      "Services and other groups that it runs with. The names are host names as well.",
      list(name("the name of a service or of another group")),
    ),
    connect: about("Variables that make its programs find these.", variables()),
  }),
  v.transform((entry) => ({ ...entry, kind: "group" as const })),
)

export const installSchema = v.pipe(
  v.strictObject({
    packages: about("Packages of the distribution. The version of the first one is the component's.", packages()),
    files: about("Files that prove that the packages are there.", list(absolutePath())),
    without: about(
      "Files and folders that the packages make while they are installed, and that no image gets.",
      v.optional(v.array(absolutePath())),
    ),
    archive: about(
      "A build in versions.yaml, archives.COMPONENT.builds. The image gets bin/SERVER from it.",
      v.optional(name("the name of a build in versions.yaml")),
    ),
    tool: about(
      "A tool in versions.yaml that is the server: one static program for every distribution.",
      v.optional(name("the name of a tool in versions.yaml")),
    ),
    tools: about("Further tools in versions.yaml, beside the server.", v.optional(v.array(name("the name of a tool in versions.yaml")))),
    java: about(
      "A program below java/, which goes to /opt/NAME; its properties go to /opt/NAME/config. `packages` bring Java.",
      v.optional(name("the name of a program below java/")),
    ),
    runtime: about(
      "Whether the server is the program that runs `content`, in the version that its source needs, such as Node. `packages` bring its libraries.",
      v.optional(v.boolean()),
    ),
    unavailable: about("Why this distribution cannot have the server.", v.optional(text())),
  }),
  v.partialCheck(
    [["packages"], ["archive"], ["tool"], ["runtime"], ["unavailable"]],
    ({ packages, archive, tool, runtime, unavailable }) =>
      runtime === true || (archive ?? tool ?? unavailable ?? packages[0]) !== undefined,
    "packages, an archive, a tool, a runtime, or the reason why it is unavailable",
  ),
  v.partialCheck([["packages"], ["java"]], ({ packages, java }) => java === undefined || packages.length > 0, "packages that bring Java"),
)

/** Files that a source makes, and a server serves or runs. */
export const contentSchema = v.strictObject({
  source: about("The source that makes them.", name("the name of a source")),
  from: about("The folder below the source where its build leaves them.", relativePath()),
  to: about("Where the image has them.", absolutePath()),
  packages: about(
    "Whether the packages that they need when they run come along, as the toolchain keeps them: node_modules.",
    v.optional(v.boolean()),
  ),
})

/** A server that is installed, from packages or an archive of its makers, instead of being built. */
export const installedSchema = v.pipe(
  v.strictObject({
    ...common,
    url: about("Where its makers develop it: the image's source.", https()),
    licenses: about("The licence, as an SPDX expression.", v.optional(text())),
    server: about("The program that it is.", name("the server's program")),
    install: about("How it gets onto a base, by the base's distribution. The entry `any` is for all others.", named(installSchema)),
    versionOption: about("The option that makes the server print its version.", v.optional(text(), "--version")),
    open: about("It knows no passwords: it starts without one.", v.optional(v.boolean(), false)),
    development: about(
      "Whether it is for developers alone: it may hold compilers, and its user may log in. No deployment runs it, and what takes all components leaves it out.",
      v.optional(v.boolean()),
    ),
    files: about("Configuration files by their paths.", mapping(absolutePath(), text("a text", /^/))),
    start: about(
      "The script below shell/ that starts the server. With the argument `health` it reports whether the server answers.",
      name("the name of a script below shell/, without .sh"),
    ),
    helper: about("A Go program below go/ that this script uses.", v.optional(name("the name of a program below go/"))),
    data: about("The folder of its data, which the server starts in.", absolutePath()),
    content: about("Files that a source makes for it. The version of the source is the image's version then.", v.optional(contentSchema)),
  }),
  v.transform((entry) => ({ ...entry, kind: "installed" as const })),
)

/** An image that others publish: never built, never pushed. */
export const referenceSchema = v.pipe(
  v.strictObject({
    ...common,
    reference: about("Marks the component as a reference.", v.pipe(v.literal(true), v.title("true"))),
    registry: about("The registry that has the image.", text("a registry such as docker.io", /^[a-z0-9.-]+(:\d+)?$/)),
  }),
  v.transform(({ reference: _, ...entry }) => ({ ...entry, kind: "reference" as const })),
)

export const componentSchema = shaped("a component", {
  stages: groupSchema,
  program: programSchema,
  install: installedSchema,
  reference: referenceSchema,
})

export const baseSchema = v.strictObject({
  image: about("The image.", reference()),
  alternatives: about("Other references of the same image.", list(reference())),
  distribution: about("Its distribution. Packages are listed by it.", name("a distribution's name")),
  packages: about("What every image on this base gets.", packages()),
  probe: about("What opens a port in health checks.", v.picklist(["bash", "nc"])),
})

const serviceUser = () => about("Whom the command runs as, where it refuses to be root.", v.optional(name("a user's name")))
const dataFolder = () => about("A folder that must be there.", v.optional(absolutePath()))
const installedName = () => name("the name of a component that is installed")

/** A service from package registries, put together on Debian. */
export const packagedServiceSchema = v.pipe(
  v.strictObject({
    packages: about("Packages of Debian.", packages()),
    tool: about("A tool in versions.yaml.", v.optional(name("the name of a tool in versions.yaml"))),
    java: about(
      "A program below java/, with Java. Its classes go to /opt/NAME, the libraries that its pom.xml names to /opt/NAME/libs.",
      v.optional(name("the name of a program below java/")),
    ),
    command: about("Another command than the image's.", v.optional(words())),
    standIn: about("What it is, where it is not the same program. Every report says so.", v.optional(text())),
  }),
  v.partialCheck(
    [["packages"], ["tool"], ["java"]],
    ({ packages, tool, java }) => (tool ?? java ?? packages[0]) !== undefined,
    "packages, a tool or java: what takes the image's place without a registry",
  ),
)

const ofComponent = {
  command: about("Another command than the component's start script.", v.optional(words())),
  user: about("Another user than that of every image.", v.optional(name("a user's name"))),
  env: about("Variables of the container.", variables()),
  data: about("Another folder of the data than the component's.", v.optional(absolutePath())),
}

/** How a component of this stack takes a service's place in the stack that tests it before it is published. */
export const publishedServiceSchema = v.strictObject({
  component: about("A component that is installed.", installedName()),
  ...ofComponent,
})

const running = {
  purpose: about("What it is for, in one line.", text()),
  host: about("A second host name in the stack: the one that others know it by.", v.optional(name())),
  command: about("The command of the container.", words()),
  user: serviceUser(),
  env: about("Variables of the container.", variables()),
  files: about("Configuration files by their paths.", mapping(absolutePath(), text("a text", /^/))),
  data: dataFolder(),
  ports: about("The ports that it listens on.", list(port())),
  ready: about("A command in the container that succeeds when the service answers its own protocol.", words()),
}

/** What a stack needs to run: for tests, and on a developer's machine. */
export const serviceSchema = shaped("a service", {
  component: v.pipe(
    v.strictObject({
      ...running,
      ...ofComponent,
      purpose: about("What it is for, in one line, where the component's purpose does not say it.", v.optional(text())),
      ports: about("The ports that it listens on, where they are others than the component's.", list(port())),
      component: about("The component of this stack whose image it runs: one that is installed.", installedName()),
    }),
    v.transform(({ component, ...entry }) => ({ ...entry, origin: { component } })),
  ),
  image: v.pipe(
    v.strictObject({
      ...running,
      image: about("An official image, by its name in `images` of versions.yaml.", name("the name of an image in versions.yaml")),
      packaged: about("What takes the image's place where no registry can be reached.", packagedServiceSchema),
      published: about("The component that takes its place in the stack that tests this component.", v.optional(publishedServiceSchema)),
    }),
    v.transform(({ image, packaged, published, ...entry }) => ({
      ...entry,
      origin: { image, packaged, ...(published === undefined ? {} : { published }) },
    })),
  ),
})

/** How a running stack shows itself to the machine that it runs on. */
export const frontSchema = v.strictObject({
  service: about("The service that passes connections on.", name("the name of a service")),
  ports: about(
    "Where each port of the machine leads.",
    mapping(text("a port number", /^\d+$/), text("HOST:PORT within the stack", /^[a-z][a-z0-9-]*:\d+$/)),
  ),
  connect: about(
    "Variables of groups that hold outside the stack only, by the groups' names.",
    mapping(name(), v.record(variable(), text("a text", /^/))),
  ),
  fresh: about(
    "Passwords and secrets of tests, which everybody can read. A stack that is shown gets others.",
    v.optional(v.array(text("a password of a service or a group"))),
  ),
})

export const supervisorSchema = v.strictObject({
  backoffDelay: about("The wait before the first new start of a program that ended.", duration()),
  backoffFactor: about("Each further wait is this many times longer.", whole(1, 1000)),
  backoffLimit: about("The longest wait. A program that ran for so long starts again with the first wait.", duration()),
  checkPeriod: about("The time between two looks at the programs.", duration()),
  downChecks: about("After so many looks in a row at which some program waited for its start, the container is unhealthy.", whole(1, 1000)),
  waitSeconds: about("How long a stage waits for the ports of the stages before it.", whole(1, 1000)),
  provenSeconds: about("A program that ran for so long is well again. Default: giveUpSeconds.", v.optional(whole(1, 86_400))),
  giveUpSeconds: about(
    "A program that was not well for so long, and ends again, ends the container. Default: the time of downChecks.",
    v.optional(whole(1, 86_400)),
  ),
})

export const stackSchema = v.strictObject({
  stack: about("The stack's name.", name("the stack's name, as its folder is called")),
  title: about("The product's name.", text()),
  dockerfiles: about("The folder of its Dockerfiles in this project.", v.optional(relativePath("a folder of this project"), "dockerfiles")),
  sources: about("Where the sources come from.", named(sourceSchema)),
  user: about("Whom the programs of every image run as.", userSchema),
  components: v.pipe(
    about(
      "What is built, installed or referenced. Each has one of the keys `stages` (a group of programs under a supervisor), `program` (one program), `install` (a server from packages or an archive) and `reference` (an image that others publish).",
      named(componentSchema),
    ),
    v.transform((entries) => withNames(entries)),
  ),
  bases: about("The images that final images start from.", named(baseSchema)),
  supervisor: about("How a supervisor treats the programs of an image with several.", supervisorSchema),
  services: v.pipe(
    about(
      "What the stack needs to run. Each has one of the keys `component` (an image of this stack) and `image` (an official image).",
      mapping(name(), serviceSchema),
    ),
    v.transform((entries) => withNames(entries)),
  ),
  front: about("How a running stack shows itself to its machine.", v.optional(frontSchema)),
})

export type StackPart = v.InferOutput<typeof stackSchema>

export function examinedStack(file: string, text: string): Examined<StackPart> {
  const stack = Examined.file(file, text, stackSchema)
  stack.report(stackReferences(stack.data, Object.keys(componentSchema.shapes)))
  return stack
}

export function readStack(file: string, text: string): StackPart {
  return Examined.outputs(examinedStack(file, text))[0]
}
