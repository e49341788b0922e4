// How a Dockerfile makes files with Node.

import { pinnedImage } from "../../../catalogue/lookup.js"
import type { Catalogue } from "../../../catalogue/types.js"
import { type DockerfileOptions, type DockerfileStages, sourceStage } from "../../dockerfile/stages.js"
import { comment, run } from "../../dockerfile/words.js"

/** Files in /out of the stage build. */
export function nodeContentStages(
  catalogue: Catalogue,
  source: string,
  from: string,
  { arguments: given }: DockerfileOptions,
): DockerfileStages {
  const { pins } = catalogue
  return {
    arguments: [
      comment("Any image with Node."),
      `ARG NODE=${pinnedImage({ pins }, "node")}`,
      comment("A mirror of npm's registry, such as https://registry.npmmirror.com. npm's own when empty."),
      `ARG NPM_REGISTRY=${given?.NPM_REGISTRY ?? ""}`,
    ],
    stages: [
      ...sourceStage(catalogue, source),
      "FROM ${NODE} AS build",
      "ARG NPM_REGISTRY",
      "WORKDIR /src",
      comment("Packages are installed before the source is there, so that an edit does not install them again."),
      "COPY --from=source /package.json /package-lock.json ./",
      run('npm ci --no-audit --no-fund ${NPM_REGISTRY:+--registry="$NPM_REGISTRY"}'),
      "COPY --from=source / .",
      run("npm run build", "mkdir -p /out", `cp -R ${from}/. /out/`),
      "",
    ],
  }
}
