// The kit on an old and on the newest Docker, beside the one of the suite deploy; and on one that is too old.

import type { Directory } from "@dagger.io/dagger"
import { messageOf } from "../../src/base/errors.js"
import type { Settings } from "../../src/graph/call/settings.js"
import type { OtherRelease } from "./debianRelease.js"
import { deployedOn, type MakeKit, standIns, withUsers } from "./deploy.js"
import { otherDockerHost } from "./dockerHost.js"
import { joined, type SuiteOutcome } from "./together.js"

/** Of old ones Debian has the commands in the same package. Their compose is the one of Debian 13: they have none of version 2. */
const old = ["docker.io", "containerd", "runc"]
const works = "tests/deploy/dockers/*.test.ts"
const refused = "tests/deploy/dockers/refused/*.test.ts"
const dockers: (OtherRelease & { title: string; version: RegExp; files: string })[] = [
  { title: "Docker of Debian 12", version: /^20[.]10[.]24\b/, files: works, release: "bookworm", packages: old },
  {
    title: "newest Docker",
    version: /^(2[89]|[3-9]\d)[.]/,
    files: works,
    release: "forky",
    packages: [...old, "docker-cli", "docker-compose"],
  },
  { title: "Docker of Debian 11", version: /^20[.]10[.]5\b/, files: refused, release: "bullseye", packages: old },
]
const profiles = ["core", "frontend"]

/** One after the other: each has all images and the whole stack in memory. */
export async function dockersTests(settings: Settings, makeKit: MakeKit, checkout: Directory, nonce?: string): Promise<SuiteOutcome> {
  const { given, notes } = await standIns(settings, checkout)
  const [kit, other] = await Promise.all([makeKit(given, profiles), makeKit(given, profiles, "registry")])
  const found: [string, SuiteOutcome][] = []
  for (const { title, version, files, ...release } of dockers) {
    try {
      const host = await otherDockerHost(settings, checkout, release, ["docker-registry"])
      const machine = withUsers(host).withMountedDirectory("/kit-registry", other).withEnvVariable("DOCKER_VERSION", version.source)
      found.push([title, await deployedOn(machine, kit, files, nonce)])
    } catch (error) {
      found.push([title, { cases: [{ name: "the machine is there", ok: false, detail: messageOf(error) }] }])
    }
  }
  return { ...joined(found), notes }
}
