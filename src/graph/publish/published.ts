// What registries have already.

import { dag } from "@dagger.io/dagger"
import { entryOf } from "../../base/entries.js"
import { inputsLabel } from "../../plan/build/inputs.js"
import type { EarlierImage } from "../../plan/publish/planRows.js"
import { readPublishedInputs } from "../../plan/publish/publishing.js"
import type { Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { type RegistryAccess, withRegistryAccess } from "./registries.js"

/** Seconds for each image: where no registry can be reached, a plan should not take long to say so. */
const limit = "20"

/** An image that may have been published, by the host of its registry. */
export interface PublishedQuestion {
  component: string
  host: string
  reference: string
}

export async function publishedImages(
  settings: Settings,
  questions: PublishedQuestion[],
  access: RegistryAccess,
  nonce: string,
): Promise<Record<string, EarlierImage[]>> {
  const container = (await toolbox(settings, ["regctl"]))
    .withMountedFile("/published.sh", dag.currentModule().source().file("shell/published.sh"))
    .withEnvVariable("ASKED", nonce)
  const hosts = [...new Set(questions.map(({ host }) => host))]
  const answers = hosts.map(async (host) => {
    const references = questions.filter((question) => question.host === host).map(({ reference }) => reference)
    const client = await withRegistryAccess(container, host, access)
    return readPublishedInputs(await client.withExec(["sh", "/published.sh", inputsLabel, limit, ...references]).stdout())
  })
  const known: Record<string, EarlierImage> = Object.assign({}, ...(await Promise.all(answers)))
  const byComponent: Record<string, EarlierImage[]> = {}
  for (const { component, reference } of questions) {
    byComponent[component] = [...(byComponent[component] ?? []), entryOf("answer about", known, reference)]
  }
  return byComponent
}
