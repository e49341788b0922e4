// The files that run a stack on a server: those of the repository, and the kit for a server.

import type { Changeset, Directory } from "@dagger.io/dagger"
import type { DeploymentData } from "../catalogue/deployment.js"
import { loadDeployment } from "../catalogue/load.js"
import type { Catalogue } from "../catalogue/types.js"
import { type CallOptions, stackSettings } from "../graph/call/options.js"

/** Those below compose/STACK, as the catalogue has them now. */
export async function composeChanges(options: CallOptions, checkout: Directory): Promise<Changeset> {
  const { catalogue, data } = await deploymentSettings(options)
  const { composeFiles } = await import("../plan/deploy/files.js")
  const folder = `compose/${catalogue.stack}`
  const others = checkout.filter({ exclude: [folder] })
  const files = Object.entries(composeFiles(catalogue, data))
  return files.reduce((changed, [name, text]) => changed.withNewFile(`${folder}/${name}`, text), others).changes(checkout)
}

async function deploymentSettings(options: CallOptions): Promise<{ catalogue: Catalogue; data: DeploymentData }> {
  const { catalogue } = await stackSettings(options)
  const folder = options.catalogue
  const data = await loadDeployment(catalogue, options.stack, folder ? (name) => folder.file(name).contents() : undefined)
  if (data === undefined) throw new Error("this stack has no deployment.yaml: write one beside its stack.yaml (see docs/catalogue.md)")
  return { catalogue, data }
}
