// The engine's chain: what the user names and what runs already was looked at before; here one is started.
import { type Attempt, firstOf } from "../../src/base/attempts"
import { Problem } from "../../src/base/problem"
import { choice } from "../env"
import { readJson } from "../files"
import { bundleHasEngine } from "../fromBundle"
import { bundleOrigin, usable } from "../origin"
import { say } from "../output"
import { paths } from "../paths"
import type { Engine } from "../ready"
import type { EngineRecord } from "../records"
import { hasApt } from "../requirements"
import { refused } from "../run"
import { containerTool, startOfficial, startPackagesInContainer } from "./docker"
import { namespacesRefusal, startInNamespaces } from "./namespaces"
import { stopEngine } from "./stop"

/** Asked before anything long is begun: can there be an engine here at all? */
export async function checkEngineRoute(): Promise<void> {
  const { tool, reason } = await containerTool()
  const wanted = choice("OPENIM_ENGINE", ["auto", "docker", "packages"])
  const namespaces = await namespacesRefusal()
  if (tool || (!namespaces && wanted !== "docker")) return
  const install = hasApt() ? "sudo apt-get install docker.io" : "install Docker or podman"
  throw new Problem(
    `no engine can be started here: Docker: ${reason}; without Docker: ${wanted === "docker" ? "OPENIM_ENGINE=docker forbids it" : namespaces}`,
    `one of: start the Docker daemon (${install}); run daggerw as root on Linux (sudo -EH ./daggerw …); or set _EXPERIMENTAL_DAGGER_RUNNER_HOST to an engine elsewhere, for example tcp://host:1234 or ssh://user@host (see docs/engine.md)`,
  )
}

/** Starts an engine. One of ours that still runs, from an older recipe, goes on until its successor is ready to start. */
export async function startEngine(): Promise<Engine> {
  const before = readJson<EngineRecord>(paths.engineRecord)?.bundle
  if (before && !usable(before))
    say(`the engine that was started last came with the bundle ${before.folder}; without that bundle another one is started`)
  const origin = bundleOrigin()
  if (origin && !process.env["OPENIM_BUNDLE_SHA256"])
    say(
      `the engine comes with the bundle ${origin.folder}, and runs as root; OPENIM_BUNDLE_SHA256 would make sure that it is the one that you want`,
    )
  const makeRoom = async (): Promise<void> => void (await stopEngine())
  const wanted = choice("OPENIM_ENGINE", ["auto", "docker", "packages"])
  const official: Attempt<Engine> = { name: "the official image in Docker", limitSeconds: 1200, run: () => startOfficial(makeRoom) }
  const inContainer: Attempt<Engine> = {
    name: "the engine from packages in Docker",
    limitSeconds: 3600,
    run: () => startPackagesInContainer(makeRoom),
  }
  const inNamespaces: Attempt<Engine> = {
    name: "the engine from packages in namespaces",
    limitSeconds: 3600,
    run: () => startInNamespaces(makeRoom),
  }
  // A bundle brings its engine along, and where it is used nothing else may be in reach.
  const attempts = bundleHasEngine()
    ? wanted === "docker"
      ? [inContainer]
      : [inContainer, inNamespaces]
    : {
        auto: [official, inContainer, inNamespaces],
        docker: [official, inContainer],
        packages: [inContainer, inNamespaces],
      }[wanted]
  const { value, by } = await firstOf("Dagger engine", attempts, refused)
  say(`Dagger engine: ${by}`)
  return value
}
