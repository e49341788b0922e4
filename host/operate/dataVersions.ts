// Which versions the stores' data was used with, and whether the images of .env and the kit may follow.
import type { DeployedService, Deployment } from "../../src/plan/deploy/model"
import { blocking } from "../../src/plan/deploy/preflight"
import type { Diagnostic } from "../../src/plan/deploy/settings"
import { servicesOf } from "../../src/plan/deploy/stages"
import { checkAccepted, imageVersion, versionFindings, versionsOf } from "../../src/plan/deploy/versionRules"
import { containersOf, type Site } from "./engine"
import { readState, type State } from "./folder"
import { EXIT, findingLines, Refusal } from "./print"

export async function dataFindings(site: Site, profiles: string[], accepted: string[] = []): Promise<Diagnostic[]> {
  const { folder, settings } = site
  const running = Object.fromEntries((await containersOf(site)).map(({ service, image }) => [service, image]))
  // What was healthy once counts: a container of a newer image may never have started.
  const from = { ...versionsOf(running), ...readState(folder).versions }
  return findingsAfter(folder.deployment, servicesOf(folder.deployment, profiles), settings, from, accepted)
}

/** Whether the images that these settings name may follow versions that ran. */
export function findingsAfter(
  deployment: Deployment,
  services: DeployedService[],
  settings: Record<string, string>,
  from: Record<string, string>,
  accepted: string[],
): Diagnostic[] {
  checkAccepted(deployment, accepted)
  const images = (of: (setting: string) => string | undefined): Record<string, string> =>
    Object.fromEntries(services.map(({ name, imageSetting }) => [name, of(imageSetting) ?? ""]))
  return versionFindings(deployment, {
    from,
    to: versionsOf(images((name) => settings[name])),
    tested: versionsOf({
      ...images((name) => deployment.settings.find((setting) => setting.name === name)?.default),
      ...deployment.tested,
    }),
    accepted,
  })
}

/** For a start, which judges nothing else. */
export async function refuseData(site: Site, profiles: string[]): Promise<void> {
  const found = blocking(await dataFindings(site, profiles), [])
  if (found.length === 0) return
  process.stderr.write(findingLines(found))
  throw new Refusal(
    "the versions in .env do not follow those of the data (above); nothing was started or stopped",
    EXIT.refused,
    "put the earlier image back in .env, or follow the steps above with openimctl deploy",
  )
}

/** Service → its version, to be kept once it is healthy. */
export function noteVersion(state: State, service: string, image: string | undefined): void {
  const version = imageVersion(image ?? "")
  const { [service]: _, ...others } = state.versions
  state.versions = version === undefined ? others : { ...others, [service]: version }
}
