// The Dockerfile of a component that is built from a source.

import { dirname } from "node:path/posix"
import type { BaseEntry, BuiltEntry, Catalogue, ProgramEntry, GroupEntry } from "../../catalogue/types.js"
import { programsOf, programsOfSource } from "../build/components.js"
import { addUser, baseStage, type DockerfileOptions, fetchProgram, goArguments, goStage, header, settings } from "./stages.js"
import { comment, printed, run } from "./words.js"
import { oldestGo } from "../toolchains/go/version.js"
import { binFolder, imagePlan, launchFile, programFolders, userPlan } from "../build/image.js"
import { launchHelper, launchText } from "../build/launch.js"
import { buildFlagWords, programArguments, multicallBinary, multicallCommand } from "../build/programs.js"
import { startSeconds } from "../build/starts.js"
import { layerFile, layerText, waitProgram, waitScript } from "../build/supervisor.js"

export function builtDockerfile(catalogue: Catalogue, component: BuiltEntry, base: BaseEntry, options: DockerfileOptions): string[] {
  return [
    ...header(catalogue, component, base),
    ...goArguments(catalogue, options, "the source's go.mod asks for"),
    "",
    // By Go's own rule the default is replaced by what go.mod asks for.
    ...goStage(`go${oldestGo}+auto`, options),
    fetchProgram,
    "",
    ...sourceStages(catalogue, component),
    ...buildStage(catalogue, component),
    ...finalStage(catalogue, component, base, options),
  ]
}

function sourceStages(catalogue: Catalogue, component: BuiltEntry): string[] {
  const { module } = catalogue.sources[component.source]
  const { version, sum } = catalogue.pins.sources[component.source]
  return [
    "FROM go AS fetched",
    "ARG GOPROXY",
    run(["GOTOOLCHAIN=local /module/fetch", module, version, sum ?? []].flat().join(" ")),
    "",
    comment("A checkout can stand in for it: --build-context source=../checkout (BuildKit, buildah, podman)."),
    "FROM scratch AS source",
    "COPY --from=fetched /module/source/ /",
    "",
  ]
}

function buildStage(catalogue: Catalogue, component: BuiltEntry): string[] {
  const all = programsOfSource(catalogue, component.source)
  return [
    "FROM go AS build",
    "ARG GOPROXY",
    comment(
      "Modules come before sources, so that an edit does not fetch them again. What cannot be fetched yet, such as a folder of the",
      "source or a module that only tests need, is not needed here.",
    ),
    "WORKDIR /src",
    "COPY --from=source /go.mod /go.sum* ./",
    run("go mod download || echo 'the build fetches what it needs'"),
    ...(component.kind === "group" ? supervisorProgram(catalogue) : []),
    comment("What starts the image."),
    `COPY go/${launchHelper} /launcher`,
    withSourcesGo("/launcher", `GOTOOLCHAIN=$go go build ${buildFlagWords} -o /out/${launchHelper} .`),
    "COPY go/multicall /helper",
    withSourcesGo("/helper", `GOTOOLCHAIN=$go go build ${buildFlagWords} -o /usr/local/bin/multicall .`),
    "COPY --from=source / .",
    ...programSteps(multicallBinary(catalogue.stack, all), all, programsOf(catalogue, component)),
    "",
  ]
}

/** One binary for all where they start as well as on their own, else one for each. */
function programSteps(binary: string, all: ProgramEntry[], wanted: ProgramEntry[]): string[] {
  const words = (list: string[]) => list.map((word) => `\\\n      ${word}`).join(" ")
  const names = words(wanted.map((entry) => entry.program))
  const start = `{ timeout ${startSeconds} "/out/$program" --help > /dev/null || [ $? = 124 ]; }`
  return [
    comment("One binary for all programs; where they cannot be one, or do not start as one, a binary for each."),
    "RUN ( " + [
      multicallCommand(binary, words(programArguments(all))),
      `for program in ${names}; do ln -s ${binary} "/out/$program" && ${start} || exit; done`,
    ].join(" \\\n    && ") + " ) \\\n    || ( " + [
      `rm -f /out/${binary}`,
      `for one in ${words(programArguments(wanted))}; do rm -f "/out/\${one%%=*}" \\\n      && go build ${buildFlagWords} -o "/out/\${one%%=*}" "./\${one#*=}" || exit; done )`,
    ].join(" \\\n    && "),
  ]
}

function supervisorProgram(catalogue: Catalogue): string[] {
  const pin = catalogue.pins.tools.pebble
  return [
    comment("The supervisor."),
    run(`GOTOOLCHAIN=local /module/fetch ${pin.module} ${pin.version} ${pin.sum}`),
    withSourcesGo("/module/source", `GOTOOLCHAIN=$go+auto go build ${buildFlagWords} -o /out/pebble ./${pin.package}`),
  ]
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
  return [
    ...baseStage(base, [], options),
    addUser(userPlan(user, image.home, programFolders(image)), owner),
    run(`mkdir -p ${dirname(launchFile)}`, `${printed(launchText(catalogue, component))} \\\n      > ${launchFile}`),
    ...(component.kind === "group" ? supervisorFiles(catalogue, component, base, owner) : []),
    `WORKDIR ${image.home}`,
    ...(config === undefined ? [] : [`COPY --from=source /${config} ${image.config}`]),
    `COPY --from=build /out/ ${binFolder}/`,
    ...settings(imagePlan(catalogue, component, base, { version, revision: commit, created }), owner),
  ]
}

function supervisorFiles(catalogue: Catalogue, component: GroupEntry, base: BaseEntry, owner: string): string[] {
  const layer = layerFile(component)
  return [
    run(`${printed(waitScript(base))} \\\n      > ${waitProgram}`, `chmod 755 ${waitProgram}`),
    run(`${printed(layerText(catalogue, component))} \\\n      > ${layer}`, `chown ${owner} ${layer}`),
  ]
}
