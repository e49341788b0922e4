// The Dockerfile of a component that is built from a source.

import { dirname } from "node:path/posix"
import { pinnedSource, sourceEntry } from "../../catalogue/lookup.js"
import type { BaseEntry, BuiltEntry, Catalogue, GroupEntry } from "../../catalogue/types.js"
import { imagePlan, launchFile, programFolders, userPlan } from "../build/image.js"
import { launchText } from "../build/launch.js"
import { layerFile, layerText, waitProgram, waitScript } from "../build/supervisor.js"
import { helperToolchain } from "../toolchains/helpers.js"
import { programsBy } from "../toolchains/toolchains.js"
import { addUser, baseStage, type DockerfileOptions, header, settings } from "./stages.js"
import { printed, run } from "./words.js"

export function builtDockerfile(catalogue: Catalogue, component: BuiltEntry, base: BaseEntry, options: DockerfileOptions): string[] {
  const made = programsBy(sourceEntry(catalogue, component.source)).dockerfileStages(catalogue, component, options, {
    name: helperToolchain.name,
    helper: (helper) => helperToolchain.helperStages(catalogue, helper, options),
  })
  return [...header(catalogue, component, base), ...made.arguments, "", ...made.stages, ...finalStage(catalogue, component, base, options)]
}

function finalStage(catalogue: Catalogue, component: BuiltEntry, base: BaseEntry, options: DockerfileOptions): string[] {
  const { user } = catalogue
  const owner = `${user.uid}:${user.uid}`
  const { config, image } = sourceEntry(catalogue, component.source)
  const { version, commit, created } = pinnedSource(catalogue, component.source)
  return [
    ...baseStage(base, [], options),
    addUser(userPlan(user, image.home, programFolders(image)), owner),
    run(`mkdir -p ${dirname(launchFile)}`, `${printed(launchText(catalogue, component))} \\\n      > ${launchFile}`),
    ...(component.kind === "group" ? supervisorFiles(catalogue, component, base, owner) : []),
    `WORKDIR ${image.home}`,
    ...(config === undefined ? [] : [`COPY --from=source /${config} ${image.config}`]),
    `COPY --from=build /out/ ${image.programs}/`,
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
