// The files of a deployment, by their names in the kit.

import type { DeploymentData } from "../../catalogue/deployment.js"
import type { Catalogue } from "../../catalogue/types.js"
import { composeFile, composeText } from "./compose.js"
import { type DeploymentRequest, deploymentOf, published, textFiles } from "./deployment.js"
import { edgeFile, haproxyText } from "./haproxy.js"
import { monitoringFiles } from "./monitoring.js"
import { readmeText } from "./readme.js"
import { templateFile, templateText } from "./template.js"

export { deploymentOf }

export function deploymentFiles(catalogue: Catalogue, data: DeploymentData, request: DeploymentRequest): Record<string, string> {
  const deployment = deploymentOf(catalogue, data, request)
  return {
    [composeFile]: composeText(deployment),
    [templateFile]: templateText(deployment, data.groups),
    [edgeFile]: haproxyText(deployment),
    ...monitoringFiles(deployment),
    ...Object.fromEntries(
      deployment.services.flatMap(({ name }) => textFiles(catalogue, data, data.services[name]!)).map(({ file, text }) => [file, text]),
    ),
    "deployment.json": `${JSON.stringify(deployment, null, 2)}\n`,
    "README.md": readmeText(deployment),
  }
}

/** Those of the repository, below compose/STACK. */
export function composeFiles(catalogue: Catalogue, data: DeploymentData): Record<string, string> {
  return deploymentFiles(catalogue, data, published(catalogue))
}
