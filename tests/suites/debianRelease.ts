// Packages of another release of Debian on a machine: the engine of an older or a newer server.

import type { Container } from "@dagger.io/dagger"
import { withPackages } from "../../src/graph/build/packages.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { planPackages } from "../../src/plan/packages/packages.js"

export interface OtherRelease {
  /** Its name, such as bookworm. */
  release: string
  /** Those that come from there, with what they need that the machine's own release does not have. */
  packages: string[]
}

export async function withOtherRelease(
  settings: Settings,
  machine: Container,
  { release, packages }: OtherRelease,
  own: string[],
): Promise<Container> {
  const pins = ["Package: *", `Pin: release n=${release}`, "Pin-Priority: 100", "", `Package: ${packages.join(" ")}`]
  const preferences = [...pins, `Pin: release n=${release}`, "Pin-Priority: 990", ""].join("\n")
  const repositories = [" {codename} main", ` ${release} main`]
  const mirrors = [...(await settings.mirrors.of("apt", "debian")), "http://deb.debian.org/debian"]
  const plan = planPackages({
    distribution: "debian",
    want: [...packages, ...own],
    mirrors: { apt: mirrors.map((url) => ({ url, repositories })) },
    // The machine's own sources have its own release only.
    mirrorsOnly: true,
  })
  return withPackages(
    machine
      .withNewFile("/etc/apt/preferences.d/release", preferences)
      // The list of a release that is still in the making ends after a week, which not every mirror keeps up with. It is signed all the same.
      .withNewFile("/etc/apt/apt.conf.d/90release", 'Acquire::Check-Valid-Until "false";\n'),
    plan,
  )
}
