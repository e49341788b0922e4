// Lets Prometheus know what only openimctl knows: the last good backup, the last changes, the release.
import { knownMetrics } from "../../src/plan/deploy/knownMetrics"
import { attempt } from "../run"
import { backupTimes } from "./backup"
import { findEngine, likelyEngine, runningContainer, siteOf } from "./engine"
import { type Folder, readEnv, settingsOf } from "./folder"
import { history } from "./history"

/** Where monitoring does not run, nobody asks for it; the next change brings it. */
export async function noteMetrics(folder: Folder): Promise<void> {
  const { monitoring, release } = folder.deployment
  if (monitoring === undefined || readEnv(folder) === undefined) return
  const settings = settingsOf(folder)
  const engine = likelyEngine() ?? (await findEngine())
  const container = await runningContainer(siteOf(folder, engine, settings), monitoring.service)
  if (container === undefined) return
  const last = new Map(history(folder).map(({ verb, result, time }) => [verb.split(" ")[0]!, { result, time }]))
  const changes = [...last].map(([verb, { result, time }]) => ({ verb, ok: result === "ok", time: Date.parse(time) }))
  const text = knownMetrics({ release, ...backupTimes(folder, settings), changes })
  await attempt([engine.name, "exec", "-i", container.id, "start-monitoring", "note"], { limitSeconds: 20, input: text })
}
