// Checksums of archives: recorded in versions.yaml, or asked of the makers, from their own address alone.

import { archiveBuild, pinnedArchive } from "../../catalogue/lookup.js"
import { recordedSum } from "../../plan/bundle/items.js"
import { askForSum, believedChecksum, uncheckedArchive, withChecksum } from "../../plan/packages/installed.js"
import { readChecksum } from "../../plan/versions/upstreamAnswers.js"
import { exitCodeOf, tailOf } from "../call/failures.js"
import { log, type Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"

/** The settings in which this archive has a checksum: the recorded one, a bundle's, or the makers'. Fails where there is none. */
export async function withArchiveSum(settings: Settings, component: string, build: string): Promise<Settings> {
  const { catalogue, bundle } = settings
  const { version } = pinnedArchive(catalogue, component)
  if (archiveBuild(catalogue, component, build).sha256 !== undefined) return settings
  const carried = bundle && recordedSum(bundle.records, component, build, version)
  const sha256 = carried ?? (await makersSum(settings, component, build))
  if (carried === undefined) log(believedChecksum(catalogue, component, build, sha256))
  return { ...settings, catalogue: withChecksum(catalogue, component, build, sha256) }
}

async function makersSum(settings: Settings, component: string, build: string): Promise<string> {
  const { catalogue } = settings
  const { makers } = archiveBuild(catalogue, component, build)
  if (makers === undefined || settings.bundle) throw uncheckedArchive(catalogue, component, build)
  const container = await toolbox(settings, [], ["curl"])
  try {
    return readChecksum(await container.withExec(["timeout", String(limitSeconds), ...askForSum(makers)]).stdout())
  } catch (error) {
    const reason = exitCodeOf(error) === timeIsOver ? `no answer within ${limitSeconds} s` : tailOf(error, 1)
    throw uncheckedArchive(catalogue, component, build, reason)
  }
}

const limitSeconds = 30
const timeIsOver = 124
