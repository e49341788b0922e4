// How a Dockerfile makes a folder of Python modules with their wheels.

import { pinnedImage } from "../../../catalogue/lookup.js"
import type { Catalogue, ContentEntry } from "../../../catalogue/types.js"
import { copyLibrary, type DockerfileOptions, type DockerfileStages, installing, sourceStage } from "../../dockerfile/stages.js"
import { assigned, comment, run } from "../../dockerfile/words.js"
import { planPackages } from "../../packages/packages.js"
import { pythonPackages } from "./origins.js"
import { compileCheck, packagesFolder, pipInstall, pipVariables, tidyScript } from "./pip.js"
import { lockFile } from "./requirements.js"

/** Files in /out of the stage build. */
export function pythonContentStages(
  catalogue: Catalogue,
  { source, from }: ContentEntry,
  { arguments: given, mirrors }: DockerfileOptions,
): DockerfileStages {
  const plan = planPackages({ distribution: "debian", want: pythonPackages, mirrors })
  return {
    arguments: [
      comment("Any image with Python and pip, or Debian's, which gets its python3. Wheels of compiled code need the base's Python."),
      `ARG PYTHON=${pinnedImage(catalogue, "python").replace("{version}", "3")}`,
      comment("A mirror of PyPI, such as https://mirrors.aliyun.com/pypi/simple. PyPI itself when empty."),
      `ARG PYPI_INDEX=${given?.PYPI_INDEX ?? ""}`,
    ],
    stages: [
      ...sourceStage(catalogue, source),
      "FROM ${PYTHON} AS build",
      copyLibrary,
      `RUN python3 -m pip --version > /dev/null 2>&1 || { \\\n    ${installing(plan)}; }`,
      assigned("ENV", pipVariables),
      "ARG PYPI_INDEX",
      "WORKDIR /src",
      comment("Wheels are installed before the source is there, so that an edit does not fetch them again."),
      `COPY --from=source /${lockFile} ./`,
      run(`${pipInstall.join(" ")} \${PYPI_INDEX:+--index-url="$PYPI_INDEX"}`, tidyScript),
      "COPY --from=source / .",
      run(
        `${compileCheck.join(" ")} ${from}`,
        "mkdir -p /out",
        `cp -R ${from}/. /out/`,
        `cp -R /${packagesFolder} /out/`,
        "find /out -name __pycache__ -prune -exec rm -rf {} +",
      ),
      "",
    ],
  }
}
