// A component's Dockerfile: the same image for those who build without Dagger. The build context is this repository.

import type { BaseEntry, BuiltEntry, Catalogue } from "../catalogue/types.js"
import { programsOf, programsOfSource } from "./components.js"
import { assigned, comment, printed, run } from "./dockerfileWords.js"
import { oldestGo } from "./go.js"
import { binFolder, healthTimes, imagePlan, programFolders, searchPath, userPlan } from "./image.js"
import { fetchScript } from "./modules.js"
import { planPackages } from "./packages.js"
import { packageScript } from "./packagesScript.js"
import type { PackageRequest } from "./packageTypes.js"
import { buildFlagWords, multicallArguments, multicallBinary, multicallCommand } from "./programs.js"
import { layerFile, layerText, waitProgram, waitScript } from "./supervisor.js"

export interface DockerfileOptions {
  mirrors?: PackageRequest["mirrors"]
  /** The default of the build argument GOPROXY. */
  goproxy?: string
}

const library = "/tmp/install-packages.sh"

export function dockerfile(catalogue: Catalogue, component: BuiltEntry, base: BaseEntry, options: DockerfileOptions = {}): string {
  const stages = [
    header(catalogue, component, base, options),
    goStage(options),
    sourceStages(catalogue, component),
    buildStage(catalogue, component),
    finalStage(catalogue, component, base, options),
  ]
  return `${stages.flat().join("\n")}\n`
}

function header(catalogue: Catalogue, component: BuiltEntry, base: BaseEntry, { goproxy }: DockerfileOptions): string[] {
  const name = component.image.split("/").at(-1)
  const others = base.alternatives.map((reference) => `, or ${reference}`).join("")
  const { images, go } = catalogue.pins
  return [
    comment(
      `${component.purpose}.`,
      "",
      `Generated from stacks/${catalogue.stack}: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:`,
      "",
      `  docker build -f dockerfiles/${component.name}.Dockerfile -t ${name} .`,
      `  buildah build --format docker -f dockerfiles/${component.name}.Dockerfile -t ${name} .`,
      "",
      "HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:",
      `./daggerw call --mirrors=apt=http://… dockerfile --component=${component.name} prints this file with them.`,
    ),
    "",
    comment(`The base: the same distribution by another name or digest${others}.`),
    `ARG BASE=${base.image}`,
    comment(
      "Any image with Go 1.21 or newer, or Debian's, which gets its golang-go. Whichever it is, Go fetches the version",
      "that the source's go.mod asks for.",
    ),
    `ARG BUILDER=${images.golang.replace("{version}", go)}`,
    comment("Go module proxies in order, such as https://goproxy.cn,direct. Go's own default when empty."),
    `ARG GOPROXY=${goproxy ?? ""}`,
    "",
  ]
}

function goStage(options: DockerfileOptions): string[] {
  return [
    "FROM ${BUILDER} AS go",
    "COPY shell/install-packages.sh /tmp/",
    `RUN command -v go > /dev/null || { \\\n    ${installed("debian", ["ca-certificates", "golang-go"], options)}; }`,
    // By Go's own rule the default is replaced by what go.mod asks for.
    assigned("ENV", { CGO_ENABLED: "0", GO111MODULE: "on", GOPATH: "/go", GOTOOLCHAIN: `go${oldestGo}+auto` }),
    run("mkdir /module", `${printed(fetchScript)} \\\n      > /module/fetch`, "chmod 755 /module/fetch"),
    "",
  ]
}

function sourceStages(catalogue: Catalogue, component: BuiltEntry): string[] {
  const { module } = catalogue.sources[component.source]
  const { version, sum } = catalogue.pins.sources[component.source]
  return [
    "FROM go AS fetched",
    "ARG GOPROXY",
    run(`GOTOOLCHAIN=local /module/fetch ${[module, version, sum ?? []].flat().join(" ")}`),
    "",
    comment("A checkout can stand in for it: --build-context source=../checkout (BuildKit, buildah, podman)."),
    "FROM scratch AS source",
    "COPY --from=fetched /module/source/ /",
    "",
  ]
}

function buildStage(catalogue: Catalogue, component: BuiltEntry): string[] {
  const all = programsOfSource(catalogue, component.source)
  const binary = multicallBinary(catalogue.stack, all)
  const programs = multicallArguments(all).map((program) => `\\\n      ${program}`).join(" ")
  const links = programsOf(catalogue, component).map((entry) => entry.program)
  return [
    "FROM go AS build",
    "ARG GOPROXY",
    comment("Modules come before sources, so that an edit does not fetch them again."),
    "WORKDIR /src",
    "COPY --from=source /go.mod /go.sum ./",
    run("go mod download"),
    ...(component.kind === "suite" ? [supervisorProgram(catalogue)] : []),
    "COPY go/multicall /helper",
    withSourcesGo("/helper", `GOTOOLCHAIN=$go go build ${buildFlagWords} -o /usr/local/bin/multicall .`),
    "COPY --from=source / .",
    run(multicallCommand(binary, programs)),
    run(`for program in \\\n      ${links.join(" \\\n      ")}; \\\n    do ln -s ${binary} /out/$program || exit; done`),
    "",
  ]
}

function supervisorProgram(catalogue: Catalogue): string {
  const pin = catalogue.pins.tools.pebble
  return [
    comment("The supervisor."),
    run(`GOTOOLCHAIN=local /module/fetch ${pin.module} ${pin.version} ${pin.sum}`),
    withSourcesGo("/module/source", `GOTOOLCHAIN=$go+auto go build ${buildFlagWords} -o /out/pebble ./${pin.package}`),
  ].join("\n")
}

/** Compiles another module with the Go that go.mod in /src asks for. */
function withSourcesGo(folder: string, command: string): string {
  return run("go=$(go env GOVERSION)", `cd ${folder}`, command)
}

function finalStage(catalogue: Catalogue, component: BuiltEntry, base: BaseEntry, options: DockerfileOptions): string[] {
  const { user } = catalogue
  const owner = `${user.uid}:${user.uid}`
  const { config, image } = catalogue.sources[component.source]
  const { version, commit, created } = catalogue.pins.sources[component.source]
  const plan = imagePlan(catalogue, component, base, { version, revision: commit, created })
  return [
    "FROM ${BASE}",
    "COPY shell/install-packages.sh /tmp/",
    `RUN ${installed(base.distribution, base.packages, options)} && rm ${library}`,
    withUser(userPlan(user, image.home, programFolders(image)), owner),
    ...(component.kind === "suite" ? supervisorFiles(catalogue, component, base, owner) : []),
    `WORKDIR ${image.home}`,
    ...(config === undefined ? [] : [`COPY --from=source /${config} ${image.config}`]),
    `COPY --from=build /out/ ${binFolder}/`,
    assigned("ENV", { PATH: searchPath, ...plan.env }),
    ...(plan.ports.length === 0 ? [] : [`EXPOSE ${plan.ports.join(" ")}`]),
    assigned("LABEL", plan.labels),
    ...(plan.health === undefined ? [] : [healthcheck(plan.health)]),
    `USER ${owner}`,
    `ENTRYPOINT ${JSON.stringify(plan.entrypoint)}`,
    `CMD ${JSON.stringify(plan.arguments)}`,
  ]
}

/** Without a tool for it: base images differ in which one they have. */
function withUser({ group, passwd, folders }: ReturnType<typeof userPlan>, owner: string): string {
  const all = folders.join(" ")
  return run(`echo '${group}' >> /etc/group`, `echo '${passwd}' >> /etc/passwd`, `mkdir -p ${all}`, `chown ${owner} ${all}`)
}

function supervisorFiles(catalogue: Catalogue, component: BuiltEntry & { kind: "suite" }, base: BaseEntry, owner: string): string[] {
  const layer = layerFile(component)
  return [
    run(`${printed(waitScript(base))} \\\n      > ${waitProgram}`, `chmod 755 ${waitProgram}`),
    run(`${printed(layerText(catalogue, component))} \\\n      > ${layer}`, `chown ${owner} ${layer}`),
  ]
}

function installed(distribution: string, want: string[], { mirrors }: DockerfileOptions): string {
  return `${printed(packageScript(`. ${library}`, planPackages({ distribution, want, mirrors })))} \\\n      | sh -s`
}

/** Images in OCI's own format have no health check: buildah and podman keep it with --format docker. */
function healthcheck(command: string): string {
  const { interval, timeout, startPeriod, startInterval, retries } = healthTimes
  const times = `--interval=${interval} --timeout=${timeout} --start-period=${startPeriod} --start-interval=${startInterval} --retries=${retries}`
  return `HEALTHCHECK ${times} \\\n    CMD ${command}`
}

/** All of a stack's, by their file names. */
export function dockerfiles(catalogue: Catalogue): Record<string, string> {
  const base = Object.values(catalogue.bases)[0]
  const built = Object.values(catalogue.components).filter((component) => component.kind === "program" || component.kind === "suite")
  return Object.fromEntries(built.map((component) => [`${component.name}.Dockerfile`, dockerfile(catalogue, component, base)]))
}
