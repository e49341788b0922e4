// What the repository holds of a stack's deployment, by path: it is written by generators, and checked for drift.

import type { DeploymentData } from "../../catalogue/deployment.js"
import type { Catalogue } from "../../catalogue/types.js"
import { composeFiles } from "../deploy/files.js"
import { chartFiles } from "./charts.js"

export function deploymentFilesByPath(catalogue: Catalogue, data: DeploymentData): Record<string, string> {
  return {
    ...inFolder(`compose/${catalogue.stack}`, composeFiles(catalogue, data)),
    ...inFolder("charts", chartFiles(catalogue, data)),
  }
}

function inFolder(folder: string, texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${folder}/${name}`, text]))
}
