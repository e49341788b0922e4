// A machine with a real Docker daemon, from Debian's packages: the daemon, compose, a browser and the tests run in one container.

import type { Container, Directory } from "@dagger.io/dagger"
import { withSystemPackages } from "../../src/graph/build/bases.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { nodePackages } from "../../src/graph/stack/tests.js"
import { type OtherRelease, withOtherRelease } from "./debianRelease.js"

const tools = ["iptables", "iproute2", "procps", "ca-certificates", "openssl"]
const docker = ["docker.io", "pebble", "docker-cli", "docker-compose", ...tools]
const browser = ["chromium", "libnss3-tools"]

/** With the project's test tools; what the daemon keeps is gone with the container. */
export async function dockerHost(settings: Settings, checkout: Directory, more: string[] = []): Promise<Container> {
  const packages = [...docker, ...browser, ...more]
  const machine = await withSystemPackages(
    settings,
    { container: await nodePackages(settings, checkout), reference: "" },
    "debian",
    packages,
  )
  return withTests(machine, checkout)
}

/** The same machine with another Docker, and without a browser. */
export async function otherDockerHost(settings: Settings, checkout: Directory, other: OtherRelease, more: string[]): Promise<Container> {
  const own = [...tools, ...more, ...(other.packages.includes("docker-compose") ? [] : ["docker-compose"])]
  return withTests(await withOtherRelease(settings, await nodePackages(settings, checkout), other, own), checkout)
}

function withTests(machine: Container, checkout: Directory): Container {
  // What changes most comes last.
  const install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
  return (
    machine
      .withDirectory("tests/deploy", checkout.directory("tests/deploy"), { include: ["package.json", "package-lock.json"] })
      .withExec(["sh", "-c", `cd tests/deploy && ${install.join(" ")}`])
      .withDirectory(".", checkout.filter({ include: ["tsconfig.json", "tests/stacks", "tests/deploy"] }))
      // The daemon's layers need a separate file system: they do not work on the container's.
      .withMountedTemp("/var/lib/docker")
  )
}
