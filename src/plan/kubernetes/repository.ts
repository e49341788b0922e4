// What the repository holds of a stack's deployment, by path: it is written by generators, and checked for drift.

import type { DeploymentData } from "../../catalogue/deployment.js"
import type { Catalogue } from "../../catalogue/types.js"
import { composeFiles } from "../deploy/files.js"
import { chartFiles, under } from "./charts.js"

export function deploymentFilesByPath(catalogue: Catalogue, data: DeploymentData): Record<string, string> {
  return {
    ...under(`compose/${catalogue.stack}`, composeFiles(catalogue, data)),
    ...under("charts", chartFiles(catalogue, data)),
  }
}
