// How a Dockerfile makes programs with Go.

import { entryOf } from "../../../base/entries.js"
import { pinnedImage, pinnedSource, sourceEntry } from "../../../catalogue/lookup.js"
import type { BuiltEntry, Catalogue, ProgramEntry } from "../../../catalogue/types.js"
import { programsOf, programsOfSource } from "../../build/components.js"
import { startSeconds } from "../../build/image.js"
import { launchHelper } from "../../build/launch.js"
import { copyLibrary, type DockerfileOptions, type DockerfileStages, installing } from "../../dockerfile/stages.js"
import { assigned, comment, printed, run } from "../../dockerfile/words.js"
import { planPackages } from "../../packages/packages.js"
import { goPackages } from "./origins.js"
import { buildFlagWords, flagWords, helperFolder, multicallBinary, multicallCommand, programArguments, toolFlags } from "./programs.js"
import { fetchScript } from "./sources.js"
import { newer, oldestGo } from "./version.js"

/** The source's files in the stage source, its programs in /out of the stage build, with what starts and supervises them. */
export function goDockerfileStages(catalogue: Catalogue, component: BuiltEntry, options: DockerfileOptions): DockerfileStages {
  return {
    arguments: goArguments(catalogue, options, "the source's go.mod asks for"),
    // By Go's own rule the default is replaced by what go.mod asks for.
    stages: [
      ...goStage(`go${oldestGo}+auto`, options),
      fetchProgram,
      "",
      ...sourceStages(catalogue, component),
      ...buildStage(catalogue, component),
    ],
  }
}

/** A program below go/ in /out of the stage go. */
export function goHelperStages(catalogue: Catalogue, helper: string, options: DockerfileOptions): DockerfileStages {
  return {
    arguments: goArguments(catalogue, options, "versions.yaml names"),
    stages: [
      ...goStage(`go${catalogue.pins.go}`, options),
      "ARG GOPROXY",
      `COPY ${helperFolder(helper)} /helper`,
      "WORKDIR /helper",
      run(`go build ${buildFlagWords} -o /out/${helper} .`),
      "",
    ],
  }
}

/** Tools of versions.yaml in /out of the stage go, which has the newest Go that one of them needs. */
export function goToolStages(catalogue: Catalogue, tools: string[], options: DockerfileOptions): DockerfileStages {
  const pins = tools.map((tool) => ({ tool, ...entryOf("tool", catalogue.pins.tools, tool) }))
  const version = pins.map(({ go }) => go).reduce(newer)
  return {
    arguments: goArguments(catalogue, options, "versions.yaml names"),
    stages: [
      ...goStage(`go${version}`, options),
      fetchProgram,
      "ARG GOPROXY",
      ...pins.flatMap((pin, index) => [
        run(
          ...(index === 0 ? [] : ["cd / && rm -rf /module/source"]),
          `GOTOOLCHAIN=local /module/fetch ${pin.module} ${pin.version} ${pin.sum}`,
        ),
        "WORKDIR /module/source",
        run(`go build ${flagWords(toolFlags(pin))} -o /out/${pin.tool} ./${pin.package}`),
      ]),
      "",
    ],
  }
}

function sourceStages(catalogue: Catalogue, component: BuiltEntry): string[] {
  const { module } = sourceEntry(catalogue, component.source)
  const { version, sum } = pinnedSource(catalogue, component.source)
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
    `COPY ${helperFolder(launchHelper)} /launcher`,
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
    "RUN ( " +
      [
        multicallCommand(binary, words(programArguments(all))),
        `for program in ${names}; do ln -s ${binary} "/out/$program" && ${start} || exit; done`,
      ].join(" \\\n    && ") +
      " ) \\\n    || ( " +
      [
        `rm -f /out/${binary}`,
        `for one in ${words(programArguments(wanted))}; do rm -f "/out/\${one%%=*}" \\\n      && go build ${buildFlagWords} -o "/out/\${one%%=*}" "./\${one#*=}" || exit; done )`,
      ].join(" \\\n    && "),
  ]
}

function supervisorProgram(catalogue: Catalogue): string[] {
  const pin = entryOf("tool", catalogue.pins.tools, "pebble")
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

/** The build arguments of the Go stage. */
function goArguments({ pins }: Catalogue, { arguments: given }: DockerfileOptions, chosenBy: string): string[] {
  return [
    comment(
      "Any image with Go 1.21 or newer, or Debian's, which gets its golang-go. Whichever it is, Go fetches the version",
      `that ${chosenBy}.`,
    ),
    `ARG BUILDER=${pinnedImage({ pins }, "golang").replace("{version}", pins.go)}`,
    comment("Go module proxies in order, such as https://goproxy.cn,direct. Go's own default when empty."),
    `ARG GOPROXY=${given?.GOPROXY ?? ""}`,
  ]
}

/** `toolchain` is a value of GOTOOLCHAIN. */
function goStage(toolchain: string, options: DockerfileOptions): string[] {
  const plan = planPackages({ distribution: "debian", want: goPackages, mirrors: options.mirrors })
  return [
    "FROM ${BUILDER} AS go",
    copyLibrary,
    `RUN command -v go > /dev/null || { \\\n    ${installing(plan)}; }`,
    assigned("ENV", { CGO_ENABLED: "0", GO111MODULE: "on", GOPATH: "/go", GOTOOLCHAIN: toolchain }),
  ]
}

/** Leaves /module/fetch in a stage. */
const fetchProgram = run("mkdir /module", `${printed(fetchScript)} \\\n      > /module/fetch`, "chmod 755 /module/fetch")
