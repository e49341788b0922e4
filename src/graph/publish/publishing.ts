// Pushes images to registries: content first, tags when all of it is there.

import { type Container, dag } from "@dagger.io/dagger"
import { type PublishedTag, pushWaits, readPublished } from "../../plan/publish/publishing.js"
import type { PublishTarget } from "../../plan/publish/registries.js"
import type { Layout } from "../build/layouts.js"
import { tailOf } from "../call/failures.js"
import type { Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { type RegistryAccess, withRegistryAccess } from "./registries.js"

export interface PublishSteps {
  waits?: number[]
  /** Done when all registries have the content and none has a tag: signatures, without which no tag should be. */
  beforeTags?: () => Promise<void>
}

/**
 * Every registry has the content before any gets a tag, so a failure leaves no registry with a new tag that another lacks for
 * want of content. What a registry holds is asked again each time.
 */
export async function publishLayout(
  settings: Settings,
  layout: Layout,
  targets: PublishTarget[],
  access: RegistryAccess,
  nonce: string,
  { waits = pushWaits, beforeTags = async () => {} }: PublishSteps = {},
): Promise<PublishedTag[]> {
  const clients = (await clientsOf(settings, targets, access, nonce)).map(({ client, target }) => ({
    target,
    client: client.withMountedDirectory("/layout", layout.directory),
  }))
  await allOf(clients.map(({ client, target }) => run(client, "push", target, waits, layout.digest)))
  await beforeTags()
  const reports = await allOf(clients.map(({ client, target }) => run(client, "tag", target, waits, layout.digest)))
  return reports.flatMap((text) => readPublished(text, layout.digest))
}

/** Fails for a registry that does not answer, or not this user: before minutes are spent on what would be pushed there. */
export async function askRegistries(
  settings: Settings,
  targets: PublishTarget[],
  access: RegistryAccess,
  nonce: string,
  waits = pushWaits,
): Promise<void> {
  const clients = await clientsOf(settings, targets, access, nonce)
  await allOf(clients.map(({ client, target }) => run(client, "ask", target, waits)))
}

async function clientsOf(
  settings: Settings,
  targets: PublishTarget[],
  access: RegistryAccess,
  nonce: string,
): Promise<{ target: PublishTarget; client: Container }[]> {
  const regctl = (await toolbox(settings, ["regctl"]))
    .withMountedFile("/publish.sh", dag.currentModule().source().file("shell/publish.sh"))
    .withEnvVariable("ASKED", nonce)
  return Promise.all(targets.map(async (target) => ({ target, client: await withRegistryAccess(regctl, target.host, access) })))
}

async function run(
  client: Container,
  step: "ask" | "push" | "tag",
  { repository, tags }: PublishTarget,
  waits: number[],
  digest = "",
): Promise<string> {
  try {
    return await client.withExec(["sh", "/publish.sh", step, "/layout", repository, digest, waits.join(" "), ...tags]).stdout()
  } catch (error) {
    throw new Error(tailOf(error, 2))
  }
}

/** All are let come to their end; then one message has every failure. */
async function allOf<T>(steps: Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(steps)
  const failed = ended.filter((step) => step.status === "rejected").map((step) => (step.reason as Error).message)
  if (failed.length > 0) throw new Error(failed.join("\n"))
  return ended.filter((step) => step.status === "fulfilled").map((step) => step.value)
}
