// How a Dockerfile makes programs with Rust.

import { pinnedImage } from "../../../catalogue/lookup.js"
import type { BuiltEntry, Catalogue } from "../../../catalogue/types.js"
import { programsOf, programsOfSource } from "../../build/components.js"
import { launchHelper } from "../../build/launch.js"
import { copyLibrary, type DockerfileOptions, type DockerfileStages, installing, sourceStage } from "../../dockerfile/stages.js"
import { assigned, comment, printed, run } from "../../dockerfile/words.js"
import { planPackages } from "../../packages/packages.js"
import type { ProjectStages } from "../toolchain.js"
import { buildScript, cargoConfig, cargoHome, cargoVariables, compileScript, fetchScript, placeholder, programNames } from "./cargo.js"
import { rustPackages } from "./origins.js"

export function rustDockerfileStages(
  catalogue: Catalogue,
  component: BuiltEntry,
  options: DockerfileOptions,
  project: ProjectStages,
): DockerfileStages {
  if (component.kind === "group") throw new Error(`${component.name}: no Dockerfile is known for several Rust programs in one image`)
  const launcher = project.helper(launchHelper)
  return {
    arguments: [...rustArguments(catalogue, options), ...launcher.arguments],
    stages: [
      ...launcher.stages,
      ...rustStage(options),
      ...sourceStage(catalogue, component.source),
      ...buildStage(catalogue, component, project),
    ],
  }
}

function rustArguments({ pins }: Catalogue, { arguments: given }: DockerfileOptions): string[] {
  return [
    comment("Any image with Rust, or Debian's, which gets its newest cargo."),
    `ARG RUST=${pinnedImage({ pins }, "rust").replace("{version}", "1")}`,
    comment("A mirror of crates.io, such as https://mirrors.aliyun.com/crates.io-index. crates.io itself when empty."),
    `ARG CARGO_REGISTRY=${given?.CARGO_REGISTRY ?? ""}`,
  ]
}

function rustStage({ mirrors }: DockerfileOptions): string[] {
  const plan = planPackages({ distribution: "debian", want: rustPackages, mirrors })
  return [
    "FROM ${RUST} AS rust",
    copyLibrary,
    `RUN command -v cargo > /dev/null || { \\\n    ${installing(plan)}; }`,
    assigned("ENV", cargoVariables),
    "ARG CARGO_REGISTRY",
    run(
      `mkdir -p ${cargoHome}`,
      `{ [ -z "$CARGO_REGISTRY" ] || printf '${cargoConfig("%s").replaceAll("\n", "\\n")}' "\${CARGO_REGISTRY%/}" > ${cargoHome}/config.toml; }`,
    ),
    "",
  ]
}

function buildStage(catalogue: Catalogue, component: BuiltEntry, { name }: ProjectStages): string[] {
  const all = programNames(programsOfSource(catalogue, component.source))
  const script = (text: string, programs: string[]) => `${printed(text.trim())} \\\n      | sh -eu -s ${programs.join(" ")}`
  return [
    "FROM rust AS build",
    "WORKDIR /src",
    comment("Crates are fetched and compiled before the source is there, so that an edit does neither again."),
    "COPY --from=source /Cargo.toml /Cargo.lock /rust-toolchain* ./",
    run(
      "mkdir -p src",
      `printf '${placeholder.replace("\n", "\\n")}' | tee src/main.rs > src/lib.rs`,
      fetchScript,
      `{ ${script(compileScript, all)} || echo 'the build compiles what it needs'; }`,
    ),
    "COPY --from=source / .",
    run(script(buildScript, programNames(programsOf(catalogue, component)))),
    `COPY --from=${name} /out/${launchHelper} /out/`,
    "",
  ]
}
