// What Go keeps between builds: modules that it has fetched, and what it has compiled.

import { CacheSharingMode, type Container, dag } from "@dagger.io/dagger"
import { cacheName, type Trust } from "../../../plan/build/caches.js"
import { inTurn } from "../../../plan/build/turns.js"
import type { Settings } from "../../call/settings.js"

/** The same for every Go, and for builds of different stacks. Several may fetch at once: Go itself locks what it writes. */
export function withModuleCache(settings: Settings, container: Container, trust?: Trust): Container {
  // What a bundle lacks must be missed, and what Go's checksum database did not see is for this bundle's builds alone.
  // Nor may private modules be found by those who cannot read them.
  const only = settings.toolchainOptions.go.access === undefined ? undefined : "private"
  const name = cacheName("openim-go-mod", { bundle: settings.bundle !== undefined, trust, only })
  return container.withMountedCache("/go/pkg/mod", dag.cacheVolume(name), { sharing: CacheSharingMode.Shared })
}

/** What this Go has compiled, for the steps that compile and no others. Go allows several at once; `compiling` lets them take turns. */
export function withBuildCache({ bundle, emptyCaches }: Settings, version: string, container: Container, trust?: Trust): Container {
  return withCompiled(container, emptyCaches ? emptied : cacheName(`openim-go-build-${version}`, { bundle: bundle !== undefined, trust }))
}

function withCompiled(container: Container, name: string): Container {
  return container.withMountedCache(compiled, dag.cacheVolume(name), { sharing: CacheSharingMode.Shared })
}

const compiled = "/root/.cache/go-build"

/**
 * A command that compiles where withBuildCache is. Go uses all processors for one build: two at once leave none idle while one of them
 * links or fetches modules, and more would compile what they have in common several times, as none finds it yet.
 */
export function compiling(name: string, command: string[]): string[] {
  return inTurn(name, command, { folder: `${compiled}/turns`, turns: 2 })
}

/** One for all runs: an engine keeps a volume for as long as it has room, and another name for each run would fill it. */
const emptied = "openim-go-build-emptied"

/** Before builds with `emptyCaches`. The nonce must never have been used. */
export async function emptyBuildCache(runner: Container, nonce: string): Promise<void> {
  await withCompiled(runner, emptied).withEnvVariable("EMPTIED_FOR", nonce).withExec(["find", compiled, "-mindepth", "1", "-delete"]).sync()
}
