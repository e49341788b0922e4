// What the Dockerfiles of all components have in common.

import { pinnedImage, pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import type { BaseEntry, Catalogue, ImageEntry } from "../../catalogue/types.js"
import { healthTimes, type ImagePlan, searchPath, type userPlan } from "../build/image.js"
import { planPackages } from "../packages/packages.js"
import { type PackageScriptOptions, packageScript } from "../packages/script.js"
import type { PackagePlan, PackageRequest } from "../packages/types.js"
import { assigned, comment, printed, run } from "./words.js"

export interface DockerfileOptions {
  mirrors?: PackageRequest["mirrors"]
  /** Other defaults of build arguments than the file's own, by their names. */
  arguments?: Record<string, string>
}

/** What makes programs: build arguments for the top of the file, and stages. */
export interface DockerfileStages {
  arguments: string[]
  stages: string[]
}

/** The stage source, with the files of a source that is a folder of this project or in git. */
export function sourceStage(catalogue: Catalogue, source: string): string[] {
  const { folder, url } = sourceEntry(catalogue, source)
  if (folder !== undefined) return ["FROM scratch AS source", `COPY ${folder} /`, ""]
  const { commit, version } = pinnedSource(catalogue, source)
  const plan = planPackages({ distribution: "debian", want: ["ca-certificates", "git"] })
  return [
    `FROM ${pinnedImage(catalogue, "debian")} AS fetched`,
    copyLibrary,
    `RUN ${installing(plan)}`,
    run(
      "git init -q /fetched",
      "cd /fetched",
      `git fetch -q --depth=1 ${url} ${commit ?? `refs/tags/${version}`}`,
      "git checkout -q FETCH_HEAD",
      "rm -rf .git",
    ),
    "",
    comment("A checkout can stand in for it: --build-context source=../checkout (BuildKit, buildah, podman)."),
    "FROM scratch AS source",
    "COPY --from=fetched /fetched/ /",
    "",
  ]
}

const library = "/tmp/install-packages.sh"

/** Every stage that installs packages begins with this. */
export const copyLibrary = "COPY shell/install-packages.sh /tmp/"

export function header(catalogue: Catalogue, component: ImageEntry, base: BaseEntry): string[] {
  const name = component.image.split("/").at(-1)
  const others = base.alternatives.map((reference) => `, or ${reference}`).join("")
  // The stack that is meant where nobody names one has the usual folder.
  const options = catalogue.dockerfiles === "dockerfiles" ? "" : `--stack=${catalogue.stack} `
  return [
    comment(
      `${component.purpose}.`,
      "",
      `Generated from stacks/${catalogue.stack}: edit that, then run ./daggerw call ${options}dockerfiles. To build, in the repository's folder:`,
      "",
      `  docker build -f ${catalogue.dockerfiles}/${component.name}.Dockerfile -t ${name} .`,
      `  buildah build --format docker -f ${catalogue.dockerfiles}/${component.name}.Dockerfile -t ${name} .`,
      "",
      "HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:",
      `./daggerw call ${options}--mirrors=apt=http://… dockerfile --component=${component.name} prints this file with them.`,
    ),
    "",
    comment(`The base: the same distribution by another name or digest${others}.`),
    `ARG BASE=${base.image}`,
  ]
}

/** A shell command. */
export function installing(plan: PackagePlan, options: PackageScriptOptions = {}): string {
  return `${printed(packageScript(`. ${library}`, plan, options))} \\\n      | sh -s`
}

/** The last stage up to its packages. */
export function baseStage(base: BaseEntry, more: PackageRequest["want"], { mirrors }: DockerfileOptions, folders: string[] = []): string[] {
  const plan = planPackages({ distribution: base.distribution, want: [...base.packages, ...more], mirrors })
  const made = folders.length === 0 ? "" : `mkdir -p ${folders.join(" ")} && `
  return ["FROM ${BASE}", copyLibrary, `RUN ${made}${installing(plan, { withoutSetuid: true })} && rm ${library}`]
}

/** Without a tool for it: base images differ in which one they have. */
export function addUser({ group, passwd, folders }: ReturnType<typeof userPlan>, owner: string): string {
  const all = folders.join(" ")
  return run(`echo '${group}' >> /etc/group`, `echo '${passwd}' >> /etc/passwd`, `mkdir -p ${all}`, `chown ${owner} ${all}`)
}

/** What the image says about itself. */
export function settings(plan: ImagePlan, owner: string): string[] {
  return [
    assigned("ENV", { PATH: searchPath, ...plan.env }),
    ...(plan.ports.length === 0 ? [] : [`EXPOSE ${plan.ports.join(" ")}`]),
    assigned("LABEL", plan.labels),
    ...(plan.health === undefined ? [] : [healthcheck(plan.health)]),
    `USER ${owner}`,
    `ENTRYPOINT ${JSON.stringify(plan.entrypoint)}`,
    `CMD ${JSON.stringify(plan.arguments)}`,
  ]
}

/** Images in OCI's own format have no health check: buildah and podman keep it with --format docker. */
function healthcheck(command: string): string {
  const { interval, timeout, startPeriod, startInterval, retries } = healthTimes
  const start = `--start-period=${startPeriod} --start-interval=${startInterval}`
  return `HEALTHCHECK --interval=${interval} --timeout=${timeout} ${start} --retries=${retries} \\\n    CMD ${command}`
}
