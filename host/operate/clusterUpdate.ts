// update and rollback on Kubernetes: the chart of another kit takes the place of this one's. Helm goes back where it fails, and the kit with it.
import { imagesOf, kitOfRevision, type Pods, type Revision } from "../../src/plan/deploy/cluster"
import { withNewSecrets } from "../../src/plan/deploy/newSettings"
import type { Diagnostic } from "../../src/plan/deploy/settings"
import { versionsOf } from "../../src/plan/deploy/versionRules"
import {
  asked,
  type Cluster,
  type ClusterDeploy,
  failed,
  helm,
  install,
  judged,
  ownValues,
  plan,
  podsOf,
  type Site,
  siteOf,
} from "./cluster"
import { findingsAfter } from "./dataVersions"
import { addSettings, generate, writeEnv } from "./envVerb"
import { type Folder, readEnv, settingsOf } from "./folder"
import { recorded } from "./history"
import { locked } from "./lock"
import { EXIT, Refusal, say } from "./print"
import { installKit, keepRelease, kitId, releasePath, releases } from "./releases"
import { reopen } from "./unfinished"
import { newerKit, refuseDamaged, withKit } from "./update"

export interface ClusterUpdate extends ClusterDeploy {
  accept: string[]
}

export async function clusterUpdate(folder: Folder, kit: string | undefined, options: ClusterUpdate): Promise<number> {
  const source = newerKit(folder, kit)
  const next = withKit(folder, source)
  const own = ownValues(options)
  const before = readEnv(folder)
  if (before === undefined)
    throw new Refusal(
      "nothing was deployed from this folder yet",
      EXIT.refused,
      "openimctl deploy --kubernetes, in the folder of the newer kit",
    )
  await refuseDamaged(next, source)
  const site = await siteOf(next, options, source)
  say(`${folder.deployment.release} → ${next.deployment.release} in the namespace ${site.namespace} of ${site.context}`)
  const env = withNewSecrets(folder.deployment, next.deployment, before, generate)
  await judged(site, options.ignore, await versions(site, env.text, options.accept))
  if (options.dryRun) return plan(site, options, own)
  await locked(folder, "update --kubernetes", () =>
    recorded(folder, "update --kubernetes", async () => {
      const kept = keepRelease(folder)
      try {
        addSettings(folder, env)
        installKit(folder, source)
        reopen(folder)
        await install(await siteOf(folder, options), options, own)
      } catch (error) {
        installKit(folder, releasePath(folder, kept.id))
        if (env.names.length > 0) writeEnv(folder, before)
        reopen(folder)
        say(`this folder is the kit ${kept.release} again`)
        throw error
      }
      say(`${kept.release} → ${folder.deployment.release}; openimctl rollback --kubernetes goes back`)
      return `${kept.release} → ${folder.deployment.release}`
    }),
  )
  return EXIT.fine
}

/** Whether the images of the next kit may follow those that run. */
async function versions(site: Site, env: string, accepted: string[]): Promise<Diagnostic[]> {
  const { deployment } = site.folder
  const from = versionsOf(imagesOf(await asked<Pods>(site, podsOf(site))))
  return findingsAfter(deployment, deployment.services, settingsOf(site.folder, env), from, accepted)
}

/** To the release before, or to a number of `helm history`. */
export async function clusterRollback(folder: Folder, cluster: Cluster, revision: string | undefined, limitSeconds = 600): Promise<number> {
  if (revision !== undefined && !/^\d+$/.test(revision))
    throw new Refusal(`${revision} is not the number of a revision`, EXIT.usage, "helm history lists them")
  const site = await siteOf(folder, cluster)
  await locked(folder, "rollback --kubernetes", () =>
    recorded(folder, "rollback --kubernetes", async () => {
      const began = Date.now()
      const listed = await helm(site, ["history", site.name, "--output=json"])
      const revisions = listed.code === 0 ? (JSON.parse(listed.stdout) as Revision[]) : []
      const words = ["rollback", site.name, ...(revision === undefined ? [] : [revision]), "--wait", `--timeout=${limitSeconds}s`]
      const done = await helm(site, words)
      if (done.code !== 0) throw await failed(site, began, done)
      say(revision === undefined ? "the release before runs again" : `revision ${revision} runs again`)
      followKit(folder, kitOfRevision(revisions, revision === undefined ? undefined : Number(revision)))
      return revision
    }),
  )
  return EXIT.fine
}

/** So that the next deploy does not bring back what the rollback took away. */
function followKit(folder: Folder, kit: string | undefined): void {
  if (kit === undefined || kit === kitId(folder.path)) return
  const kept = releases(folder).find(({ id }) => id.endsWith(`-${kit}`))
  if (kept === undefined) {
    say(`the kit ${kit}, which that release was made by, is not kept here: unpack it before the next deploy`)
    return
  }
  keepRelease(folder)
  installKit(folder, releasePath(folder, kept.id))
  reopen(folder)
  say(`this folder is the kit ${kept.release} again`)
}
