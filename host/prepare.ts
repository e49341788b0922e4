// The slow path: under the lock, whatever the fast path did not find is made. Two callers at once: the second one waits, looks
// again and finds it all there.
import { sweep } from "./cache"
import { makeCli } from "./cli"
import { checkEngineRoute, startEngine } from "./engine/start"
import { readyCli, readyEngine, type Cli, type Engine } from "./fast"
import { withLock } from "./lock"
import { applyMirrors } from "./mirrors"
import { stopOnSignals } from "./stop"

export async function prepare(needsEngine: boolean): Promise<{ cli: Cli; engine?: Engine }> {
  stopOnSignals()
  return withLock("preparing the Dagger CLI and engine", async () => {
    await sweep()
    await applyMirrors()
    let engine = needsEngine ? await readyEngine() : undefined
    if (needsEngine && !engine) await checkEngineRoute()
    const cli = readyCli() ?? (await makeCli())
    if (needsEngine) engine ??= await startEngine()
    return { cli, engine }
  })
}
