// The slow path: under the lock, whatever the fast path did not find is made. Two callers at once: the second one waits, looks
// again and finds it all there.
import { sweep } from "./cache"
import { makeCli } from "./cli"
import { checkEngineRoute, startEngine } from "./engine/start"
import { bundleHasEngine } from "./fromBundle"
import { withLock } from "./lock"
import { applyMirrors } from "./mirrors"
import { say } from "./output"
import { bundleDir } from "./paths"
import { type Cli, type Engine, readyCli, readyEngine } from "./ready"
import { stopOnSignals } from "./stop"

export async function prepare(needsEngine: boolean): Promise<{ cli: Cli; engine?: Engine }> {
  stopOnSignals()
  return withLock("preparing the Dagger CLI and engine", async () => {
    await sweep()
    if (bundleDir && !bundleHasEngine())
      say(`the bundle ${bundleDir} has no CLI and engine: ./daggerw bundle ${bundleDir} adds them where there is a network`)
    if (!bundleHasEngine()) await applyMirrors()
    let engine = needsEngine ? await readyEngine() : undefined
    if (needsEngine && !engine) await checkEngineRoute()
    const cli = readyCli() ?? (await makeCli())
    if (needsEngine) engine ??= await startEngine()
    return { cli, engine }
  })
}
