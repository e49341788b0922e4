// How a Dockerfile makes files with Node.

import { pinnedImage } from "../../../catalogue/lookup.js"
import type { Catalogue, ContentEntry } from "../../../catalogue/types.js"
import { type DockerfileOptions, type DockerfileStages, sourceStage } from "../../dockerfile/stages.js"
import { comment, run } from "../../dockerfile/words.js"
import { tidyScript } from "./managers.js"

/** Files in /out of the stage build. */
export function nodeContentStages(
  catalogue: Catalogue,
  { source, from, packages }: ContentEntry,
  { arguments: given }: DockerfileOptions,
): DockerfileStages {
  const registry = '${NPM_REGISTRY:+--registry="$NPM_REGISTRY"}'
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
      run(`npm ci --no-audit --no-fund ${registry}`),
      "COPY --from=source / .",
      run("npm run build", "mkdir -p /out", `cp -R ${from}/. /out/`),
      ...(packages
        ? [
            comment("Without the packages that only the build needs."),
            run(`npm ci --omit=dev --no-audit --no-fund ${registry}`, tidyScript, "cp -R package.json node_modules /out/"),
          ]
        : []),
      "",
    ],
  }
}
