// A machine with a real Docker daemon, from Debian's packages: the daemon, compose, a browser and the tests run in one container.

import type { Container, Directory } from "@dagger.io/dagger"
import { withSystemPackages } from "../../src/graph/build/bases.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { nodeProject } from "../../src/graph/stack/tests.js"

const docker = ["docker.io", "pebble", "docker-cli", "docker-compose", "iptables", "iproute2", "procps", "ca-certificates", "openssl"]
const browser = ["chromium", "libnss3-tools"]

/** With the project's test tools; what the daemon keeps is gone with the container. */
export async function dockerHost(settings: Settings, checkout: Directory, more: string[] = []): Promise<Container> {
  const packages = checkout.filter({ include: ["package.json", "package-lock.json", ".npmrc"] })
  const project = await nodeProject(settings, packages)
  const machine = await withSystemPackages(settings, { container: project, reference: "" }, "debian", [...docker, ...browser, ...more])
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
